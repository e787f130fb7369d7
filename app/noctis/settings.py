"""Django's settings: one module for the embedded default and for a server; only the environment differs."""

from __future__ import annotations

from pathlib import Path

from csp.constants import NONE, SELF
from redis import ConnectionPool

from noctis.attachments.media_types import EXTENSIONS, read_media_types
from noctis.data_directory import DataDirectory
from noctis.dicom_destinations import read_destinations
from noctis.env import database, process_environment
from noctis.redis_connection import CACHE_PREFIX, RedisAddress

env = process_environment()

APP_DIR = Path(__file__).resolve().parent.parent
VERSION = "0.1.0"

# --- The appliance ---------------------------------------------------------------------------------------------------
NOCTIS_EMBEDDED = env.flag("NOCTIS_EMBEDDED", default=True)
NOCTIS_DATA = DataDirectory(Path(env.text("NOCTIS_DATA_DIR", str(APP_DIR.parent / "var"))).resolve())
NOCTIS_AE_TITLE = env.text("NOCTIS_AE_TITLE", "NOCTIS_PACS")
NOCTIS_HTTP_PORT = env.number("NOCTIS_HTTP_PORT", 8000, low=1, high=65535)
NOCTIS_DICOM_HOST = env.text("NOCTIS_DICOM_HOST", "127.0.0.1" if NOCTIS_EMBEDDED else "0.0.0.0")  # noqa: S104
NOCTIS_DICOM_PORT = env.number("NOCTIS_DICOM_PORT", 11112, low=1, high=65535)
NOCTIS_DICOM_PROCESSES = env.number("NOCTIS_DICOM_PROCESSES", 2, low=1, high=64)
NOCTIS_DICOM_MAX_ASSOCIATIONS = env.number("NOCTIS_DICOM_MAX_ASSOCIATIONS", 100, low=1, high=1000)
NOCTIS_DICOM_MAX_PDU_SIZE = env.number("NOCTIS_DICOM_MAX_PDU_SIZE", 65536, low=4096, high=1048576)
NOCTIS_DICOM_ARTIM_SECONDS = env.number("NOCTIS_DICOM_ARTIM_SECONDS", 30, low=1, high=3600)
NOCTIS_DICOM_PDU_SECONDS = env.number("NOCTIS_DICOM_PDU_SECONDS", 60, low=1, high=3600)
NOCTIS_DICOM_IDLE_SECONDS = env.number("NOCTIS_DICOM_IDLE_SECONDS", 120, low=1, high=86400)
NOCTIS_DICOM_DRAIN_SECONDS = env.number("NOCTIS_DICOM_DRAIN_SECONDS", 60, low=0, high=3600)
NOCTIS_DICOM_COMMITMENT_SECONDS = env.number("NOCTIS_DICOM_COMMITMENT_SECONDS", 10, low=0, high=3600)
NOCTIS_DICOM_ALLOWED_CALLING_AE_TITLES = env.words("NOCTIS_DICOM_ALLOWED_CALLING_AE_TITLES")
NOCTIS_DICOM_BLOCKED_CALLING_AE_TITLES = env.words("NOCTIS_DICOM_BLOCKED_CALLING_AE_TITLES")
NOCTIS_DICOM_DESTINATIONS = read_destinations("NOCTIS_DICOM_DESTINATIONS", env.words("NOCTIS_DICOM_DESTINATIONS"))
NOCTIS_DICOM_VERBOSE = env.choice("NOCTIS_DICOM_VERBOSE", "off", ("off", "on", "forced"))
NOCTIS_DICOM_PRIVATE_SOP_CLASSES = env.storage_classes("NOCTIS_DICOM_PRIVATE_SOP_CLASSES")
NOCTIS_DICOM_TLS_PORT = env.number("NOCTIS_DICOM_TLS_PORT", 2762, low=1, high=65535)
NOCTIS_DICOM_TLS_CERTIFICATE = env.text("NOCTIS_DICOM_TLS_CERTIFICATE", "")
NOCTIS_DICOM_TLS_PRIVATE_KEY = env.text("NOCTIS_DICOM_TLS_PRIVATE_KEY", "")
NOCTIS_DICOM_TLS_CLIENT_CA = env.text("NOCTIS_DICOM_TLS_CLIENT_CA", "")
NOCTIS_DICOM_TLS_CLIENT_AUTHENTICATION = env.choice(
    "NOCTIS_DICOM_TLS_CLIENT_AUTHENTICATION", "required", ("required", "optional")
)
NOCTIS_UNKNOWN_CALLERS = env.choice(
    "NOCTIS_UNKNOWN_CALLERS",
    "accept-loopback" if NOCTIS_EMBEDDED else "refuse",
    ("refuse", "accept-loopback"),
)
NOCTIS_HL7_ENABLED = env.flag("NOCTIS_HL7_ENABLED", default=False)
NOCTIS_HL7_HOST = env.text("NOCTIS_HL7_HOST", "127.0.0.1" if NOCTIS_EMBEDDED else "0.0.0.0")  # noqa: S104
NOCTIS_HL7_PORT = env.number("NOCTIS_HL7_PORT", 2575, low=1, high=65535)
NOCTIS_HL7_PEERS = env.words("NOCTIS_HL7_PEERS", "127.0.0.1/32,::1/128")
NOCTIS_HL7_MAX_MESSAGE_BYTES = env.number("NOCTIS_HL7_MAX_MESSAGE_BYTES", 1048576, low=4096, high=16777216)
NOCTIS_HL7_MAX_CONNECTIONS = env.number("NOCTIS_HL7_MAX_CONNECTIONS", 50, low=1, high=1000)
NOCTIS_HL7_MESSAGE_SECONDS = env.number("NOCTIS_HL7_MESSAGE_SECONDS", 30, low=1, high=600)
NOCTIS_HL7_IDLE_SECONDS = env.number("NOCTIS_HL7_IDLE_SECONDS", 3600, low=1, high=86400)
NOCTIS_ACCEL_PREFIX = env.text("NOCTIS_ACCEL_PREFIX", "")
NOCTIS_HANGING_PROTOCOLS_DIR = env.text("NOCTIS_HANGING_PROTOCOLS_DIR", "")
NOCTIS_ATTACHMENT_MAX_MEGABYTES = env.number("NOCTIS_ATTACHMENT_MAX_MEGABYTES", 250, low=1, high=10000)
NOCTIS_ATTACHMENT_TYPES = read_media_types(
    "NOCTIS_ATTACHMENT_TYPES", env.words("NOCTIS_ATTACHMENT_TYPES", ",".join(EXTENSIONS))
)
NOCTIS_QUARANTINE_DISCARD_DAYS = env.number("NOCTIS_QUARANTINE_DISCARD_DAYS", 30, low=1, high=3650)
NOCTIS_CLAMD_SOCKET = env.text("NOCTIS_CLAMD_SOCKET", "")
NOCTIS_SHARE_DAYS = env.number("NOCTIS_SHARE_DAYS", 7, low=1, high=365)
NOCTIS_SHARE_MOST_DAYS = env.number("NOCTIS_SHARE_MOST_DAYS", 30, low=1, high=365)
NOCTIS_BASE_URL = env.text("NOCTIS_BASE_URL", f"http://127.0.0.1:{NOCTIS_HTTP_PORT}").rstrip("/")
NOCTIS_SMTP_HOST = env.text("NOCTIS_SMTP_HOST", "")
NOCTIS_SMTP_SECURITY = env.choice("NOCTIS_SMTP_SECURITY", "starttls", ("starttls", "tls", "none"))
NOCTIS_SMTP_PORT = env.number(
    "NOCTIS_SMTP_PORT", {"starttls": 587, "tls": 465, "none": 25}[NOCTIS_SMTP_SECURITY], low=1, high=65535
)
NOCTIS_SMTP_USER = env.text("NOCTIS_SMTP_USER", "")
NOCTIS_SMTP_PASSWORD = env.text("NOCTIS_SMTP_PASSWORD", "")
NOCTIS_SMTP_FROM = env.text("NOCTIS_SMTP_FROM", "")
NOCTIS_SMTP_CA_FILE = env.text("NOCTIS_SMTP_CA_FILE", "")
NOCTIS_SMTP_SECONDS = env.number("NOCTIS_SMTP_SECONDS", 20, low=1, high=300)
NOCTIS_NOTIFICATION_DAYS = env.number("NOCTIS_NOTIFICATION_DAYS", 90, low=1, high=3650)
NOCTIS_ALERT_DISK_FREE_PERCENT = env.number("NOCTIS_ALERT_DISK_FREE_PERCENT", 20, low=1, high=90)
NOCTIS_ALERT_DISK_DAYS = env.number("NOCTIS_ALERT_DISK_DAYS", 30, low=1, high=3650)
NOCTIS_ALERT_WINDOW_MINUTES = env.number("NOCTIS_ALERT_WINDOW_MINUTES", 15, low=1, high=120)
NOCTIS_ALERT_LEAST_REQUESTS = env.number("NOCTIS_ALERT_LEAST_REQUESTS", 20, low=1, high=100000)
NOCTIS_ALERT_CONNECTION_FAILURE_PERCENT = env.number("NOCTIS_ALERT_CONNECTION_FAILURE_PERCENT", 5, low=1, high=100)
NOCTIS_ALERT_STORE_FAILURE_PERCENT = env.number("NOCTIS_ALERT_STORE_FAILURE_PERCENT", 1, low=1, high=100)
NOCTIS_ALERT_STORE_MILLISECONDS = env.number("NOCTIS_ALERT_STORE_MILLISECONDS", 500, low=1, high=600000)
NOCTIS_ALERT_ECHO_MINUTES = env.number("NOCTIS_ALERT_ECHO_MINUTES", 2, low=0, high=60)
NOCTIS_ALERT_QUEUE_MINUTES = env.number("NOCTIS_ALERT_QUEUE_MINUTES", 15, low=1, high=1440)
NOCTIS_ALERT_CERTIFICATE_DAYS = env.number("NOCTIS_ALERT_CERTIFICATE_DAYS", 14, low=1, high=365)
NOCTIS_ALERT_CERTIFICATES = env.words("NOCTIS_ALERT_CERTIFICATES")
NOCTIS_ALERT_REPLICAS = env.number("NOCTIS_ALERT_REPLICAS", 0, low=0, high=20)
NOCTIS_ALERT_REPLICATION_MEGABYTES = env.number("NOCTIS_ALERT_REPLICATION_MEGABYTES", 64, low=1, high=1000000)
NOCTIS_ALERT_CLOCK_MILLISECONDS = env.number("NOCTIS_ALERT_CLOCK_MILLISECONDS", 1000, low=1, high=3600000)
NOCTIS_ALERT_TIME_SERVERS = env.words("NOCTIS_ALERT_TIME_SERVERS")
NOCTIS_ALERT_SILENCE_MINUTES = env.number("NOCTIS_ALERT_SILENCE_MINUTES", 5, low=1, high=120)
NOCTIS_ALERT_REMINDER_HOURS = env.number("NOCTIS_ALERT_REMINDER_HOURS", 24, low=1, high=720)
NOCTIS_METRICS_NETWORKS = env.networks("NOCTIS_METRICS_NETWORKS", "127.0.0.0/8,::1/128")
NOCTIS_METRICS_TOKEN = env.text("NOCTIS_METRICS_TOKEN", "")
NOCTIS_ADMIN_PASSWORD_FILE = env.text("NOCTIS_ADMIN_PASSWORD_FILE", "")
NOCTIS_BACKUP_STATE = Path(env.text("NOCTIS_BACKUP_STATE", str(NOCTIS_DATA.root / "backup" / "state.json")))
NOCTIS_BACKUP_REPOSITORY = env.text("NOCTIS_BACKUP_REPOSITORY", f"{NOCTIS_DATA.root}-backup")
NOCTIS_PAGES_CA_FILE = env.text("NOCTIS_PAGES_CA_FILE", "")
NOCTIS_BEHIND_TLS = env.flag("NOCTIS_BEHIND_TLS", default=not NOCTIS_EMBEDDED)

# --- Django ----------------------------------------------------------------------------------------------------------
DEBUG = False
SECRET_KEY = (
    NOCTIS_DATA.generated_secret("secret_key")
    if NOCTIS_EMBEDDED and not env.text("NOCTIS_SECRET_KEY", "")
    else env.text("NOCTIS_SECRET_KEY")
)
SECRET_KEY_FALLBACKS = [previous] if (previous := env.previous("NOCTIS_SECRET_KEY")) else []
ALLOWED_HOSTS = env.words("NOCTIS_ALLOWED_HOSTS", "127.0.0.1,localhost,[::1]" if NOCTIS_EMBEDDED else "")
ROOT_URLCONF = "noctis.urls"
WSGI_APPLICATION = "noctis.wsgi.application"
ASGI_APPLICATION = "noctis.asgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
APPEND_SLASH = False

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django_htmx",
    "django_vite",
    "csp",
    "huey.contrib.djhuey",
    "noctis.accounts",
    "noctis.audit",
    "noctis.preferences",
    "noctis.archive",
    "noctis.modality_worklist",
    "noctis.storage_commitment",
    "noctis.corrections",
    "noctis.network",
    "noctis.dicomweb",
    "noctis.routing",
    "noctis.study_notes",
    "noctis.reports",
    "noctis.reports.output",
    "noctis.key_images",
    "noctis.presentation_states",
    "noctis.notifications",
    "noctis.attachments",
    "noctis.quality_control",
    "noctis.reading_worklist",
    "noctis.viewer",
    "noctis.operations",
    "noctis.backup",
    "noctis.monitoring",
    "noctis.scheduling",
    "noctis.dashboards",
    "noctis.sharing",
    "noctis.readiness",
]

MIDDLEWARE = [
    "noctis.monitoring.metrics.middleware.CountRequests",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "noctis.accounts.bearer.BearerTokenMiddleware",
    "noctis.accounts.middleware.SignInRequiredMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [APP_DIR / "noctis" / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "noctis.readiness.context.awaiting_release",
            ],
        },
    },
]

# --- Database, cache, jobs -------------------------------------------------------------------------------------------
_database_url = env.text("NOCTIS_DATABASE_URL", "") if NOCTIS_EMBEDDED else env.text("NOCTIS_DATABASE_URL")
_redis_url = env.text("NOCTIS_REDIS_URL", "") if NOCTIS_EMBEDDED else env.text("NOCTIS_REDIS_URL")
_redis = RedisAddress.of(_redis_url, env.changing_secret("NOCTIS_REDIS_PASSWORD"))

DATABASES = {
    "default": database(
        _database_url, env.changing_secret("NOCTIS_DATABASE_PASSWORD"), NOCTIS_DATA.root / "noctis.sqlite3"
    )
}

CACHES = {
    "default": (
        {
            "BACKEND": "noctis.redis_connection.SharedRedisCache",
            "LOCATION": _redis.url,
            "KEY_PREFIX": CACHE_PREFIX,
            "OPTIONS": _redis.options,
        }
        if _redis_url
        else {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}
    )
}

_job_store: dict[str, object] = (
    {"connection_pool": ConnectionPool.from_url(_redis.url, **_redis.options)}
    if _redis_url
    else {"filename": str(NOCTIS_DATA.root / "jobs.sqlite3")}
)
HUEY = {
    "name": "noctis",
    "huey_class": "huey.PriorityRedisHuey" if _redis_url else "huey.SqliteHuey",
    "immediate": False,
    "results": False,
    "connection": _job_store,
    "consumer": {"workers": 1, "worker_type": "process", "initial_delay": 0.1, "max_delay": 1.0},
}

# --- Accounts and sessions -------------------------------------------------------------------------------------------
AUTH_USER_MODEL = "accounts.User"
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "sign_in"
LOGIN_REDIRECT_URL = "/worklist"
SESSION_COOKIE_AGE = 8 * 60 * 60
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_USE_SESSIONS = True

# --- Transport and content security ----------------------------------------------------------------------------------
SESSION_COOKIE_SECURE = NOCTIS_BEHIND_TLS
CSRF_COOKIE_SECURE = NOCTIS_BEHIND_TLS
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if NOCTIS_BEHIND_TLS else None
SECURE_SSL_REDIRECT = False  # Nginx redirects; the health check speaks plain HTTP over a local socket
SECURE_HSTS_SECONDS = 0  # Nginx sends the header, so that it also covers static files
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CONTENT_TYPE_NOSNIFF = True
X_FRAME_OPTIONS = "DENY"
CSRF_TRUSTED_ORIGINS = [NOCTIS_BASE_URL] if NOCTIS_BEHIND_TLS else []
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "script-src": [SELF, "'wasm-unsafe-eval'"],
        "worker-src": [SELF],
        "style-src": [SELF],
        "style-src-attr": ["'unsafe-inline'"],
        "img-src": [SELF, "data:", "blob:"],
        "connect-src": [SELF],
        "font-src": [SELF],
        "object-src": [NONE],
        "base-uri": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    }
}

# --- Static files ----------------------------------------------------------------------------------------------------
FRONTEND_DIST = APP_DIR / "frontend" / "dist"
STATIC_URL = "/static/"
STATIC_ROOT = Path(env.text("NOCTIS_STATIC_ROOT", str(NOCTIS_DATA.root / "static")))
STATICFILES_DIRS = [("bundle", FRONTEND_DIST)]
WHITENOISE_USE_FINDERS = NOCTIS_EMBEDDED
WHITENOISE_AUTOREFRESH = False
WHITENOISE_IMMUTABLE_FILE_TEST = f"^{STATIC_URL}bundle/assets/"  # their names hold a digest of their content
DJANGO_VITE = {
    "default": {
        "dev_mode": False,
        "manifest_path": FRONTEND_DIST / ".vite" / "manifest.json",
        "static_url_prefix": "bundle",
    }
}

# --- Language and time -----------------------------------------------------------------------------------------------
LANGUAGE_CODE = "en-gb"
USE_I18N = True
USE_TZ = True
TIME_ZONE = env.text("NOCTIS_TIME_ZONE", "UTC")

# --- Logs: UIDs, never names -----------------------------------------------------------------------------------------
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {
            "format": "%(asctime)s %(levelname)s %(name)s: %(message)s",
            "datefmt": "%Y-%m-%dT%H:%M:%S%z",  # Fail2Ban compares it with the server's clock, wherever that is
        }
    },
    "filters": {
        "no_attribute_values": {"()": "noctis.dicom.privacy.NoAttributeValues"},
        "no_set_up_links": {"()": "noctis.accounts.log_filter.NoSetUpLinks"},
    },
    "handlers": {
        "stderr": {
            "class": "logging.StreamHandler",
            "formatter": "line",
            "filters": ["no_attribute_values", "no_set_up_links"],
        },
    },
    "root": {"handlers": ["stderr"], "level": env.text("NOCTIS_LOG_LEVEL", "INFO")},
    "loggers": {
        "django": {"handlers": [], "propagate": True},
        "huey": {"propagate": False},  # run_huey gives it a handler of its own
        "django.security.DisallowedHost": {"level": "CRITICAL"},
    },
}
SILENCED_SYSTEM_CHECKS = ["security.W004", "security.W008"]  # HSTS and the redirect are Nginx's, see above

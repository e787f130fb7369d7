"""System checks: a server with unsafe settings refuses to migrate and to run its services."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any
from urllib.parse import urlsplit

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error, register
from django.core.exceptions import ValidationError
from django.core.validators import validate_email

SHORTEST_SECRET_KEY = 50
LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
VERIFIED_TLS = frozenset({"verify-ca", "verify-full"})


@register
def server_settings_are_safe(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """Return an error for each setting that a hospital's server must not have; the embedded default is exempt."""
    if settings.NOCTIS_EMBEDDED:
        return []
    return [*_web_errors(), *_database_errors(), *_redis_errors(), *_dicom_errors()]


def _web_errors() -> Iterator[CheckMessage]:
    if settings.DEBUG:
        yield Error("DEBUG shows settings and patient data to anybody who causes an error.", id="noctis.E001")
    if len(settings.SECRET_KEY) < SHORTEST_SECRET_KEY:
        yield Error(
            f"NOCTIS_SECRET_KEY is shorter than {SHORTEST_SECRET_KEY} characters.",
            hint="Generate one at random, for example with: openssl rand -base64 64",
            id="noctis.E002",
        )
    if not settings.ALLOWED_HOSTS or "*" in settings.ALLOWED_HOSTS:
        yield Error(
            "NOCTIS_ALLOWED_HOSTS must name the host names under which people reach the server.", id="noctis.E003"
        )
    if not settings.NOCTIS_BEHIND_TLS:
        yield Error(
            "NOCTIS_BEHIND_TLS is false: session cookies would travel unprotected.",
            hint="Serve the pages through a proxy that speaks TLS, and set NOCTIS_BEHIND_TLS=true.",
            id="noctis.E004",
        )


def _database_errors() -> Iterator[CheckMessage]:
    database: dict[str, Any] = settings.DATABASES["default"]
    if not database["ENGINE"].endswith(".postgresql"):
        yield Error("A server keeps its index in PostgreSQL; set NOCTIS_DATABASE_URL.", id="noctis.E005")
    elif not str(database["HOST"]).startswith("/") and database["OPTIONS"].get("sslmode") not in VERIFIED_TLS:
        yield Error(
            "The connection to PostgreSQL does not verify the server's certificate.",
            hint="Add ?sslmode=verify-full&sslrootcert=/path/to/ca.crt to NOCTIS_DATABASE_URL.",
            id="noctis.E006",
        )


def _redis_errors() -> Iterator[CheckMessage]:
    cache: Any = settings.CACHES["default"]
    location = str(cache.get("LOCATION", ""))
    address = urlsplit(location)
    if address.scheme in {"redis", "rediss"} and "credential_provider" not in cache["OPTIONS"]:
        yield Error("Redis is used without a password; set NOCTIS_REDIS_PASSWORD_FILE.", id="noctis.E007")
    if address.scheme == "redis" and address.hostname not in LOOPBACK:
        yield Error(
            "Redis is on another machine, and its password and jobs would travel unprotected.",
            hint="Set NOCTIS_REDIS_URL to rediss://name@host:6379/0?ssl_ca_certs=/path/to/ca.crt.",
            id="noctis.E012",
        )


def _dicom_errors() -> Iterator[CheckMessage]:
    if settings.NOCTIS_UNKNOWN_CALLERS != "refuse":
        yield Error(
            "NOCTIS_UNKNOWN_CALLERS lets unknown programs store images; a server must refuse them.", id="noctis.E008"
        )
    if settings.NOCTIS_DICOM_VERBOSE == "on":
        yield Error(
            "NOCTIS_DICOM_VERBOSE writes details of associations to the log, which may show patient data.",
            hint="Set it to “off”, or to “forced” for as long as you look for a fault and keep the log to yourself.",
            id="noctis.E009",
        )


@register
def mail_settings_are_safe(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """Return an error for e-mail settings with which nothing could be sent, or a password in the clear."""
    return list(_mail_errors()) if settings.NOCTIS_SMTP_HOST else []


def _mail_errors() -> Iterator[CheckMessage]:
    try:
        validate_email(settings.NOCTIS_SMTP_FROM)
    except ValidationError:
        yield Error("NOCTIS_SMTP_FROM must be the sender's address of e-mail.", id="noctis.E010")
    if settings.NOCTIS_SMTP_USER and settings.NOCTIS_SMTP_SECURITY == "none":
        yield Error(
            "NOCTIS_SMTP_USER would sign in to the mail server without encryption.",
            hint="Set NOCTIS_SMTP_SECURITY to starttls or tls, or leave the user out.",
            id="noctis.E011",
        )

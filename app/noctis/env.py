"""Typed readers for the configuration: environment, ``NAME_FILE`` secrets and one ``KEY=VALUE`` file."""

from __future__ import annotations

import os
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from urllib.parse import parse_qsl, unquote, urlsplit

from noctis.changing_secret import PREVIOUS, ChangingSecret
from noctis.dicom.uids import is_valid_uid

STANDARD_ROOT = "1.2.840.10008."
STORAGE_ROOT = f"{STANDARD_ROOT}5.1.4.1.1."
TRUE_WORDS = frozenset({"1", "true", "yes", "on"})
FALSE_WORDS = frozenset({"0", "false", "no", "off"})


class ConfigurationError(Exception):
    """A setting is missing or has a value that cannot be used; the text says which and why."""


class Environment:
    """Settings named ``NOCTIS_*``.

    A value comes from the process environment, else from the file that ``NOCTIS_ENV_FILE`` names. ``NAME_FILE`` holds
    the path of a file whose content is the value, so that a secret never stands in a process list.
    """

    def __init__(self, variables: dict[str, str]) -> None:
        """Keep ``variables``; those of the file named by ``NOCTIS_ENV_FILE`` count where the name is not yet set."""
        self._variables = dict(variables)
        if path := variables.get("NOCTIS_ENV_FILE"):
            for name, value in read_env_file(Path(path)).items():
                self._variables.setdefault(name, value)

    def text(self, name: str, default: str | None = None) -> str:
        """Return the value of ``name``; without a default a missing one is an error."""
        if path := self._variables.get(f"{name}_FILE"):
            return _read_secret(name, Path(path))
        value = self._variables.get(name)
        if value is not None:
            return value
        if default is None:
            raise ConfigurationError(f"{name} is not set. Set it, or {name}_FILE, in the environment.")
        return default

    def changing_secret(self, name: str) -> ChangingSecret:
        """Return a secret that is read anew whenever it is used; one that cannot be read now is an error."""
        path = self._variables.get(f"{name}_FILE")
        if not path:
            return ChangingSecret(fixed=self.text(name, ""))
        self.text(name)
        return ChangingSecret(path=Path(path))

    def previous(self, name: str) -> str:
        """Return what the secret ``name`` was before it was changed, which is kept beside its file; else nothing."""
        path = self._variables.get(f"{name}_FILE")
        previous = path and Path(path + PREVIOUS)
        return _read_secret(name, previous) if previous and previous.exists() else ""

    def flag(self, name: str, *, default: bool) -> bool:
        """Return a yes/no setting."""
        word = self.text(name, "true" if default else "false").strip().lower()
        if word in TRUE_WORDS:
            return True
        if word in FALSE_WORDS:
            return False
        raise ConfigurationError(f"{name} must be true or false, not {word!r}.")

    def number(self, name: str, default: int, *, low: int, high: int) -> int:
        """Return a whole number between ``low`` and ``high``."""
        text = self.text(name, str(default))
        if not text.strip().isdigit() or not low <= int(text) <= high:
            raise ConfigurationError(f"{name} must be a whole number from {low} to {high}, not {text!r}.")
        return int(text)

    def words(self, name: str, default: str = "") -> list[str]:
        """Return a comma-separated list without empty items."""
        return [word.strip() for word in self.text(name, default).split(",") if word.strip()]

    def networks(self, name: str, default: str = "") -> list[IPv4Network | IPv6Network]:
        """Return a comma-separated list of addresses or CIDR networks."""
        networks = []
        for word in self.words(name, default):
            try:
                networks.append(ip_network(word, strict=False))
            except ValueError as error:
                raise ConfigurationError(f"{name} holds {word!r}, which is no address and no network.") from error
        return networks

    def storage_classes(self, name: str) -> list[str]:
        """Return a comma-separated list of UIDs that nothing else than storage can have in the standard."""
        uids = self.words(name)
        for uid in uids:
            if not is_valid_uid(uid):
                raise ConfigurationError(f"{name} holds {uid!r}, which is not a UID.")
            if uid.startswith(STANDARD_ROOT) and not uid.startswith(STORAGE_ROOT):
                raise ConfigurationError(f"{name} holds {uid}, which is something else than storage in DICOM.")
        return uids

    def choice(self, name: str, default: str, choices: tuple[str, ...]) -> str:
        """Return one of ``choices``."""
        value = self.text(name, default)
        if value not in choices:
            raise ConfigurationError(f"{name} must be one of {', '.join(choices)}, not {value!r}.")
        return value


def _read_secret(name: str, path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8").strip()
    except OSError as error:
        raise ConfigurationError(f"{name}_FILE names {path}, which cannot be read: {error.strerror}.") from error


def read_env_file(path: Path) -> dict[str, str]:
    """Return the ``KEY=VALUE`` pairs of a file; empty lines and lines that begin with ``#`` are skipped."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise ConfigurationError(f"NOCTIS_ENV_FILE names {path}, which cannot be read: {error.strerror}.") from error
    pairs = {}
    for number, line in enumerate(lines, start=1):
        stripped = line.strip()
        if not stripped or stripped.startswith("#"):
            continue
        name, equals, value = stripped.partition("=")
        if not equals:
            raise ConfigurationError(f"{path}, line {number}: expected KEY=VALUE.")
        pairs[name.strip()] = value.strip().strip('"')
    return pairs


def database(url: str, password: ChangingSecret, own_file: Path) -> dict[str, object]:
    """Return Django's settings for the database at ``url``; without one it is the file of the embedded default."""
    if not url:
        return sqlite_database(own_file)
    if url.startswith("sqlite:"):
        path = unquote(url.removeprefix("sqlite://"))
        if not path.startswith("/"):
            raise ConfigurationError("NOCTIS_DATABASE_URL names a file of SQLite by its whole path: sqlite:///path.")
        return sqlite_database(Path(path))
    return postgresql_database(url, password)


def sqlite_database(path: Path) -> dict[str, object]:
    """Return Django's settings for the embedded database: write-ahead log, durable commits, patient writers."""
    return {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": str(path),
        "CONN_MAX_AGE": 60,  # opening the file anew takes about a third of a query
        "OPTIONS": {
            "timeout": 30,
            "transaction_mode": "IMMEDIATE",
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA busy_timeout=30000;",
        },
    }


def postgresql_database(url: str, password: ChangingSecret) -> dict[str, object]:
    """Return Django's settings for ``postgresql://user@host:port/name?sslmode=…`` (libpq options as the query)."""
    parts = urlsplit(url)
    if parts.scheme not in {"postgresql", "postgres"} or not parts.path.strip("/"):
        raise ConfigurationError(
            "NOCTIS_DATABASE_URL must look like postgresql://user@host:5432/name?sslmode=verify-full."
        )
    if parts.password:
        raise ConfigurationError("NOCTIS_DATABASE_URL must not hold a password; use NOCTIS_DATABASE_PASSWORD_FILE.")
    options: dict[str, object] = dict(parse_qsl(parts.query))
    return {
        "ENGINE": "noctis.postgresql",
        "NAME": unquote(parts.path.strip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": password.read(),  # for dbshell
        "PASSWORD_SOURCE": password,
        "HOST": options.pop("host", None) or parts.hostname or "",
        "PORT": str(parts.port or ""),
        "OPTIONS": options,
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
    }


def process_environment() -> Environment:
    """Return the configuration of this process."""
    return Environment(dict(os.environ))

"""What the options and the configuration file say, and how it becomes the settings of the service.

Options go before the file, and both before the ``NOCTIS_*`` environment.
"""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping
from dataclasses import dataclass, fields
from enum import Enum
from pathlib import Path
from typing import Final
from urllib.parse import unquote, urlsplit, urlunsplit

from noctis.dicom_destinations import KnownDestination, write_destinations
from noctis.env import ConfigurationError

FILES_ONLY_INDEX: Final = "run/files_only.sqlite3"
POSTGRESQL_SCHEMES: Final = frozenset({"postgres", "postgresql"})


class Database(str, Enum):
    """Where the index is kept."""

    SQLITE = "sqlite"
    POSTGRES = "postgres"
    NONE = "none"


@dataclass(frozen=True)
class DatabaseAddress:
    """A database without its password, which goes its own way; ``url`` is empty for the file in the data directory."""

    kind: Database
    url: str = ""
    password: str = ""

    @classmethod
    def read(cls, name: str, text: str) -> DatabaseAddress:
        """Read ``none`` or an address of SQLite or PostgreSQL. Raises ConfigurationError, without quoting it."""
        if text == Database.NONE.value:
            return cls(Database.NONE)
        try:
            parts = urlsplit(text)
            place = parts.netloc.rpartition("@")[2]
        except ValueError:
            raise ConfigurationError(f"{name} is not the address of a database.") from None
        if parts.scheme == "sqlite" and not parts.netloc and parts.path.startswith("/"):
            return cls(Database.SQLITE, text)
        if parts.scheme not in POSTGRESQL_SCHEMES or not parts.path.strip("/"):
            raise ConfigurationError(
                f"{name} must be postgresql://user@host:5432/name, sqlite:///path or none, or be left out for SQLite in"
                " the data directory."
            )
        user = parts.username
        netloc = f"{user}@{place}" if user else place
        return cls(Database.POSTGRES, urlunsplit(parts._replace(netloc=netloc)), unquote(parts.password or ""))


@dataclass(frozen=True)
class Wishes:
    """What one source says; None where it says nothing."""

    ae_title: str | None = None
    host: str | None = None
    port: int | None = None
    data_directory: Path | None = None
    database: DatabaseAddress | None = None
    maximum_connections: int | None = None
    maximum_pdu_size: int | None = None
    allowed: tuple[str, ...] | None = None
    blocked: tuple[str, ...] | None = None
    destinations: Mapping[str, KnownDestination] | None = None
    uses_tls: bool | None = None
    tls_port: int | None = None
    tls_certificate: str | None = None
    tls_private_key: str | None = None
    is_verbose: bool | None = None
    forces_verbose: bool = False

    def over(self, other: Wishes) -> Wishes:
        """Return these wishes, and where they say nothing those of ``other``."""
        values = {one.name: getattr(self, one.name) for one in fields(self)}
        return Wishes(**{name: getattr(other, name) if value is None else value for name, value in values.items()})

    @property
    def is_files_only(self) -> bool:
        """Whether the service shall work without a database that lasts."""
        return self.database is not None and self.database.kind is Database.NONE

    def settings(self, data_directory: Path) -> dict[str, str]:
        """Return the environment that says the same. Raises ConfigurationError where wishes do not fit together."""
        wanted: dict[str, object] = {
            "NOCTIS_DATA_DIR": self.data_directory,
            "NOCTIS_AE_TITLE": self.ae_title,
            "NOCTIS_DICOM_HOST": self.host,
            "NOCTIS_DICOM_PORT": self.port,
            "NOCTIS_DICOM_MAX_ASSOCIATIONS": self.maximum_connections,
            "NOCTIS_DICOM_MAX_PDU_SIZE": self.maximum_pdu_size,
            "NOCTIS_DICOM_ALLOWED_CALLING_AE_TITLES": None if self.allowed is None else ",".join(self.allowed),
            "NOCTIS_DICOM_BLOCKED_CALLING_AE_TITLES": None if self.blocked is None else ",".join(self.blocked),
            "NOCTIS_DICOM_DESTINATIONS": None if self.destinations is None else write_destinations(self.destinations),
            "NOCTIS_DICOM_VERBOSE": self._verbose(),
            **self._tls(),
            **self._database(data_directory),
        }
        return {name: str(value) for name, value in wanted.items() if value is not None}

    def _verbose(self) -> str | None:
        if self.forces_verbose:
            return "forced"
        return None if self.is_verbose is None else ("on" if self.is_verbose else "off")

    def _tls(self) -> dict[str, object]:
        if self.uses_tls is False:
            return {"NOCTIS_DICOM_TLS_CERTIFICATE": "", "NOCTIS_DICOM_TLS_PRIVATE_KEY": ""}
        if self.uses_tls is None and (self.tls_certificate or self.tls_private_key):
            raise ConfigurationError(
                "A certificate or key for TLS is named, but TLS is not turned on (--tls, enableTLS)."
            )
        return {
            "NOCTIS_DICOM_TLS_PORT": self.tls_port,
            "NOCTIS_DICOM_TLS_CERTIFICATE": self.tls_certificate,
            "NOCTIS_DICOM_TLS_PRIVATE_KEY": self.tls_private_key,
        }

    def _database(self, data_directory: Path) -> dict[str, object]:
        if self.database is None:
            return {}
        if self.database.kind is Database.NONE:
            return {"NOCTIS_DATABASE_URL": f"sqlite://{data_directory.resolve() / FILES_ONLY_INDEX}"}
        if self.database.kind is Database.SQLITE:
            return {"NOCTIS_DATABASE_URL": self.database.url}
        password = {"NOCTIS_DATABASE_PASSWORD": self.database.password} if self.database.password else {}
        return {"NOCTIS_DATABASE_URL": self.database.url or None, **password}


def apply(settings: Mapping[str, str], environment: MutableMapping[str, str]) -> None:
    """Let ``settings`` count in place of what the environment says, be it in a file of its own."""
    for name, value in settings.items():
        environment[name] = value
        environment[f"{name}_FILE"] = ""

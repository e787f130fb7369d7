"""What is backed up, where to and how: on a server a JSON file that Ansible writes."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

CONTENTS: Final = ("attachments", "quarantine", "spool/ready", "storage")
LOCAL_KINDS: Final = ("sftp:", "s3:", "rest:", "b2:", "azure:", "gs:", "swift:", "rclone:")


class BackupError(Exception):
    """A backup cannot be made, checked or restored; the text says why and what to do."""


@dataclass(frozen=True)
class Keep:
    """How many snapshots stay, by age."""

    hourly: int = 24
    daily: int = 7
    weekly: int = 4
    monthly: int = 12


@dataclass(frozen=True)
class Plan:
    """Every path and figure of the backups of one installation.

    ``manage`` runs a management command of the application as its own user; ``environment`` holds what restic needs to
    get into a store, such as keys of S3. ``write_ahead_log`` says where PostgreSQL's log is and whether it ``is_kept``.
    """

    repository: str
    password_file: Path
    data: Path
    work: Path
    state: Path
    cache: Path
    host: str
    database: dict[str, Any]
    manage: Callable[..., str]
    configuration: tuple[Path, ...] = ()
    environment: dict[str, str] = field(default_factory=dict)
    options: tuple[str, ...] = ()
    required_mount: Path | None = None
    keep: Keep = field(default_factory=Keep)
    check_read_data: str = "1%"
    drill_files: int = 500
    reserve_gb: float = 10
    release: str = ""
    schedule: dict[str, Any] = field(default_factory=dict)
    write_ahead_log: dict[str, Any] = field(default_factory=dict)

    @property
    def journal_repository(self) -> str:
        """Where the journal goes: a small repository of its own, which opens at once however large the other grows."""
        return f"{self.repository.rstrip('/')}-journal"

    @property
    def journal(self) -> Path:
        """Where the application notes what it received."""
        return self.data / "journal"

    @property
    def folder(self) -> Path:
        """Where state, certificates and identity lie."""
        return self.state.parent

    @property
    def certificates(self) -> Path:
        """Where the drills leave their certificates."""
        return self.folder / "drills"

    @property
    def installation(self) -> Path:
        """The file with the identity that snapshots are marked with."""
        return self.folder / "installation"

    @property
    def dump(self) -> Path:
        """Where the dump of the database lies while a snapshot is taken."""
        return self.work / "database.dump"

    @property
    def manifest(self) -> Path:
        """Where it is noted what a snapshot holds."""
        return self.work / "manifest.json"

    @property
    def copy(self) -> Path:
        """Where the last copy of the database's files lies, which the write-ahead log continues."""
        return self.work / "database"

    @property
    def segments(self) -> Path:
        """Where PostgreSQL puts finished segments of the write-ahead log."""
        return Path(self.write_ahead_log["segments"])

    @property
    def keeps_log(self) -> bool:
        """Whether snapshots get what leads to any moment before them."""
        return bool(self.write_ahead_log.get("is_kept"))

    @property
    def sources(self) -> list[Path]:
        """Every path of a snapshot; the dump is among them and was made before the files are read."""
        files = [self.data / name for name in CONTENTS]
        log = [self.copy, self.segments] if self.keeps_log else []
        return [self.manifest, self.dump, *(path for path in (*log, *files, *self.configuration) if path.exists())]

    @property
    def is_local(self) -> bool:
        """Whether the repository is a folder of this machine, mounted or not."""
        return not self.repository.startswith(LOCAL_KINDS)

    @property
    def is_on_this_server(self) -> bool:
        """Whether the repository would be lost with this machine."""
        return self.is_local and self.required_mount is None

    def require_place(self) -> None:
        """Refuse where the repository's file system is not mounted: the backup would land on this server's disk."""
        if self.required_mount is not None and not self.required_mount.is_mount():
            raise BackupError(
                f"{self.required_mount} is not mounted, so there is no place for backups. "
                f"Look at `systemctl status {self.required_mount}` and at the file server."
            )


def read_plan(path: Path, manage: Callable[..., str]) -> Plan:
    """Read the file that Ansible writes."""
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise BackupError(f"{path} is missing: no backups are set up. Run site.yml with the role backup.") from None
    for name in ("password_file", "data", "work", "state", "cache"):
        values[name] = Path(values[name])
    mount = values.pop("required_mount", "")
    keep = Keep(**values.pop("keep"))
    configuration = tuple(Path(name) for name in values.pop("configuration"))
    options = tuple(values.pop("options"))
    return Plan(
        **values,
        manage=manage,
        keep=keep,
        configuration=configuration,
        options=options,
        required_mount=Path(mount) if mount else None,
    )

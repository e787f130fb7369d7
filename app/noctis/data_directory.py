"""The folders below ``NOCTIS_DATA_DIR``: private to the service's user, made on first use."""

from __future__ import annotations

import os
import secrets
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

FOLDERS = ("spool/incoming", "spool/ready", "storage", "quarantine", "attachments", "derived", "journal", "run")


@dataclass(frozen=True)
class DataDirectory:
    """Paths of everything the appliance keeps on disk."""

    root: Path

    @property
    def incoming(self) -> Path:
        """Objects being received; a crash leaves only unacknowledged ones here."""
        return self.root / "spool" / "incoming"

    @property
    def ready(self) -> Path:
        """Acknowledged objects that wait for the indexer."""
        return self.root / "spool" / "ready"

    @property
    def storage(self) -> Path:
        """Indexed objects, unchanged bytes."""
        return self.root / "storage"

    @property
    def quarantine(self) -> Path:
        """Objects that a person must decide about."""
        return self.root / "quarantine"

    @property
    def attachments(self) -> Path:
        """Files beside the images, by the digest of their bytes."""
        return self.root / "attachments"

    @property
    def derived(self) -> Path:
        """What can be computed again: thumbnails, metadata."""
        return self.root / "derived"

    @property
    def journal(self) -> Path:
        """What was received, noted for the time after a restore."""
        return self.root / "journal"

    @property
    def run(self) -> Path:
        """Sockets and process ids."""
        return self.root / "run"

    @property
    def statistics(self) -> Path:
        """What the DICOM service has counted since its start."""
        return self.run / "statistics"

    def create(self) -> None:
        """Make every folder, readable by this user alone."""
        self.root.mkdir(mode=0o700, parents=True, exist_ok=True)
        for name in FOLDERS:
            (self.root / name.split("/")[0]).mkdir(mode=0o700, exist_ok=True)
            (self.root / name).mkdir(mode=0o700, exist_ok=True)

    def generated_secret(self, name: str) -> str:
        """Return the secret kept in the file ``name``, made at random the first time."""
        path = self.root / name
        self.create()
        candidate = self.root / f"{name}.{os.getpid()}"
        if not path.exists():
            with os.fdopen(os.open(candidate, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
                file.write(secrets.token_urlsafe(64))
            with suppress(FileExistsError):  # another process was first: its secret counts
                os.link(candidate, path)
            candidate.unlink()
        return path.read_text(encoding="utf-8").strip()

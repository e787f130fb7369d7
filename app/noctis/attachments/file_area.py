"""The bytes of attachments: below ``attachments`` in the data directory, each file under its own SHA-256.

What a file is called never becomes a path, and two attachments of the same content share one file. Files are readable
by the service's user alone and are never changed or removed.
"""

from __future__ import annotations

import hashlib
import os
import secrets
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from django.conf import settings

from noctis.archive.storage_area import give_place, make_all_durable, make_durable

ABANDONED_AFTER: Final = 24 * 60 * 60  # seconds


class TooLarge(Exception):
    """More bytes came than a file may have."""


@dataclass(frozen=True)
class Received:
    """A file that has arrived whole and has no place yet."""

    path: Path
    size: int
    sha256: str


def place_of(sha256: str) -> Path:
    """Return where the bytes with this SHA-256 lie."""
    area: Path = settings.NOCTIS_DATA.attachments
    return area / sha256[:2] / sha256[2:4] / sha256


@contextmanager
def receiving(chunks: Iterable[bytes], limit: int) -> Iterator[Received]:
    """Write the chunks to a new file, which is gone afterwards unless ``keep`` gave it a place. Raises TooLarge."""
    folder: Path = settings.NOCTIS_DATA.attachments / "incoming"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    _discard_abandoned(folder)
    path = folder / secrets.token_hex(16)
    digest, size = hashlib.sha256(), 0
    try:
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            for chunk in chunks:
                size += len(chunk)
                if size > limit:
                    raise TooLarge
                digest.update(chunk)
                file.write(chunk)
        yield Received(path, size, digest.hexdigest())
    finally:
        path.unlink(missing_ok=True)


def keep(received: Received) -> None:
    """Give a received file its place; when this returns, a power cut does not lose it."""
    make_durable(received.path)
    make_all_durable(give_place(received.path, place_of(received.sha256)))


def _discard_abandoned(folder: Path) -> None:
    """Remove what a crash left half received."""
    for path in folder.iterdir():
        try:
            if path.stat().st_mtime < time.time() - ABANDONED_AFTER:
                path.unlink()
        except FileNotFoundError:  # another process was first, or has given it its place
            continue

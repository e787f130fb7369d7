"""The journal: which objects were received, and whose they are, one line of JSON for each group, a file for each day.

It goes to a safe place every few minutes, more often than any backup, so that after a restore everybody knows what the
backup could not have. It names UIDs and devices; no patient.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

KEPT: Final = timedelta(days=400)  # a little longer than the oldest snapshot of the usual retention
CURSOR: Final = "cursor.json"


@dataclass(frozen=True)
class Note:
    """Objects of one study that one device sent for one facility; ``paths`` are their places in the storage.

    A note without objects says only that at this time everything received before had been noted.
    """

    at: str
    facility: str = ""
    ae_title: str = ""
    study: str = ""
    paths: tuple[str, ...] = field(default_factory=tuple)


@dataclass
class Cursor:
    """What is noted already: the last instance, and the last acknowledged file that waited for the indexer."""

    instance: int = 0
    spooled: str = ""


def append(folder: Path, notes: Iterable[Note], at: datetime) -> None:
    """Add notes to the file of the day and wait until they are on the disk."""
    folder.mkdir(mode=0o700, exist_ok=True)
    with (folder / f"{at:%Y-%m-%d}.jsonl").open("a", encoding="utf-8") as file:
        for note in notes:
            file.write(json.dumps(asdict(note), separators=(",", ":")) + "\n")
        file.flush()
        os.fsync(file.fileno())


def notes_since(folder: Path, moment: datetime) -> Iterator[Note]:
    """Yield the notes written at or after a moment; half a line, as a power cut leaves it, is passed over."""
    for path in sorted(folder.glob("*.jsonl")):
        if path.stem < f"{moment:%Y-%m-%d}":
            continue
        for line in path.read_text(encoding="utf-8").splitlines():
            try:
                values = json.loads(line)
                note = Note(**{**values, "paths": tuple(values["paths"])})
            except (ValueError, TypeError, KeyError):
                continue
            if datetime.fromisoformat(note.at) >= moment:
                yield note


def forget_old(folder: Path, now: datetime) -> None:
    """Remove the files of days that no snapshot reaches back to."""
    for path in folder.glob("*.jsonl"):
        if path.stem < f"{now - KEPT:%Y-%m-%d}":
            path.unlink()


def read_cursor(folder: Path) -> Cursor:
    """Return what is noted already."""
    try:
        return Cursor(**json.loads((folder / CURSOR).read_text(encoding="utf-8")))
    except FileNotFoundError:
        return Cursor()


def write_cursor(folder: Path, cursor: Cursor) -> None:
    """Replace what is noted already, in one step."""
    new = folder / f".{CURSOR}"
    new.write_text(json.dumps(asdict(cursor)), encoding="utf-8")
    new.replace(folder / CURSOR)

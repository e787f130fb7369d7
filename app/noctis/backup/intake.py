"""Writes the journal from the index, and from the spool for what the indexer has not taken yet."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from itertools import groupby
from pathlib import Path
from typing import Final

from django.conf import settings
from django.db.models import Max
from django.utils import timezone

from noctis.archive.header import NotStorable, read_header
from noctis.archive.ingest import SpooledName
from noctis.archive.models import Instance, Reception
from noctis.archive.storage_area import instance_path
from noctis.backup.journal import Cursor, Note, append, forget_old, read_cursor, write_cursor

MOST_SPOOLED: Final = 5000
MOST_PATHS: Final = 1000


def note_intake() -> int:
    """Note what was received since the last time and return how many objects that are.

    Only one process files objects, so their keys are committed in order and the last one seen says it all.
    """
    folder: Path = settings.NOCTIS_DATA.journal
    now = timezone.now()
    cursor = read_cursor(folder)
    spooled = list(_spooled(cursor, now))
    last = Instance.objects.aggregate(last=Max("pk"))["last"] or 0
    filed = _filed(cursor.instance, last, now) if last > cursor.instance else iter(())
    notes = [*filed, *(note for _, note in spooled), Note(now.isoformat())]
    append(folder, notes, now)
    write_cursor(folder, Cursor(max(last, cursor.instance), spooled[-1][0] if spooled else cursor.spooled))
    forget_old(folder, now)
    return sum(len(note.paths) for note in notes)


def begin_again_here() -> None:
    """Take what is in the index now as noted: after a restore it counts from where the backup was."""
    folder: Path = settings.NOCTIS_DATA.journal
    folder.mkdir(mode=0o700, exist_ok=True)
    write_cursor(folder, Cursor(Instance.objects.aggregate(last=Max("pk"))["last"] or 0))


def _filed(first: int, last: int, now: datetime) -> Iterator[Note]:
    rows = (
        Instance.objects.filter(pk__gt=first, pk__lte=last)
        .order_by("pk")
        .values_list("reception__facility__code", "reception__ae_title", "series__study__study_instance_uid", "path")
    )
    for (facility, ae_title, study), group in groupby(rows.iterator(chunk_size=MOST_PATHS), key=lambda row: row[:3]):
        paths = [row[3] for row in group]
        for start in range(0, len(paths), MOST_PATHS):
            yield Note(now.isoformat(), facility, ae_title, study, tuple(paths[start : start + MOST_PATHS]))


def _spooled(cursor: Cursor, now: datetime) -> Iterator[tuple[str, Note]]:
    """Yield name and note of what was acknowledged and waits; after a long wait not all at once."""
    ready: Path = settings.NOCTIS_DATA.ready
    waiting = [path for path in sorted(ready.glob("*.dcm")) if path.name > cursor.spooled][:MOST_SPOOLED]
    names = {}
    for path in waiting:
        try:
            names[path] = SpooledName.parse(path.name)
        except ValueError:
            continue
    receptions = Reception.objects.select_related("facility").in_bulk({name.reception_id for name in names.values()})
    for path, name in names.items():
        reception = receptions.get(name.reception_id)
        try:
            header = read_header(path)
        except (NotStorable, FileNotFoundError):  # not to be filed, or filed in this moment
            continue
        if reception is not None:
            place = instance_path(header.study_instance_uid, header.sop_instance_uid, name.sha256)
            study = header.study_instance_uid
            yield path.name, Note(now.isoformat(), reception.facility.code, reception.ae_title, study, (place,))

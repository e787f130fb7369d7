"""After a restore: what the backup could not have is taken in again where its file is here, or named as missing."""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Final

from django.conf import settings
from django.utils import timezone

from noctis.accounts.models import Facility
from noctis.archive.header import Header, NotStorable, read_header
from noctis.archive.ingest import Origin, SpooledName, open_reception, receive
from noctis.archive.models import Instance, Reception
from noctis.archive.storage_area import instance_path, sha256_of
from noctis.backup.intake import begin_again_here
from noctis.backup.journal import Note, notes_since
from noctis.backup_state import write_shared

PROTOCOL: Final = "restore"
RECORD: Final = "restored.json"
BEFORE: Final = timedelta(hours=1)  # notes from before the dump too: each is looked up, so that no clock matters
PATHS_AT_A_TIME: Final = 500


@dataclass
class MissingStudy:
    """A study of which objects were acknowledged and are not here."""

    study: str
    facility: str
    ae_title: str
    at: str
    paths: list[str] = field(default_factory=list)


@dataclass
class Restored:
    """What a restore came to."""

    snapshot: str
    taken_at: str
    restored_at: str
    noted_until: str
    taken_in: int
    missing: list[MissingStudy]

    @property
    def noted_at(self) -> datetime | None:
        """Up to when the journal reaches."""
        return datetime.fromisoformat(self.noted_until) if self.noted_until else None

    def sentences(self) -> Iterator[str]:
        """Say it to the operator."""
        if self.taken_in:
            yield f"{self.taken_in} objects that the backup's index does not have were found here and are taken in."
        if self.missing:
            yield f"MISSING: {len(self.missing)} studies were received after the backup. Have them sent again:"
        for one in self.missing:
            sender = one.ae_title or "upload"
            yield f"  {one.study}  {one.facility}  {sender}  noted {one.at[:16]}  {len(one.paths)} objects"
        if not self.missing:
            yield "Nothing that was noted is missing."
        if self.noted_at:
            until = f"{self.noted_at:%Y-%m-%d %H:%M:%S} UTC"
            yield f"The journal reaches to {until}: ask the modalities for what they sent later."
        else:
            yield "There is no journal of what was received after the backup: ask every modality."


def reconcile(snapshot: str, taken_at: datetime) -> Restored:
    """Compare the restored index with the journal, and keep what came out. The DICOM service must not run."""
    notes = list(notes_since(settings.NOCTIS_DATA.journal, taken_at - BEFORE))
    rescued = _rescue_spool(notes)
    waiting = {SpooledName.parse(path.name).sha256[:12] for path in settings.NOCTIS_DATA.ready.glob("*.dcm")}
    missing: dict[tuple[str, str, str], MissingStudy] = {}
    taken_in = rescued
    for note, path in _absent(notes):
        if path.rsplit("-", 1)[1].removesuffix(".dcm") in waiting:  # it came with the spool and will be filed
            continue
        if _take_in(note, path):
            taken_in += 1
            continue
        one = missing.setdefault(
            (note.study, note.facility, note.ae_title),
            MissingStudy(note.study, note.facility, note.ae_title, note.at),
        )
        if path not in one.paths:
            one.paths.append(path)
    restored = Restored(
        snapshot=snapshot,
        taken_at=taken_at.isoformat(),
        restored_at=timezone.now().isoformat(),
        noted_until=max((note.at for note in notes), default=""),
        taken_in=taken_in,
        missing=list(missing.values()),
    )
    write_shared(settings.NOCTIS_DATA.journal / RECORD, json.dumps(asdict(restored), indent=1))
    begin_again_here()
    return restored


def last_restore() -> Restored | None:
    """Return what the last restore came to, without the studies that have come again since; None if there was none."""
    try:
        values = json.loads((settings.NOCTIS_DATA.journal / RECORD).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    restored = Restored(**{**values, "missing": [MissingStudy(**one) for one in values["missing"]]})
    present = _present([path for one in restored.missing for path in one.paths])
    for one in restored.missing:
        one.paths = [path for path in one.paths if path not in present]
    restored.missing = [one for one in restored.missing if one.paths]
    return restored


def _absent(notes: Iterable[Note]) -> Iterator[tuple[Note, str]]:
    """Yield what was noted and is not in the index."""
    every = ((note, path) for note in notes for path in note.paths)
    while some := list(islice(every, PATHS_AT_A_TIME)):
        present = _present([path for _, path in some])
        yield from ((note, path) for note, path in some if path not in present)


def _present(paths: list[str]) -> set[str]:
    return {
        path
        for start in range(0, len(paths), PATHS_AT_A_TIME)
        for path in Instance.objects.filter(path__in=paths[start : start + PATHS_AT_A_TIME]).values_list(
            "path", flat=True
        )
    }


def _take_in(note: Note, path: str) -> bool:
    """Hand a stored file that the index does not know to the ingest door, for the facility it came for."""
    stored = settings.NOCTIS_DATA.storage / path
    header = _header(stored)
    facility = Facility.objects.filter(code=note.facility).first()
    if header is None or facility is None:
        return False
    if path != instance_path(header.study_instance_uid, header.sop_instance_uid, _sha256(stored, header)):
        return False  # not what was received: the file is damaged
    link = settings.NOCTIS_DATA.incoming / secrets.token_hex(16)
    os.link(stored, link)
    receive(link, _reception(facility, note), header)
    return True


def _rescue_spool(notes: list[Note]) -> int:
    """Give each waiting file whose delivery the restored index does not know a delivery of the same facility.

    Left alone, the file could fall to whatever delivery next gets the number that stands in its name. One that no note
    knows is set aside, for a person to name the facility.
    """
    ready: Path = settings.NOCTIS_DATA.ready
    names = {path: SpooledName.parse(path.name) for path in sorted(ready.glob("*.dcm"))}
    known = set(
        Reception.objects.filter(pk__in={name.reception_id for name in names.values()}).values_list("pk", flat=True)
    )
    strangers = [path for path, name in names.items() if name.reception_id not in known]
    noted = {path: note for note in notes for path in note.paths} if strangers else {}
    rescued = 0
    for path in strangers:
        header = _header(path)
        place = instance_path(header.study_instance_uid, header.sop_instance_uid, names[path].sha256) if header else ""
        note = noted.get(place)
        facility = Facility.objects.filter(code=note.facility).first() if note else None
        if header is None or note is None or facility is None:
            path.rename(path.with_suffix(".orphan"))
            continue
        receive(path, _reception(facility, note), header)
        rescued += 1
    return rescued


def _reception(facility: Facility, note: Note) -> Reception:
    return open_reception(Origin(facility, PROTOCOL, ae_title=note.ae_title))


def _header(path: Path) -> Header | None:
    try:
        return read_header(path)
    except (NotStorable, FileNotFoundError):
        return None


def _sha256(path: Path, header: Header) -> str:
    return sha256_of(path, header.data_set_offset)

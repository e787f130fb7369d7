"""A quarantined object filed as one of its own: a copy with new UIDs that says what they were before.

The copy differs in its UIDs and its Original Attributes Sequence alone (PS3.3 C.12.1.1.9). New UIDs follow from the old
ones (PS3.5 B.2), so that the objects of one foreign study stay together and nothing is filed twice.
"""

from __future__ import annotations

import secrets
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from django.conf import settings
from django.utils import timezone
from pydicom import dcmread
from pydicom.dataset import Dataset, FileDataset
from pydicom.sequence import Sequence as DicomSequence
from pydicom.uid import UID

from noctis.accounts.models import User
from noctis.archive.filing import patient_identity
from noctis.archive.header import UNREADABLE, Header, NotStorable, read_header
from noctis.archive.ingest import Origin, open_reception, receive
from noctis.archive.models import QuarantinedObject, QuarantineReason, Reception
from noctis.implementation import IMPLEMENTATION_CLASS_UID, IMPLEMENTATION_VERSION_NAME

PROTOCOL: Final = "quarantine"
NAMESPACE: Final = uuid.UUID("5b0f6c0e-6f0b-5d3e-9d6a-2a4cf3a6a001")
DEFERRED: Final = 64 * 1024


@dataclass(frozen=True)
class SeparateCopy:
    """A copy that is written and not yet handed over."""

    sop_instance_uid: str
    _part10: Path
    _reception: Reception

    def hand_over(self) -> None:
        """Give the copy to the archive's door. Raises NotStorable, and OSError where the disk refuses."""
        receive(self._part10, self._reception)


@contextmanager
def separate_copy(
    kept: QuarantinedObject, path: Path, *, acting_user: User, address: str | None
) -> Iterator[SeparateCopy]:
    """Write a copy of a quarantined object with new UIDs; it is gone at the end where it was not handed over.

    Raises NotStorable where the object cannot be read, OSError where the disk refuses. Never within a transaction.
    """
    new_uids = _new_uids(kept, read_header(path))
    origin = Origin(kept.facility, PROTOCOL, kept.reception.ae_title, address, acting_user)
    part10: Path = settings.NOCTIS_DATA.incoming / f"{PROTOCOL}-{secrets.token_hex(8)}.part"
    try:
        _write(path, part10, new_uids, kept)
        yield SeparateCopy(new_uids["SOPInstanceUID"], part10, open_reception(origin))
    finally:
        part10.unlink(missing_ok=True)


def _write(path: Path, part10: Path, new_uids: Mapping[str, str], kept: QuarantinedObject) -> None:
    try:
        dataset = dcmread(path, defer_size=DEFERRED)
        _rename(dataset, new_uids, kept)
        dataset.save_as(part10, enforce_file_format=True)
    except UNREADABLE as error:
        raise NotStorable("Its data set cannot be written anew.") from error
    part10.chmod(0o600)


def _new_uids(kept: QuarantinedObject, header: Header) -> Mapping[str, str]:
    """Return the attributes to change: all UIDs of an object whose study is somebody else's, else its own alone."""
    whose = (str(kept.facility_id), patient_identity(header))
    new = {"SOPInstanceUID": _uid(*whose, header.sop_instance_uid, kept.sha256)}
    if kept.reason != QuarantineReason.SAME_UID_OTHER_BYTES:
        new["StudyInstanceUID"] = _uid(*whose, header.study_instance_uid)
        new["SeriesInstanceUID"] = _uid(*whose, header.study_instance_uid, header.series_instance_uid)
    return new


def _uid(*parts: str) -> str:
    return f"2.25.{uuid.uuid5(NAMESPACE, '/'.join(parts)).int}"


def _rename(dataset: FileDataset, new_uids: Mapping[str, str], kept: QuarantinedObject) -> None:
    before = Dataset()
    for keyword, uid in new_uids.items():
        setattr(before, keyword, str(dataset[keyword].value))
        setattr(dataset, keyword, UID(uid))
    change = Dataset()
    change.ModifiedAttributesSequence = DicomSequence([before])
    change.AttributeModificationDateTime = timezone.localtime().strftime("%Y%m%d%H%M%S.%f%z")
    change.ModifyingSystem = "Noctis"
    change.SourceOfPreviousValues = kept.reception.ae_title
    change.ReasonForTheAttributeModification = "CORRECT"
    earlier = list(dataset.get("OriginalAttributesSequence") or ())
    dataset.OriginalAttributesSequence = DicomSequence([*earlier, change])
    dataset.file_meta.MediaStorageSOPInstanceUID = UID(new_uids["SOPInstanceUID"])
    dataset.file_meta.ImplementationClassUID = IMPLEMENTATION_CLASS_UID
    dataset.file_meta.ImplementationVersionName = IMPLEMENTATION_VERSION_NAME

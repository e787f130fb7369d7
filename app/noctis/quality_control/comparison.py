"""What a quarantined object says, beside what is stored: for the person who decides."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from django.conf import settings
from pydicom.datadict import dictionary_description, tag_for_keyword
from pydicom.dataset import Dataset

from noctis.accounts.models import User
from noctis.archive.filing import Arrival, new_instance
from noctis.archive.header import UNREADABLE, Header, NotStorable, read_header
from noctis.archive.models import Instance, QuarantinedObject, QuarantineReason, Series, Study
from noctis.archive.quarantine_actions import quarantine_path
from noctis.archive.storage_area import sha256_of
from noctis.dicom.attributes import person_name_text, text
from noctis.dicomweb.rendering import render_frame

# Shown whether they differ or not.
SHOWN: Final = (
    *("PatientName", "PatientID", "IssuerOfPatientID", "PatientBirthDate", "PatientSex"),
    *("StudyDate", "StudyTime", "AccessionNumber", "StudyDescription", "InstitutionName", "StationName"),
    *("Modality", "SeriesNumber", "SeriesDescription", "InstanceNumber", "ContentDate", "ContentTime"),
    *("Rows", "Columns", "NumberOfFrames"),
)
UIDS: Final = ("StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID")
MOST_FURTHER: Final = 40
LONGEST_VALUE: Final = 200
LARGEST_PIXELS: Final = 64 * 1024 * 1024
PICTURE_SIDE: Final = 512


@dataclass(frozen=True)
class Row:
    """One attribute of both."""

    name: str
    stored: str
    stated: str

    @property
    def differs(self) -> bool:
        """Whether the two contradict each other."""
        return self.stored != self.stated


@dataclass(frozen=True)
class Comparison:
    """What an object says, and what is stored under its UIDs as far as the reader may see it.

    ``has_same_pixels`` is None where nobody compared them.
    """

    rows: list[Row]
    problem: str = ""
    counterpart: Instance | None = None
    has_picture: bool = False
    has_same_pixels: bool | None = None


def comparison_of(kept: QuarantinedObject, user: User) -> Comparison:
    """Read a quarantined object, and what is stored in its place."""
    try:
        header = read_header(quarantine_path(kept))
    except NotStorable as error:
        return Comparison([], problem=str(error))
    except OSError:
        return Comparison([], problem="Its file is missing from the quarantine folder. Restore it from a backup.")
    counterpart = _counterpart(kept, header, user)
    stored = _header_of(counterpart)
    is_same_object = kept.reason == QuarantineReason.SAME_UID_OTHER_BYTES
    rows = [_row(keyword, stored, header) for keyword in SHOWN]
    if is_same_object and stored is not None:
        rows += _further(stored.dataset, header.dataset)
    shown = [row for row in rows if row.stored or row.stated]
    return Comparison(
        sorted(shown, key=lambda row: stored is None or not row.differs),  # what differs comes first
        counterpart=counterpart,
        has_picture=header.pixel_data_offset is not None,
        has_same_pixels=_same_pixels(kept, header, counterpart) if is_same_object and counterpart else None,
    )


def picture_of(kept: QuarantinedObject) -> bytes:
    """Return the first frame of a quarantined object as a JPEG.

    Raises NotStorable, OSError, and DicomwebError where no picture can be made of it.
    """
    path = quarantine_path(kept)
    arrival = Arrival(read_header(path), kept.reception, kept.sha256, kept.created_at)
    instance = new_instance(arrival, Series())  # never saved: it says where the pixels are
    instance.path = str(path)
    return render_frame(instance, 1, PICTURE_SIDE)


def _counterpart(kept: QuarantinedObject, header: Header, user: User) -> Instance | None:
    """Return the stored object of the same UID, else one of the same study; of no facility but what ``user`` sees."""
    visible = Instance.objects.visible_to(user).select_related("series__study__facility")
    same = visible.filter(sop_instance_uid=header.sop_instance_uid).first()
    if same is not None or kept.reason == QuarantineReason.SAME_UID_OTHER_BYTES:
        return same
    study = Study.objects.visible_to(user).filter(study_instance_uid=header.study_instance_uid).first()
    return visible.filter(series__study=study).order_by("pk").first() if study is not None else None


def _header_of(instance: Instance | None) -> Header | None:
    if instance is None:
        return None
    path: Path = settings.NOCTIS_DATA.storage / instance.path
    try:
        return read_header(path)
    except (NotStorable, OSError):
        return None


def _row(keyword: str, stored: Header | None, came: Header) -> Row:
    tag = tag_for_keyword(keyword)
    name = dictionary_description(tag) if tag is not None else keyword
    return Row(name, _value(stored.dataset, keyword) if stored else "", _value(came.dataset, keyword))


def _value(dataset: Dataset, keyword: str) -> str:
    value = person_name_text(dataset, keyword) if keyword == "PatientName" else text(dataset, keyword)
    return value[:LONGEST_VALUE]


def _further(stored: Dataset, came: Dataset) -> list[Row]:
    """Return what else differs, at the top level; at most so much that a person reads it."""
    return list(_differing(stored, came))[:MOST_FURTHER]


def _differing(stored: Dataset, came: Dataset) -> Iterator[Row]:
    known = {tag_for_keyword(keyword) for keyword in (*SHOWN, *UIDS)}
    for tag in sorted(set(stored.keys()) | set(came.keys())):
        if tag in known or tag.is_private:
            continue
        before, now = _any_value(stored, int(tag)), _any_value(came, int(tag))
        if before != now:
            try:
                name = dictionary_description(tag)
            except KeyError:
                name = str(tag)
            yield Row(name, before, now)


def _any_value(dataset: Dataset, tag: int) -> str:
    try:
        if tag not in dataset:
            return ""
        element = dataset[tag]
        if element.VR == "SQ":
            return f"{len(element.value)} item(s)"
        return f"{len(element.value)} bytes" if isinstance(element.value, bytes) else str(element.value)[:LONGEST_VALUE]
    except UNREADABLE:
        return "(unreadable)"


def _same_pixels(kept: QuarantinedObject, header: Header, stored: Instance) -> bool | None:
    """Whether the bytes from the pixel data on are the same; None where there are too many to look."""
    if header.pixel_data_offset is None or stored.pixel_data_offset is None:
        return None
    lengths = header.file_size - header.pixel_data_offset, stored.file_size - stored.pixel_data_offset
    if lengths[0] != lengths[1]:
        return False
    if lengths[0] > LARGEST_PIXELS:
        return None
    path: Path = settings.NOCTIS_DATA.storage / stored.path
    try:
        pixels = sha256_of(quarantine_path(kept), header.pixel_data_offset)
        return pixels == sha256_of(path, stored.pixel_data_offset)
    except OSError:
        return None

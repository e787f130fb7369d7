"""The header of a Part 10 file: what the index needs, read without touching the pixels (PS3.10 7.1)."""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from pydicom import dcmread
from pydicom.dataset import FileDataset
from pydicom.errors import BytesLengthException, InvalidDicomError
from pydicom.uid import DeflatedExplicitVRLittleEndian

from noctis.archive.completeness import IncompleteError, require_complete
from noctis.dicom.attributes import text
from noctis.dicom.uids import is_valid_uid

PREAMBLE_LENGTH = 132
UNDEFINED_LENGTH = 0xFFFFFFFF
LONG_VALUE_REPRESENTATIONS = frozenset({b"OB", b"OW", b"OF", b"OD", b"OL", b"OV", b"SQ", b"UN", b"UT", b"UC", b"UR"})
PIXEL_DATA_ELEMENTS = frozenset({0x0008, 0x0009, 0x0010})
DEFERRED_VALUE_SIZE = 64 * 1024
# What pydicom raises for bytes that are no data set.
UNREADABLE = (
    InvalidDicomError,
    BytesLengthException,
    EOFError,
    ValueError,
    TypeError,
    KeyError,
    LookupError,
    AttributeError,
    NotImplementedError,
    OverflowError,
    struct.error,
    zlib.error,
    RecursionError,
)


class NotStorable(Exception):
    """The object cannot be filed; the text says why in one sentence without naming the patient."""


@dataclass(frozen=True)
class Header:
    """The attributes before the pixels and where in the file things lie (offsets and lengths in bytes)."""

    dataset: FileDataset
    sop_class_uid: str
    sop_instance_uid: str
    study_instance_uid: str
    series_instance_uid: str
    transfer_syntax_uid: str
    data_set_offset: int
    pixel_data_offset: int | None
    pixel_data_length: int | None
    file_size: int


def read_header(path: Path) -> Header:
    """Read the header of ``path``; raise NotStorable where it is no whole DICOM file or lacks a valid UID."""
    with path.open("rb") as file:
        try:
            data_set_offset = _data_set_offset(file)
            file.seek(0)
            dataset = dcmread(file, stop_before_pixels=True, defer_size=DEFERRED_VALUE_SIZE)
            transfer_syntax = str(dataset.file_meta.TransferSyntaxUID)
            stopped_at = file.tell()
            file_size = file.seek(0, 2)
            file.seek(stopped_at)
            offset, length = _pixel_data(file, dataset, transfer_syntax)
        except UNREADABLE as error:
            raise NotStorable("The object is not a readable DICOM data set.") from error
        except OSError as error:
            if error.errno is not None:  # the disk's; pydicom raises one without a number where a tag is missing
                raise
            raise NotStorable("The object is not a readable DICOM data set.") from error
    _require_all_of_it(path, dataset, data_set_offset, transfer_syntax)
    return Header(
        dataset=dataset,
        sop_class_uid=_uid(dataset, "SOPClassUID"),
        sop_instance_uid=_uid(dataset, "SOPInstanceUID"),
        study_instance_uid=_uid(dataset, "StudyInstanceUID"),
        series_instance_uid=_uid(dataset, "SeriesInstanceUID"),
        transfer_syntax_uid=transfer_syntax,
        data_set_offset=data_set_offset,
        pixel_data_offset=offset,
        pixel_data_length=length,
        file_size=file_size,
    )


def _require_all_of_it(path: Path, dataset: FileDataset, data_set_offset: int, transfer_syntax: str) -> None:
    """Refuse what was cut off; a deflated data set was checked when it was inflated."""
    if transfer_syntax == DeflatedExplicitVRLittleEndian:
        return
    implicit, little_endian = dataset.original_encoding
    try:
        require_complete(path, data_set_offset, implicit=bool(implicit), little_endian=bool(little_endian))
    except IncompleteError as error:
        raise NotStorable("The object ends before its data set does.") from error


def _uid(dataset: FileDataset, keyword: str) -> str:
    value = text(dataset, keyword)
    if not value:
        raise NotStorable(f"The object has no {keyword}.")
    if not is_valid_uid(value):
        raise NotStorable(f"The object's {keyword} is not a valid UID.")
    return value


def _data_set_offset(file: BinaryIO) -> int:
    """Return where the file meta information ends: at the first element outside group 0002."""
    if file.read(PREAMBLE_LENGTH)[-4:] != b"DICM":
        raise InvalidDicomError("no DICM prefix")
    while True:
        start = file.tell()
        head = file.read(8)
        if len(head) < 8 or head[:2] != b"\x02\x00":  # noqa: PLR2004  (tag, VR, length)
            return start
        if head[4:6] in LONG_VALUE_REPRESENTATIONS:
            (length,) = struct.unpack("<L", file.read(4))
        else:
            (length,) = struct.unpack("<H", head[6:])
        file.seek(length, 1)


def _pixel_data(file: BinaryIO, dataset: FileDataset, transfer_syntax: str) -> tuple[int | None, int | None]:
    """Return offset and length of the pixel data's value; the length is None when it is encapsulated.

    pydicom has stopped just before the element. In a deflated data set nothing has an offset in the file.
    """
    if transfer_syntax == DeflatedExplicitVRLittleEndian:
        return None, None
    order = "<" if dataset.original_encoding[1] else ">"
    head = file.read(8)
    if len(head) < 8:  # noqa: PLR2004  (tag and VR, or tag and length)
        return None, None
    group, element = struct.unpack(f"{order}HH", head[:4])
    if group != 0x7FE0 or element not in PIXEL_DATA_ELEMENTS:  # noqa: PLR2004
        return None, None
    # The bytes decide: some senders write implicit VR whatever they negotiated. An even length never looks like a VR.
    if head[4:6] in LONG_VALUE_REPRESENTATIONS:
        (length,) = struct.unpack(f"{order}L", file.read(4))
    else:
        (length,) = struct.unpack(f"{order}L", head[4:])
    return file.tell(), None if length == UNDEFINED_LENGTH else length

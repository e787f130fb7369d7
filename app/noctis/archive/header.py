"""The header of a Part 10 file: what the index needs, read without touching the pixels (PS3.10 7.1)."""

from __future__ import annotations

import mmap
import os
import struct
import zlib
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

from pydicom import dcmread
from pydicom.dataset import FileDataset
from pydicom.errors import BytesLengthException, InvalidDicomError
from pydicom.uid import DeflatedExplicitVRLittleEndian, ExplicitVRBigEndian, ImplicitVRLittleEndian

from noctis.archive.outline import (
    ANY_PIXEL_DATA,
    LARGEST_HEADER,
    LONG_VALUE_REPRESENTATIONS,
    IncompleteError,
    Outline,
    TooElaborateError,
    outline_of,
)
from noctis.dicom.attributes import text
from noctis.dicom.uids import is_valid_uid

PREAMBLE_LENGTH = 132
UNDEFINED_LENGTH = 0xFFFFFFFF
TRANSFER_SYNTAX = b"\x10\x00"
LARGEST_META = 1024 * 1024
CHUNK = 1024 * 1024
LARGEST_INFLATED = 256 * 1024 * 1024  # whoever shows such an object must hold it in memory
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


@dataclass
class Reading:
    """A header that is about to be indexed for a facility; ``header`` counts, ``stored`` is what the file says."""

    facility_id: int
    stored: Header
    header: Header


def read_header(path: Path) -> Header:
    """Read the header of ``path``; raise NotStorable where it is no whole DICOM file or lacks a valid UID.

    Elements of more than 64 kB are not in its ``dataset``: nothing that is indexed is that long.
    """
    with path.open("rb") as file:
        return header_of(file)


def header_of(file: BinaryIO) -> Header:
    """Read the header of an open file, as ``read_header`` does. Raises NotStorable."""
    try:
        return _read(file)
    except UNREADABLE as error:
        raise NotStorable("The object is not a readable DICOM data set.") from error
    except OSError as error:
        if error.errno is not None:  # the disk's; pydicom raises one without a number where a tag is missing
            raise
        raise NotStorable("The object is not a readable DICOM data set.") from error
    except IncompleteError as error:
        raise NotStorable("The object ends before its data set does.") from error
    except TooElaborateError as error:
        raise NotStorable("The object has too many elements or too deep ones.") from error


def _read(file: BinaryIO) -> Header:
    meta, transfer_syntax = _meta_information(file)
    deflated = transfer_syntax == DeflatedExplicitVRLittleEndian
    outline = _inflated_outline(file) if deflated else _outline(file, len(meta), transfer_syntax)
    small = outline.small + outline.rest
    encoded = BytesIO(meta + (_deflated(small) if deflated else small))
    dataset = dcmread(encoded, stop_before_pixels=True)
    pixels_at = outline.pixel_data
    if outline.rest:  # pydicom has stopped at the pixel data, or at the end
        pixels_at = outline.rest_from + encoded.tell() - len(meta) - len(outline.small)
    offset, length = (None, None) if deflated or pixels_at is None else _pixel_data(file, pixels_at, transfer_syntax)
    return Header(
        dataset=dataset,
        sop_class_uid=_uid(dataset, "SOPClassUID"),
        sop_instance_uid=_uid(dataset, "SOPInstanceUID"),
        study_instance_uid=_uid(dataset, "StudyInstanceUID"),
        series_instance_uid=_uid(dataset, "SeriesInstanceUID"),
        transfer_syntax_uid=transfer_syntax,
        data_set_offset=len(meta),
        pixel_data_offset=offset,
        pixel_data_length=length,
        file_size=os.fstat(file.fileno()).st_size,
    )


def _outline(file: BinaryIO, offset: int, transfer_syntax: str) -> Outline:
    with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        return outline_of(
            content,
            offset,
            implicit=_is_implicit(content[offset + 4 : offset + 6], transfer_syntax),
            little_endian=transfer_syntax != ExplicitVRBigEndian,
        )


def _inflated_outline(file: BinaryIO) -> Outline:
    """Inflate the whole data set to see that it is whole, and keep no more of it than a header needs (PS3.5 A.5)."""
    inflater = zlib.decompressobj(-zlib.MAX_WBITS)
    head, size = bytearray(), 0
    while not inflater.eof:
        deflated = inflater.unconsumed_tail or file.read(CHUNK)
        inflated = inflater.decompress(deflated, CHUNK)
        if not deflated and not inflated:
            raise IncompleteError
        size += len(inflated)
        if size > LARGEST_INFLATED:
            raise TooElaborateError
        if len(head) <= LARGEST_HEADER:
            head += inflated
    implicit = _is_implicit(bytes(head[4:6]), DeflatedExplicitVRLittleEndian)
    try:
        return outline_of(bytes(head), 0, implicit=implicit, little_endian=True, ends_early=True)
    except IncompleteError as error:
        raise (TooElaborateError if len(head) < size else IncompleteError) from error


def _deflated(encoded: bytes) -> bytes:
    """Return what pydicom expects in this transfer syntax."""
    compressor = zlib.compressobj(level=0, wbits=-zlib.MAX_WBITS)
    return compressor.compress(encoded) + compressor.flush()


def _is_implicit(representation: bytes, transfer_syntax: str) -> bool:
    """Whether the elements have no value representation: the bytes decide, as some senders do not do what they say."""
    if len(representation) < 2:  # noqa: PLR2004  (two letters)
        return transfer_syntax == ImplicitVRLittleEndian
    return not all(ord("A") <= letter <= ord("Z") for letter in representation)


def _uid(dataset: FileDataset, keyword: str) -> str:
    value = text(dataset, keyword)
    if not value:
        raise NotStorable(f"The object has no {keyword}.")
    if not is_valid_uid(value):
        raise NotStorable(f"The object's {keyword} is not a valid UID.")
    return value


def _meta_information(file: BinaryIO) -> tuple[bytes, str]:
    """Return what stands before the first element outside group 0002, and the transfer syntax that is stated there."""
    head = file.read(LARGEST_META)
    if head[PREAMBLE_LENGTH - 4 : PREAMBLE_LENGTH] != b"DICM":
        raise InvalidDicomError("no DICM prefix")
    position, transfer_syntax = PREAMBLE_LENGTH, ""
    while head[position : position + 2] == b"\x02\x00":
        number, representation = head[position + 2 : position + 4], head[position + 4 : position + 6]
        if representation in LONG_VALUE_REPRESENTATIONS:
            value, length = position + 12, struct.unpack_from("<L", head, position + 8)[0]
        else:
            value, length = position + 8, struct.unpack_from("<H", head, position + 6)[0]
        position = value + length
        if number == TRANSFER_SYNTAX:
            transfer_syntax = head[value:position].rstrip(b"\0 ").decode("ascii")
    if not transfer_syntax or position > len(head):
        raise InvalidDicomError("no file meta information")
    file.seek(position)
    return head[:position], transfer_syntax


def _pixel_data(file: BinaryIO, position: int, transfer_syntax: str) -> tuple[int | None, int | None]:
    """Return offset and length of the pixel data's value; the length is None when it is encapsulated.

    ``position`` is where its element begins, or where the data set ends without one.
    """
    order = "<" if transfer_syntax != ExplicitVRBigEndian else ">"
    file.seek(position)
    head = file.read(8)
    if len(head) < 8:  # noqa: PLR2004  (tag and VR, or tag and length)
        return None, None
    group, element = struct.unpack(f"{order}HH", head[:4])
    if (group, element) not in ANY_PIXEL_DATA:
        return None, None
    # The bytes decide: some senders write implicit VR whatever they negotiated. An even length never looks like a VR.
    if head[4:6] in LONG_VALUE_REPRESENTATIONS:
        (length,) = struct.unpack(f"{order}L", file.read(4))
    else:
        (length,) = struct.unpack(f"{order}L", head[4:])
    return file.tell(), None if length == UNDEFINED_LENGTH else length

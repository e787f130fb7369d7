"""Whether a data set's bytes reach their own end: a walk over lengths, without decoding values (PS3.5 7.1, 7.5, A.4).

A transfer that was cut off, or a file that a modality wrote only in part, must not be answered with Success: pydicom
reads such data sets without complaint.
"""

from __future__ import annotations

import mmap
import struct
from pathlib import Path
from typing import Final

UNDEFINED_LENGTH: Final = 0xFFFFFFFF
LONG_VALUE_REPRESENTATIONS: Final = frozenset(
    {b"OB", b"OW", b"OF", b"OD", b"OL", b"OV", b"SQ", b"SV", b"UN", b"UT", b"UC", b"UR", b"UV"}
)
SHORT_VALUE_REPRESENTATIONS: Final = frozenset(
    b"AE AS AT CS DA DS DT FD FL IS LO LT PN SH SL SS ST TM UI UL US".split()
)
ITEM: Final = (0xFFFE, 0xE000)
ITEM_DELIMITER: Final = (0xFFFE, 0xE00D)
SEQUENCE_DELIMITER: Final = (0xFFFE, 0xE0DD)
PIXEL_DATA: Final = (0x7FE0, 0x0010)
DEEPEST_NESTING: Final = 64


class IncompleteError(Exception):
    """The bytes end before the data set does, or are no data set at all."""


class _Unknown(Exception):
    """Something that this walk does not know; nothing can be said about completeness."""


def require_complete(path: Path, offset: int, *, implicit: bool, little_endian: bool) -> None:
    """Raise IncompleteError unless the data set from ``offset`` on ends where the file ends; zeros may follow it."""
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        walk = _Walk(content, little_endian=little_endian)
        try:
            walk.data_set(offset, implicit=implicit)
        except _Unknown:
            return
        except struct.error as error:
            raise IncompleteError from error


class _Walk:
    """Goes from element to element of one file."""

    def __init__(self, content: mmap.mmap, *, little_endian: bool) -> None:
        self._content = content
        self._size = len(content)
        order = "<" if little_endian else ">"
        self._tag = struct.Struct(f"{order}HH")
        self._short = struct.Struct(f"{order}H")
        self._long = struct.Struct(f"{order}L")

    def data_set(self, position: int, *, implicit: bool) -> None:
        """Walk the top level to the end of the file."""
        while position < self._size:
            if self._tag.unpack_from(self._content, position)[0] == 0:
                self._require_padding(position)
                return
            position = self._element(position, implicit=implicit, depth=0)

    def _element(self, position: int, *, implicit: bool, depth: int) -> int:
        """Return where the element at ``position`` ends."""
        tag = self._tag.unpack_from(self._content, position)
        value, length, representation = self._head(position, implicit=implicit)
        if length != UNDEFINED_LENGTH:
            return self._skip(value, length)
        if tag == PIXEL_DATA:
            return self._fragments(value)
        # the items of an unknown sequence are in implicit VR (PS3.5 6.2.2 note 4)
        return self._items(value, implicit=implicit or representation == b"UN", depth=depth + 1)

    def _head(self, position: int, *, implicit: bool) -> tuple[int, int, bytes]:
        """Return where the value begins, its length and its representation."""
        representation = self._content[position + 4 : position + 6]
        if implicit:
            return position + 8, self._long.unpack_from(self._content, position + 4)[0], b""
        if representation in LONG_VALUE_REPRESENTATIONS:
            return position + 12, self._long.unpack_from(self._content, position + 8)[0], representation
        if representation in SHORT_VALUE_REPRESENTATIONS:
            return position + 8, self._short.unpack_from(self._content, position + 6)[0], representation
        if len(representation) < 2:  # noqa: PLR2004  (two letters)
            raise IncompleteError
        raise _Unknown

    def _items(self, position: int, *, implicit: bool, depth: int) -> int:
        if depth > DEEPEST_NESTING:
            raise IncompleteError
        while True:
            tag = self._tag.unpack_from(self._content, position)
            (length,) = self._long.unpack_from(self._content, position + 4)
            position += 8
            if tag == SEQUENCE_DELIMITER:
                return position
            if tag != ITEM:
                raise _Unknown
            if length != UNDEFINED_LENGTH:
                position = self._skip(position, length)
                continue
            while self._tag.unpack_from(self._content, position) != ITEM_DELIMITER:
                position = self._element(position, implicit=implicit, depth=depth)
            position = self._skip(position, 8)

    def _fragments(self, position: int) -> int:
        """Walk encapsulated pixel data: items of known length until the delimiter (PS3.5 A.4)."""
        while True:
            tag = self._tag.unpack_from(self._content, position)
            (length,) = self._long.unpack_from(self._content, position + 4)
            position += 8
            if tag == SEQUENCE_DELIMITER:
                return position
            if tag != ITEM or length == UNDEFINED_LENGTH:
                raise IncompleteError
            position = self._skip(position, length)

    def _skip(self, position: int, length: int) -> int:
        if position + length > self._size:
            raise IncompleteError
        return position + length

    def _require_padding(self, position: int) -> None:
        while chunk := self._content[position : position + 65536]:
            if chunk.strip(b"\0"):
                raise IncompleteError
            position += len(chunk)

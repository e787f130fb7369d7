"""The outline of a data set: where its elements lie, found by their lengths alone (PS3.5 7.1, 7.5, A.4).

A transfer that was cut off must not be answered with Success, and what was made to fill the memory must not be read.
pydicom takes the one without complaint and the other until nothing is left; so it gets only what this walk gives out.
"""

from __future__ import annotations

import mmap
import struct
from dataclasses import dataclass
from typing import Final, TypeAlias

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
SPECIFIC_CHARACTER_SET: Final = (0x0008, 0x0005)
PIXEL_DATA: Final = (0x7FE0, 0x0010)
ANY_PIXEL_DATA: Final = frozenset({PIXEL_DATA, (0x7FE0, 0x0008), (0x7FE0, 0x0009)})
DEEPEST_NESTING: Final = 64
MOST_ELEMENTS: Final = 4_000_000  # in the whole object, items included
MOST_SMALL_ELEMENTS: Final = 100_000
LARGEST_SMALL_ELEMENT: Final = 64 * 1024
LARGEST_HEADER: Final = 16 * 1024 * 1024
UNKNOWN_REST: Final = 1024 * 1024

Content: TypeAlias = "mmap.mmap | bytes"


class IncompleteError(Exception):
    """The bytes end before the data set does, or are no data set at all."""


class TooElaborateError(Exception):
    """There are more elements, or deeper ones, than an object can need."""


class _Unknown(Exception):
    """Something that this walk does not know; nothing can be said about what follows."""


@dataclass(frozen=True)
class Outline:
    """The small elements before the pixel data, as they are encoded, and where the element of the pixel data begins.

    ``rest`` is what follows before the pixel data, from ``rest_from`` on, where the walk came upon something unknown.
    """

    small: bytes
    pixel_data: int | None = None
    rest: bytes = b""
    rest_from: int = 0


def outline_of(
    content: Content, offset: int, *, implicit: bool, little_endian: bool, ends_early: bool = False
) -> Outline:
    """Return the outline of the data set from ``offset`` to the end of ``content``; zeros may follow it.

    With ``ends_early`` the content need not reach further than the pixel data. Raises IncompleteError and
    TooElaborateError.
    """
    walk = _Walk(content, little_endian=little_endian)
    try:
        return walk.data_set(offset, implicit=implicit, ends_early=ends_early)
    except struct.error as error:
        raise IncompleteError from error


class _Walk:
    """Goes from element to element of one object."""

    def __init__(self, content: Content, *, little_endian: bool) -> None:
        self._content = content
        self._size = len(content)
        self._count = 0
        order = "<" if little_endian else ">"
        self._tag = struct.Struct(f"{order}HH")
        self._short = struct.Struct(f"{order}H")
        self._long = struct.Struct(f"{order}L")
        self._encoded_item = self._tag.pack(*ITEM)

    def data_set(self, position: int, *, implicit: bool, ends_early: bool) -> Outline:
        """Walk the top level to its end."""
        small, small_count = bytearray(), 0
        pixel_data: int | None = None
        while position < self._size:
            start, count_before = position, self._count
            tag = self._tag.unpack_from(self._content, position)
            if tag[0] == 0:
                self._require_padding(position)
                break
            if pixel_data is None and tag in ANY_PIXEL_DATA:
                pixel_data = position
            if pixel_data is not None and ends_early:
                break
            try:
                position = self._element(position, implicit=implicit, depth=0)
            except _Unknown:
                rest = self._content[start : start + UNKNOWN_REST] if pixel_data is None else b""
                return Outline(bytes(small), pixel_data, rest, start)
            if tag == SPECIFIC_CHARACTER_SET and position - start > LARGEST_SMALL_ELEMENT:
                raise TooElaborateError  # pydicom would read this one whole
            if pixel_data is None and position - start <= LARGEST_SMALL_ELEMENT:
                small += self._content[start:position]
                small_count += self._count - count_before
                if small_count > MOST_SMALL_ELEMENTS or len(small) > LARGEST_HEADER:
                    raise TooElaborateError
        return Outline(bytes(small), pixel_data)

    def _element(self, position: int, *, implicit: bool, depth: int) -> int:
        """Return where the element at ``position`` ends."""
        self._count_one()
        tag = self._tag.unpack_from(self._content, position)
        value, length, representation = self._head(position, implicit=implicit)
        # the items of an unknown sequence are in implicit VR (PS3.5 6.2.2 note 4)
        inner_implicit = implicit or representation == b"UN"
        if length != UNDEFINED_LENGTH:
            end = self._skip(value, length)
            if representation == b"SQ" or (inner_implicit and self._content[value : value + 4] == self._encoded_item):
                self._look_into(value, end, implicit=inner_implicit, depth=depth + 1)
            return end
        if tag == PIXEL_DATA:
            return self._fragments(value)
        return self._items(value, implicit=inner_implicit, depth=depth + 1)

    def _count_one(self) -> None:
        self._count += 1
        if self._count > MOST_ELEMENTS:
            raise TooElaborateError

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
        """Return where a sequence of undefined length ends."""
        if depth > DEEPEST_NESTING:
            raise TooElaborateError
        while True:
            self._count_one()
            tag = self._tag.unpack_from(self._content, position)
            (length,) = self._long.unpack_from(self._content, position + 4)
            position += 8
            if tag == SEQUENCE_DELIMITER:
                return position
            if tag != ITEM:
                raise _Unknown
            if length != UNDEFINED_LENGTH:
                end = self._skip(position, length)
                self._look_into_item(position, end, implicit=implicit, depth=depth)
                position = end
                continue
            while self._tag.unpack_from(self._content, position) != ITEM_DELIMITER:
                position = self._element(position, implicit=implicit, depth=depth)
            position = self._skip(position, 8)

    def _look_into(self, position: int, end: int, *, implicit: bool, depth: int) -> None:
        """Raise TooElaborateError for what is nested too deep within a sequence whose end is known."""
        if depth > DEEPEST_NESTING:
            raise TooElaborateError
        while position + 8 <= end and self._tag.unpack_from(self._content, position) == ITEM:
            self._count_one()
            (length,) = self._long.unpack_from(self._content, position + 4)
            inner_end = end if length == UNDEFINED_LENGTH else min(position + 8 + length, end)
            position = self._look_into_item(position + 8, inner_end, implicit=implicit, depth=depth)

    def _look_into_item(self, position: int, end: int, *, implicit: bool, depth: int) -> int:
        """Return where an item ends, at ``end`` or before it; what is wrong within it does no harm to the whole."""
        try:
            while position < end:
                if self._tag.unpack_from(self._content, position) == ITEM_DELIMITER:
                    return position + 8
                position = self._element(position, implicit=implicit, depth=depth)
        except (IncompleteError, struct.error, _Unknown):
            pass
        return end

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

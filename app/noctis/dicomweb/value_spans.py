"""Where a value lies in a stored file, found by the lengths of what stands before it (PS3.5 7.1, 7.5)."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Final

from noctis.archive.header import PREAMBLE_LENGTH
from noctis.archive.outline import LONG_VALUE_REPRESENTATIONS, SHORT_VALUE_REPRESENTATIONS, UNDEFINED_LENGTH
from noctis.dicomweb.fragments import Source, Span

META_GROUP: Final = 0x0002
ITEM: Final = 0xFFFEE000
ITEM_DELIMITER: Final = 0xFFFEE00D
SEQUENCE_DELIMITER: Final = 0xFFFEE0DD
_HEAD: Final = 12


class _NotFound(Exception):
    """The walk came upon something that it does not know, or there is no such value."""


@dataclass(frozen=True)
class _Element:
    tag: int
    value: int
    length: int


def value_span(source: Source, path: str) -> Span | None:
    """Return where the value at ``path`` lies in a Part 10 file; see to_dicom_json for the form of a path.

    None where there is no such value, or where this walk cannot tell, as in big endian and deflated files.
    """
    *steps, last = path.split("/")
    try:
        walk, position = _behind_meta_information(source)
        end = source.size
        for tag, index in zip(steps[::2], steps[1::2], strict=True):
            sequence = walk.find(position, end, int(tag, 16))
            position, end = walk.item(sequence, int(index))
        element = walk.find(position, end, int(last, 16))
    except (_NotFound, struct.error, RecursionError):
        return None
    if element.length == UNDEFINED_LENGTH or element.value + element.length > source.size:
        return None
    return Span(element.value, element.length)


def _behind_meta_information(source: Source) -> tuple[_Walk, int]:
    """Return a walk of the data set and where it begins; the bytes say whether its elements have a VR."""
    walk, position = _Walk(source, implicit=False), PREAMBLE_LENGTH
    while struct.unpack("<H", source.read(position, 2))[0] == META_GROUP:
        element = walk.element(position)
        position = element.value + element.length
    representation = source.read(position + 4, 2)
    is_known = representation in LONG_VALUE_REPRESENTATIONS or representation in SHORT_VALUE_REPRESENTATIONS
    return _Walk(source, implicit=not is_known), position


class _Walk:
    """Goes from element to element of a data set in little endian."""

    def __init__(self, source: Source, *, implicit: bool) -> None:
        self._source = source
        self._implicit = implicit

    def find(self, position: int, end: int, wanted: int) -> _Element:
        """Return the element with this tag between two positions; elements stand in the order of their tags."""
        while position < end:
            element = self.element(position)
            if element.tag == wanted:
                return element
            if element.tag > wanted:
                break
            position = self._behind(element)
        raise _NotFound

    def item(self, sequence: _Element, index: int) -> tuple[int, int]:
        """Return where the elements of an item begin, and what they do not reach beyond."""
        end = self._source.size if sequence.length == UNDEFINED_LENGTH else sequence.value + sequence.length
        position = sequence.value
        while position < end:
            item = self._item_head(position)
            if item.tag != ITEM:
                break
            if index == 0:
                return item.value, end if item.length == UNDEFINED_LENGTH else item.value + item.length
            index -= 1
            position = self._behind_item(item)
        raise _NotFound

    def element(self, position: int) -> _Element:
        """Return tag and extent of the element at ``position``."""
        head = self._source.read(position, _HEAD)
        group, number = struct.unpack_from("<HH", head)
        tag = group << 16 | number
        representation = head[4:6]
        if self._implicit or tag in {ITEM, ITEM_DELIMITER, SEQUENCE_DELIMITER}:
            return _Element(tag, position + 8, struct.unpack_from("<L", head, 4)[0])
        if representation in LONG_VALUE_REPRESENTATIONS:
            return _Element(tag, position + 12, struct.unpack_from("<L", head, 8)[0])
        if representation in SHORT_VALUE_REPRESENTATIONS:
            return _Element(tag, position + 8, struct.unpack_from("<H", head, 6)[0])
        raise _NotFound

    def _item_head(self, position: int) -> _Element:
        element = self.element(position)
        if element.tag not in {ITEM, SEQUENCE_DELIMITER}:
            raise _NotFound
        return element

    def _behind(self, element: _Element) -> int:
        if element.length != UNDEFINED_LENGTH:
            return element.value + element.length
        position = element.value
        while (item := self._item_head(position)).tag == ITEM:
            position = self._behind_item(item)
        return item.value

    def _behind_item(self, item: _Element) -> int:
        if item.length != UNDEFINED_LENGTH:
            return item.value + item.length
        position = item.value
        while (element := self.element(position)).tag != ITEM_DELIMITER:
            position = self._behind(element)
        return element.value

"""Frames of encapsulated pixel data: which bytes of the file belong to which frame (PS3.5 A.4)."""

from __future__ import annotations

import struct
from array import array
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from noctis.dicomweb.errors import UnreadableInstance

ITEM: Final = 0xE000FFFE
SEQUENCE_DELIMITER: Final = 0xE0DDFFFE
UNDEFINED_LENGTH: Final = 0xFFFFFFFF
ITEM_HEAD: Final = 8
# JPEG and JPEG-LS start of image, JPEG 2000 start of codestream, the start of a JP2 file and of a JPEG XL one.
_FRAME_STARTS: Final = (b"\xff\xd8", b"\xff\x4f", b"\x00\x00\x00\x0c", b"\xff\x0a")


@dataclass(frozen=True)
class Span:
    """Bytes of a source."""

    offset: int
    length: int


class Source(Protocol):
    """Something to read bytes from: a file, or a data set that had to be inflated."""

    @property
    def size(self) -> int:
        """The length in bytes."""

    def read(self, offset: int, length: int) -> bytes:
        """Return the bytes of a span, fewer at the end."""


@dataclass(frozen=True)
class FrameIndex:
    """The fragments of one object; frame ``n`` (from 0) begins with fragment ``first_fragments[n]``."""

    offsets: array[int]
    lengths: array[int]
    first_fragments: array[int]

    @property
    def number_of_frames(self) -> int:
        """How many frames the fragments make."""
        return len(self.first_fragments)

    def spans(self, number: int) -> tuple[Span, ...]:
        """Return where the bytes of frame ``number``, from 0, lie."""
        first = self.first_fragments[number]
        after = self.first_fragments[number + 1] if number + 1 < len(self.first_fragments) else len(self.offsets)
        return tuple(Span(self.offsets[i], self.lengths[i]) for i in range(first, after))


def index_frames(source: Source, start: int, number_of_frames: int) -> FrameIndex:
    """Find the frames of the pixel data whose value begins at ``start``.

    The fragments are always walked; the Basic Offset Table decides only where it agrees with them. An Extended Offset
    Table says nothing new, because it allows but one fragment for each frame (PS3.5 A.4).
    """
    table_length = _item_length(source, start)
    first_item = start + ITEM_HEAD + table_length
    table = source.read(start + ITEM_HEAD, table_length - table_length % 4)
    if len(table) % 4 or first_item > source.size:
        raise UnreadableInstance("The pixel data ends within its offset table.")
    offsets, lengths = _fragments(source, first_item)
    stated = struct.unpack(f"<{len(table) // 4}L", table)
    return FrameIndex(offsets, lengths, _first_fragments(source, first_item, stated, offsets, number_of_frames))


def _item_length(source: Source, offset: int) -> int:
    head = source.read(offset, ITEM_HEAD)
    if len(head) < ITEM_HEAD:
        raise UnreadableInstance("The pixel data ends before its first fragment.")
    tag, length = struct.unpack("<LL", head)
    if tag != ITEM or length == UNDEFINED_LENGTH:
        raise UnreadableInstance("The encapsulated pixel data does not begin with an offset table.")
    return int(length)


def _fragments(source: Source, position: int) -> tuple[array[int], array[int]]:
    """Return offsets and lengths of all fragments; each step goes at least 8 bytes on, so that the walk ends."""
    offsets, lengths = array("Q"), array("Q")
    while len(head := source.read(position, ITEM_HEAD)) == ITEM_HEAD:
        tag, length = struct.unpack("<LL", head)
        if tag != ITEM or length == UNDEFINED_LENGTH:
            break  # the delimiter, or damage: what was found so far may still be whole
        offsets.append(position + ITEM_HEAD)
        lengths.append(length)
        position += ITEM_HEAD + length
    if not offsets:
        raise UnreadableInstance("The pixel data holds no fragment.")
    return offsets, lengths


def _first_fragments(
    source: Source, first_item: int, stated: Sequence[int], offsets: array[int], number_of_frames: int
) -> array[int]:
    if number_of_frames == 1:
        return array("Q", [0])
    if from_table := _from_offset_table(stated, first_item, offsets, number_of_frames):
        return from_table
    if len(offsets) == number_of_frames:
        return array("Q", range(number_of_frames))
    if len(offsets) > number_of_frames:
        starts = array("Q", (i for i, offset in enumerate(offsets) if source.read(offset, 4).startswith(_FRAME_STARTS)))
        if len(starts) == number_of_frames and starts[0] == 0:
            return starts
    if len(offsets) < number_of_frames:
        return array("Q", range(len(offsets)))  # a transfer that broke off: the frames that came are good
    raise UnreadableInstance(f"{len(offsets)} fragments cannot be told apart into {number_of_frames} frames.")


def _from_offset_table(
    stated: Sequence[int], first_item: int, offsets: array[int], number_of_frames: int
) -> array[int] | None:
    """Return the table's answer where each of its entries points at a fragment, in ascending order."""
    if len(stated) != number_of_frames or stated[0] != 0:
        return None
    found = array("Q")
    for entry in stated:
        wanted = first_item + entry + ITEM_HEAD
        index = bisect_left(offsets, wanted)
        if index == len(offsets) or offsets[index] != wanted or (found and index <= found[-1]):
            return None
        found.append(index)
    return found

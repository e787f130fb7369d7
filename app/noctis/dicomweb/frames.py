"""Frames of a stored instance, read from the offset that the index recorded: no header is parsed (PS3.5 8 and A)."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final

import numpy as np
from pydicom.uid import DeflatedExplicitVRLittleEndian, ExplicitVRBigEndian

from noctis.archive.models import Instance
from noctis.dicom.transfer_syntaxes import TransferSyntax, transfer_syntax
from noctis.dicomweb.data_sets import read_data_set, stored_path, turned_round
from noctis.dicomweb.errors import NoSuchResource, UnreadableInstance
from noctis.dicomweb.fragments import FrameIndex, Source, Span, index_frames

CHUNK: Final = 1024 * 1024
EXPLICIT_VR_HEAD: Final = 8  # VR, two reserved bytes and the length stand before the value
INDEX_CACHE_SIZE: Final = 64


@dataclass(frozen=True)
class Frame:
    """The bytes of one frame: spans of the source, or bytes that had to be rearranged."""

    spans: tuple[Span, ...] = ()
    data: bytes = b""

    @property
    def length(self) -> int:
        """The length in bytes."""
        return len(self.data) + sum(span.length for span in self.spans)


class StoredFile:
    """A file that is read by position, so that several threads could."""

    def __init__(self, path: Path) -> None:
        """Open ``path``."""
        try:
            self._file = path.open("rb", buffering=0)
        except OSError as error:
            raise UnreadableInstance("The stored file of this instance cannot be opened.") from error
        self.size = os.fstat(self._file.fileno()).st_size

    def read(self, offset: int, length: int) -> bytes:
        """Return the bytes of a span, fewer at the end of the file."""
        return os.pread(self._file.fileno(), length, offset)

    def close(self) -> None:
        """Close the file."""
        self._file.close()


class Memory:
    """Bytes in memory, read like a file."""

    def __init__(self, data: bytes) -> None:
        """Keep ``data``."""
        self._data = data
        self.size = len(data)

    def read(self, offset: int, length: int) -> bytes:
        """Return the bytes of a span."""
        return self._data[offset : offset + length]

    def close(self) -> None:
        """Do nothing."""


@lru_cache(maxsize=INDEX_CACHE_SIZE)
def _index_of(path: Path, offset: int, number_of_frames: int) -> FrameIndex:
    """Return the frame index of a stored file; stored files never change, so it may be kept."""
    file = StoredFile(path)
    try:
        return index_frames(file, offset, number_of_frames)
    finally:
        file.close()


class FrameReader:
    """Reads the frames of one instance; close it in the end."""

    def __init__(self, instance: Instance) -> None:
        """Open the stored file; raises NoSuchResource where the instance holds no frames."""
        if not instance.number_of_frames:
            raise NoSuchResource("This instance holds no frames.")
        self._instance = instance
        self.syntax: TransferSyntax = transfer_syntax(instance.transfer_syntax_uid)
        self._source: StoredFile | Memory
        if instance.transfer_syntax_uid == DeflatedExplicitVRLittleEndian:
            data = _inflated_pixels(stored_path(instance))
            self._source, self._offset, self._length = Memory(data), 0, len(data)
        elif instance.pixel_data_offset is None:
            raise NoSuchResource("This instance holds no pixel data.")
        else:
            self._source = StoredFile(stored_path(instance))
            self._offset = instance.pixel_data_offset
            self._length = instance.pixel_data_length or 0

    def close(self) -> None:
        """Close the stored file."""
        self._source.close()

    @property
    def count(self) -> int:
        """How many frames can be asked for; all frames of a video are one stream."""
        return 1 if self.syntax.frame_media_type.startswith("video/") else self._instance.number_of_frames

    def frame(self, number: int) -> Frame:
        """Return frame ``number``, from 1, as it is stored; native pixels in little endian.

        Raises NoSuchResource where there is no such frame, UnreadableInstance where its bytes are not all there.
        """
        if not 1 <= number <= self.count:
            raise NoSuchResource(f"There is no frame {number}; this instance has {self.count}.")
        if self.syntax.encapsulated:
            return self._encapsulated(number - 1)
        return self._native(number - 1)

    def stream(self) -> tuple[StoredFile | Memory, list[Span]]:
        """Return the open source and where all that the fragments hold lies in it: the bytes of a video."""
        return self._source, list(self.frame(1).spans)

    def chunks(self, frame: Frame) -> Iterator[bytes]:
        """Yield the bytes of ``frame``."""
        if frame.data:
            yield frame.data
        for span in frame.spans:
            yield from read_span(self._source, span)

    def bytes_of(self, frame: Frame) -> bytes:
        """Return the bytes of ``frame``."""
        return b"".join(self.chunks(frame))

    def _encapsulated(self, number: int) -> Frame:
        index = _index_of(stored_path(self._instance), self._offset, self.count)
        if number >= index.number_of_frames:
            raise UnreadableInstance(f"The object ends before frame {number + 1}.")
        frame = Frame(index.spans(number))
        if any(span.offset + span.length > self._source.size for span in frame.spans):
            raise UnreadableInstance(f"The object ends within frame {number + 1}.")
        return frame

    def _native(self, number: int) -> Frame:
        bits = self._bits_per_frame()
        first_bit, last_bit = number * bits, (number + 1) * bits
        span = Span(first_bit // 8, -(-last_bit // 8) - first_bit // 8)
        if span.offset + span.length > min(self._length, self._source.size - self._offset):
            raise UnreadableInstance(f"The pixel data ends before frame {number + 1} does.")
        word = self._swapped_word()
        whole_bytes = bits % 8 == 0
        if word == 1 and whole_bytes:
            return Frame((Span(self._offset + span.offset, span.length),))
        data = self._swapped(span, word)
        return Frame(data=data if whole_bytes else _shifted(data, first_bit % 8, bits))

    def _bits_per_frame(self) -> int:
        """Return the bits of one native frame; YBR_FULL_422 stores two samples for each pixel instead of three."""
        instance = self._instance
        pixels = (instance.rows or 0) * (instance.columns or 0)
        bits = pixels * (instance.samples_per_pixel or 1) * (instance.bits_allocated or 8)
        if instance.samples_per_pixel == 3 and instance.bits_allocated == 8:  # noqa: PLR2004
            subsampled = pixels * 2
            if 0 <= self._length - subsampled * instance.number_of_frames <= 1:
                return subsampled * 8
        return bits

    def _swapped_word(self) -> int:
        """Return the length of the words that big endian turned round; 1 where nothing was (PS3.5 7.3, 8.1.1)."""
        if self._instance.transfer_syntax_uid != ExplicitVRBigEndian:
            return 1
        bits = self._instance.bits_allocated or 8
        if bits > 8:  # noqa: PLR2004
            return bits // 8
        vr = self._source.read(self._offset - EXPLICIT_VR_HEAD, 2)
        return 2 if vr == b"OW" else 1

    def _swapped(self, span: Span, word: int) -> bytes:
        """Return bytes of the pixel data with each word turned round; a span may begin or end within a word."""
        start = span.offset - span.offset % word
        end = -(-(span.offset + span.length) // word) * word
        data = self._source.read(self._offset + start, end - start)
        if word > 1:
            data = turned_round(data, word)
        return data[span.offset - start :][: span.length]


def read_span(source: Source, span: Span) -> Iterator[bytes]:
    """Yield the bytes of a span in chunks of moderate size."""
    offset, end = span.offset, span.offset + span.length
    while offset < end:
        chunk = source.read(offset, min(CHUNK, end - offset))
        if not chunk:
            raise UnreadableInstance("The stored file became shorter while it was read.")
        yield chunk
        offset += len(chunk)


def _shifted(data: bytes, first_bit: int, bits: int) -> bytes:
    """Return ``bits`` bits of ``data`` from ``first_bit`` on, packed from the least significant bit (PS3.5 8.1.1)."""
    unpacked = np.unpackbits(np.frombuffer(data, dtype=np.uint8), bitorder="little")
    return np.packbits(unpacked[first_bit : first_bit + bits], bitorder="little").tobytes()


def _inflated_pixels(path: Path) -> bytes:
    """Return the pixel data of a deflated data set, in which nothing has an offset."""
    value = read_data_set(path, with_pixels=True).get("PixelData")
    if not isinstance(value, bytes):
        raise NoSuchResource("This instance holds no pixel data.")
    return value

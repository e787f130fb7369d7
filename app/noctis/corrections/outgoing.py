"""Stored objects as they go out: corrected up to the pixel data, which is sent on byte by byte (PS3.10 7).

Nothing is kept: an object is corrected each time it is sent. Transfer syntax and SOP Instance UID stay as they are.
"""

from __future__ import annotations

import io
import os
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pydicom import dcmread
from pydicom.dataelem import RawDataElement
from pydicom.dataset import FileDataset
from pydicom.filebase import DicomBytesIO
from pydicom.filewriter import write_dataset
from pydicom.uid import DeflatedExplicitVRLittleEndian

from noctis.archive.header import UNREADABLE
from noctis.corrections.data_sets import apply_overlay
from noctis.corrections.overlays import Overlay

CHUNK: Final = 1024 * 1024


class CannotCorrect(Exception):
    """The stored object cannot be read, so that it cannot be corrected; it must not go out as it is."""


@dataclass(frozen=True)
class Corrected:
    """An object as it goes out: ``meta`` and ``head``, then what the stored file holds from ``tail`` on."""

    path: Path
    meta: bytes
    head: bytes
    tail: int
    size: int

    @property
    def data_set_length(self) -> int:
        """The length of the data set in bytes."""
        return len(self.head) + self.size - self.tail

    @property
    def length(self) -> int:
        """The length of the whole file in bytes."""
        return len(self.meta) + self.data_set_length

    def chunks(self) -> Iterator[bytes]:
        """Yield the bytes of the whole file. Raises OSError."""
        yield self.meta
        with self.open_data_set() as data_set:
            while chunk := data_set.read(CHUNK):
                yield chunk

    def open_data_set(self) -> io.BufferedReader:
        """Open the data set for reading. Raises OSError."""
        return io.BufferedReader(_HeadAndTail(self.head, self.path, self.tail), CHUNK)


def corrected(path: Path, data_set_offset: int, overlay: Overlay | None) -> Corrected | None:
    """Return a stored object corrected; None where it says already what it should. Raises CannotCorrect and OSError."""
    if overlay is None:
        return None
    with path.open("rb") as file:
        meta = file.read(data_set_offset)
        file.seek(0)
        try:
            dataset = dcmread(file, stop_before_pixels=True)
            deflated = dataset.file_meta.TransferSyntaxUID == DeflatedExplicitVRLittleEndian
            if deflated:
                file.seek(0)
                dataset = dcmread(file)
            size = os.fstat(file.fileno()).st_size
            tail = size if deflated else file.tell()
            _believe_the_bytes(dataset)
            if not apply_overlay(dataset, overlay):
                return None
            head = _encoded(dataset)
        except (*UNREADABLE, zlib.error) as error:
            raise CannotCorrect("it cannot be read to be corrected") from error
    return Corrected(path, meta, _deflate(head) if deflated else head, tail, size)


def _believe_the_bytes(dataset: FileDataset) -> None:
    """Remember whether the elements have a VR: some senders write implicit VR whatever the transfer syntax says."""
    raw = next((one for one in dataset.values() if isinstance(one, RawDataElement)), None)
    if raw is not None:
        encodings = dataset.original_character_set
        dataset.set_original_encoding(raw.is_implicit_VR, raw.is_little_endian, encodings)


def _encoded(dataset: FileDataset) -> bytes:
    """Return a data set in the encoding in which it was read."""
    buffer = DicomBytesIO()
    is_implicit, is_little_endian = dataset.original_encoding
    buffer.is_implicit_VR, buffer.is_little_endian = bool(is_implicit), bool(is_little_endian)
    write_dataset(buffer, dataset)
    return buffer.getvalue()


def _deflate(encoded: bytes) -> bytes:
    """Return a data set as PS3.5 A.5 wants it: deflated, filled up to an even length."""
    compressor = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    deflated = compressor.compress(encoded) + compressor.flush()
    return deflated + b"\0" * (len(deflated) % 2)


class _HeadAndTail(io.RawIOBase):
    """Some bytes, and then a file from a position on."""

    def __init__(self, head: bytes, path: Path, tail: int) -> None:
        self._head = memoryview(head)
        self._file = path.open("rb", buffering=0)
        self._file.seek(tail)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: object) -> int:
        target = memoryview(buffer)  # type: ignore[arg-type]  # whatever takes bytes
        if self._head:
            count = min(len(target), len(self._head))
            target[:count] = self._head[:count]
            self._head = self._head[count:]
            return count
        return self._file.readinto(target) or 0

    def close(self) -> None:
        self._file.close()
        super().close()

"""Stored data sets in another transfer syntax, for a peer that does not take the stored one; pixels stay the same.

What is compressed is decompressed; nothing is ever compressed. This works in memory, one instance at a time.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable
from io import BytesIO
from typing import Final

import numpy as np
from PIL import Image
from pydicom import dcmread
from pydicom.dataset import Dataset
from pydicom.filebase import DicomBytesIO
from pydicom.filewriter import write_dataset
from pydicom.uid import UID, ExplicitVRBigEndian

from noctis.archive.header import UNREADABLE
from noctis.archive.retrieve import StoredObject
from noctis.corrections.data_sets import apply_overlay
from noctis.corrections.overlays import Overlay
from noctis.dicom.transfer_syntaxes import transfer_syntax

IMPLICIT_LITTLE_ENDIAN: Final = "1.2.840.10008.1.2"
EXPLICIT_LITTLE_ENDIAN: Final = "1.2.840.10008.1.2.1"
TARGETS: Final = (EXPLICIT_LITTLE_ENDIAN, IMPLICIT_LITTLE_ENDIAN)
LARGEST: Final = 1 << 29  # bytes, stored or decompressed
_WORD_SIZES: Final = {"OW": 2, "OF": 4, "OL": 4, "OD": 8, "OV": 8}
_UNDECODABLE: Final = (*UNREADABLE, RuntimeError, MemoryError, NotImplementedError, struct.error)


class CannotTranscode(Exception):
    """The instance cannot be brought into another transfer syntax; the text says why without values."""


def transcoded(instance: StoredObject, syntax: str, overlay: Overlay | None = None) -> BytesIO:
    """Return the data set of an instance in little endian, ``syntax`` one of TARGETS. Raises CannotTranscode."""
    if instance.file_size > LARGEST:
        raise CannotTranscode("it is too large")
    try:
        dataset = dcmread(instance.path)
        if transfer_syntax(instance.transfer_syntax_uid).encapsulated and "PixelData" in dataset:
            _check_size(dataset)
            dataset.decompress(as_rgb=False, generate_instance_uid=False)
        elif instance.transfer_syntax_uid == ExplicitVRBigEndian:
            _swap_words(dataset)
        if overlay is not None:
            apply_overlay(dataset, overlay)
        return _encoded(dataset, is_implicit=syntax == IMPLICIT_LITTLE_ENDIAN)
    except (*_UNDECODABLE, OSError, Image.DecompressionBombError) as error:
        raise CannotTranscode(f"it cannot be decoded ({type(error).__name__})") from error


def choose(accepted: Iterable[str], stored: str) -> str | None:
    """Return the transfer syntax to send in, of those that a peer accepted: the stored one if it can be."""
    offered = set(accepted)
    return next((syntax for syntax in (stored, *TARGETS) if syntax in offered), None)


def _check_size(dataset: Dataset) -> None:
    samples = int(dataset.Rows) * int(dataset.Columns) * int(dataset.get("SamplesPerPixel") or 1)
    if samples * int(dataset.BitsAllocated) // 8 * int(dataset.get("NumberOfFrames") or 1) > LARGEST:
        raise CannotTranscode("it is too large when decompressed")


def _swap_words(dataset: Dataset) -> None:
    """Turn the words of big endian values around: pydicom leaves them as they are."""
    for element in dataset.iterall():
        size = _WORD_SIZES.get(element.VR)
        if size and isinstance(element.value, bytes):
            element.value = np.frombuffer(element.value, f">u{size}").astype(f"<u{size}").tobytes()


def _encoded(dataset: Dataset, *, is_implicit: bool) -> BytesIO:
    if dataset.original_encoding[0] != is_implicit:
        for _ in dataset.iterall():
            """Reading an element finds out its VR, which implicit VR does not say."""
    buffer = DicomBytesIO()
    buffer.is_implicit_VR, buffer.is_little_endian = is_implicit, True
    dataset.file_meta.TransferSyntaxUID = UID(IMPLICIT_LITTLE_ENDIAN if is_implicit else EXPLICIT_LITTLE_ENDIAN)
    write_dataset(buffer, dataset)
    return BytesIO(buffer.getvalue())

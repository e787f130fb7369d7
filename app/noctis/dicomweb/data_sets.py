"""Data sets of stored instances, read with pydicom where the index does not say enough."""

from __future__ import annotations

import zlib
from pathlib import Path
from typing import Final

import numpy as np
from django.conf import settings
from pydicom import dcmread
from pydicom.dataset import Dataset, FileDataset
from pydicom.uid import ExplicitVRBigEndian

from noctis.archive.header import UNREADABLE
from noctis.archive.models import Instance
from noctis.dicom.attributes import whole_number
from noctis.dicomweb.errors import UnreadableInstance

DEFERRED_VALUE_SIZE: Final = 64 * 1024
WORD_LENGTHS: Final = {"OW": 2, "OF": 4, "OL": 4, "OD": 8, "OV": 8}


def stored_path(instance: Instance) -> Path:
    """Return where the instance's Part 10 file lies."""
    path: Path = settings.NOCTIS_DATA.storage / instance.path
    return path


def read_data_set(path: Path, *, with_pixels: bool = False) -> FileDataset:
    """Return the data set of a stored file, without its pixel data unless asked; large values are read when needed."""
    try:
        dataset = dcmread(path, stop_before_pixels=not with_pixels, defer_size=DEFERRED_VALUE_SIZE)
    except FileNotFoundError as error:
        raise UnreadableInstance("The stored file of this instance is missing.") from error
    except (*UNREADABLE, OSError, zlib.error) as error:
        raise UnreadableInstance("The stored file of this instance is not a readable data set.") from error
    if dataset.file_meta.TransferSyntaxUID == ExplicitVRBigEndian:
        _turn_words_round(dataset)
    return dataset


def _turn_words_round(dataset: Dataset) -> None:
    """Bring binary values, which pydicom leaves as they are, into little endian, as DICOMweb wants (PS3.18 F.2.7)."""
    for tag in dataset.keys():  # noqa: SIM118  (iterating a data set would convert every element)
        try:
            element = dataset[tag]
        except UNREADABLE:
            continue
        if element.VR == "SQ":
            for item in element.value:
                _turn_words_round(item)
        elif isinstance(element.value, bytes) and element.VR in WORD_LENGTHS:
            length = WORD_LENGTHS[element.VR]
            if element.keyword == "PixelData":
                length = max(length, (whole_number(dataset, "BitsAllocated") or 0) // 8)
            element.value = turned_round(element.value, length)


def turned_round(value: bytes, length: int) -> bytes:
    """Return ``value`` with each word of ``length`` bytes turned round; an incomplete last word is filled up."""
    value += bytes(-len(value) % length)
    return np.frombuffer(value, dtype=f">u{length}").astype(f"<u{length}").tobytes()

"""Values that the metadata name by address: documents, waveforms, look-up tables, pixel data (PS3.18 10.4.1.1.5)."""

from __future__ import annotations

from typing import Final

from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset
from pydicom.tag import Tag
from pydicom.uid import DeflatedExplicitVRLittleEndian, ExplicitVRBigEndian

from noctis.archive.models import Instance
from noctis.dicom.attributes import UNREADABLE
from noctis.dicomweb.data_sets import read_data_set, stored_path
from noctis.dicomweb.errors import NoSuchResource
from noctis.dicomweb.fragments import Span
from noctis.dicomweb.frames import Memory, StoredFile
from noctis.dicomweb.value_spans import value_span

PIXEL_ELEMENTS: Final = ("7FE00008", "7FE00009", "7FE00010")
# What can be far too large to be read whole, and lies in the file as it is sent.
_LARGE_ELEMENTS: Final = frozenset({"00420011", "54001010"})
_REARRANGED: Final = frozenset({DeflatedExplicitVRLittleEndian, ExplicitVRBigEndian})


def open_value(instance: Instance, path: str) -> tuple[StoredFile | Memory, Span]:
    """Return where the value that ``path`` names lies: in the stored file where that needs no change."""
    if path[-8:] in _LARGE_ELEMENTS and instance.transfer_syntax_uid not in _REARRANGED:
        file = StoredFile(stored_path(instance))
        span = value_span(file, path)
        if span is not None:
            return file, span
        file.close()
    value = bulk_value(instance, path)
    return Memory(value), Span(0, len(value))


def bulk_value(instance: Instance, path: str) -> bytes:
    """Return the binary value that ``path`` names, in little endian; see to_dicom_json for the form of a path."""
    dataset = read_data_set(stored_path(instance), with_pixels=path in PIXEL_ELEMENTS)
    element = _element(dataset, path)
    if not isinstance(element.value, bytes):
        raise NoSuchResource("There is no bulk data at this address.")
    return element.value


def _element(dataset: Dataset, path: str) -> DataElement:
    *steps, last = path.split("/")
    try:
        for tag, item in zip(steps[::2], steps[1::2], strict=True):
            dataset = dataset[Tag(int(tag, 16))].value[int(item)]
        return dataset[Tag(int(last, 16))]
    except UNREADABLE as error:
        raise NoSuchResource("There is no bulk data at this address.") from error

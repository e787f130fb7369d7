"""Values that the metadata names by address: documents, waveforms, look-up tables, pixel data (PS3.18 10.4.1.1.5)."""

from __future__ import annotations

from typing import Final

from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset
from pydicom.tag import Tag

from noctis.archive.models import Instance
from noctis.dicom.attributes import UNREADABLE
from noctis.dicomweb.data_sets import read_data_set, stored_path
from noctis.dicomweb.errors import NoSuchResource

PIXEL_ELEMENTS: Final = ("7FE00008", "7FE00009", "7FE00010")


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

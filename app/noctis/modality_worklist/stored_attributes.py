"""Data sets kept as DICOM JSON (PS3.18 annex F): a value that a peer got wrong never makes the others unreadable."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from noctis.dicom.attributes import UNREADABLE
from noctis.dicom.json_model import to_dicom_json


def data_set_of(model: Mapping[str, Any]) -> Dataset:
    """Return the data set that DICOM JSON describes, without the elements whose values cannot be what they claim."""
    try:
        return Dataset.from_json(dict(model))
    except UNREADABLE:
        pass
    kept = Dataset()
    for key, described in model.items():
        try:
            kept.update(Dataset.from_json({key: described}))
        except UNREADABLE:
            if isinstance(described, Mapping) and described.get("vr") == "SQ":
                items = [data_set_of(item) for item in described.get("Value", ()) if isinstance(item, Mapping)]
                kept.add_new(int(key, 16), "SQ", Sequence(items))
    return kept


def valid_json(dataset: Dataset) -> dict[str, Any]:
    """Return ``dataset`` as DICOM JSON that can be read back whole: elements with invalid values are left out."""
    return to_dicom_json(data_set_of(to_dicom_json(dataset).model)).model

"""The DICOM JSON model (PS3.18 annex F) of a data set, also where some of its values are not what their VR allows."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeAlias

from pydicom.charset import convert_encodings, decode_bytes
from pydicom.datadict import dictionary_VR
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset
from pydicom.filewriter import correct_ambiguous_vr_element
from pydicom.multival import MultiValue
from pydicom.tag import BaseTag
from pydicom.valuerep import AMBIGUOUS_VR, STR_VR

from noctis.dicom.attributes import UNREADABLE, without_escape_sequences

Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"
JsonObject: TypeAlias = dict[str, Json]
BulkDataUri: TypeAlias = Callable[[str], str]

INLINE_LIMIT = 1024
_SPECIFIC_CHARACTER_SET = 0x00080005
_TEXT_DELIMITERS = {0x5C}


@dataclass
class DicomJson:
    """A data set as a JSON object, and one sentence for each value that could not be kept as it was."""

    model: JsonObject
    problems: list[str] = field(default_factory=list)


def to_dicom_json(dataset: Dataset, bulk_data_uri: BulkDataUri | None = None) -> DicomJson:
    """Return ``dataset`` as DICOM JSON; it never raises for a bad value.

    A binary value of more than 1024 bytes becomes ``bulk_data_uri(path)``, where path names the element, for example
    ``7FE00010`` or ``54000100/0/54001010`` (sequence, item from 0, element); without ``bulk_data_uri`` it is left out.
    Text is UTF-8 in JSON, so Specific Character Set says ISO_IR 192. Group lengths are left out (PS3.18 F.2.2).
    """
    result = DicomJson({})
    _Converter(result.problems, bulk_data_uri).fill(result.model, dataset, "")
    return result


class _Converter:
    def __init__(self, problems: list[str], bulk_data_uri: BulkDataUri | None) -> None:
        self._problems = problems
        self._bulk_data_uri = bulk_data_uri

    def fill(self, model: JsonObject, dataset: Dataset, prefix: str) -> None:
        """Add every element of ``dataset`` to ``model``; ``prefix`` is the path of the item they stand in."""
        for tag in sorted(dataset.keys()):
            if tag.element == 0:
                continue
            key = f"{tag:08X}"
            try:
                element = _with_certain_vr(dataset[tag], dataset)
                model[key] = self._element(element, prefix + key)
            except UNREADABLE as error:
                self._problems.append(f"({key[:4]},{key[4:]}) is not valid: {type(error).__name__}")
                model[key] = _fallback(dataset, tag)
        if f"{_SPECIFIC_CHARACTER_SET:08X}" in model:
            model[f"{_SPECIFIC_CHARACTER_SET:08X}"] = {"vr": "CS", "Value": ["ISO_IR 192"]}

    def _element(self, element: DataElement, path: str) -> JsonObject:
        if element.VR == "SQ":
            return self._sequence(element, path)
        if isinstance(element.value, bytes):
            return self._binary(element, element.value, path)
        converted = element.to_json_dict(None, 0)
        if "Value" in converted:
            converted["Value"] = [self._value(value, element) for value in converted["Value"]]
            if all(value is None for value in converted["Value"]):
                del converted["Value"]
        return converted

    def _sequence(self, element: DataElement, path: str) -> JsonObject:
        items: list[Json] = []
        for index, item in enumerate(element.value or ()):
            model: JsonObject = {}
            self.fill(model, item, f"{path}/{index}/")
            items.append(model)
        return {"vr": "SQ", "Value": items} if items else {"vr": "SQ"}

    def _binary(self, element: DataElement, value: bytes, path: str) -> JsonObject:
        vr = str(element.VR)
        if len(value) <= INLINE_LIMIT:
            return DataElement(element.tag, vr, value).to_json_dict(None, 0)
        return {"vr": vr} if self._bulk_data_uri is None else {"vr": vr, "BulkDataURI": self._bulk_data_uri(path)}

    def _value(self, value: Json, element: DataElement) -> Json:
        if isinstance(value, float) and not math.isfinite(value):
            self._problems.append(f"{element.tag} holds {value}, which JSON cannot carry")
            return None
        if isinstance(value, dict):
            return {group: without_escape_sequences(str(text)) for group, text in value.items() if text} or None
        if isinstance(value, str):
            return without_escape_sequences(value) or None
        if isinstance(value, bool | int | float):
            return value
        return None if value is None else str(value)


def _with_certain_vr(element: DataElement, dataset: Dataset) -> DataElement:
    """Settle 'US or SS' and the like, which an implicit VR data set leaves open."""
    if element.VR not in AMBIGUOUS_VR:
        return element
    try:
        settled = correct_ambiguous_vr_element(element, dataset, is_little_endian=True)
    except UNREADABLE:  # what would settle it, such as Bits Allocated, is missing
        settled = element
    if isinstance(settled, DataElement) and settled.VR not in AMBIGUOUS_VR:
        return settled
    return DataElement(element.tag, "OW" if isinstance(element.value, bytes) else "US", element.value)


def _fallback(dataset: Dataset, tag: BaseTag) -> JsonObject:
    """Return an element whose value has no valid Python form: its text where its VR is textual, else its VR alone."""
    try:
        item = dataset.get_item(tag)
    except UNREADABLE:
        item = None
    vr = str(item.VR or _dictionary_vr(tag)) if item is not None else _dictionary_vr(tag)
    if item is None or vr not in STR_VR or vr == "PN":
        return {"vr": vr[:2]}
    value = _decoded(item.value, dataset).split("\\") if isinstance(item.value, bytes) else item.value
    parts = value if isinstance(value, list | MultiValue) else [value]
    values: list[Json] = [str(part).strip(" \0") or None for part in parts if part is not None]
    return {"vr": vr, "Value": values} if any(values) else {"vr": vr}


def _decoded(value: bytes, dataset: Dataset) -> str:
    try:
        return decode_bytes(value, convert_encodings(dataset.get("SpecificCharacterSet")), _TEXT_DELIMITERS)
    except UNREADABLE:
        return value.decode("latin-1")


def _dictionary_vr(tag: BaseTag) -> str:
    try:
        return dictionary_VR(tag)
    except KeyError:
        return "UN"

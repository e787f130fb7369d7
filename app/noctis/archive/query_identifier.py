"""The identifiers of C-FIND: what a request's asks for, and the one that answers with a match (PS3.4 C.4.1.1.3)."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import date, time
from typing import Any, Final

from pydicom import config
from pydicom.datadict import keyword_for_tag
from pydicom.dataelem import DataElement, RawDataElement
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence as DicomSequence
from pydicom.tag import BaseTag

from noctis.archive.query import Query, Row, new_query
from noctis.archive.query_attributes import REQUEST_ATTRIBUTES, Attribute, Level
from noctis.archive.query_conditions import Keys
from noctis.dicom.attributes import element, text, texts
from noctis.dicom.character_sets import declare_character_set
from noctis.dicom.matching import InvalidKey

AVAILABILITY: Final = "ONLINE"


class LevelNotInModel(ValueError):
    """The identifier has no Query/Retrieve Level that the information model has; the text says so without values."""


def read_identifier(identifier: Dataset, levels: Collection[Level], *, combine_times: bool = False) -> Query:
    """Return the query of a request; all keys are also what shall be returned.

    A key of a level above need not be there: queries are answered as relational ones, negotiated or not. Raises
    LevelNotInModel, or InvalidKey where a key cannot be understood.
    """
    level = Level.__members__.get(text(identifier, "QueryRetrieveLevel"))
    if level is None or level not in levels:
        raise LevelNotInModel("The Query/Retrieve Level is missing or not in this model.")
    keys = _keys(identifier)
    return new_query(level, keys, keys, combine_times=combine_times)


def _keys(identifier: Dataset) -> Keys:
    """Return the values of each key; what has no keyword is named by its tag. Raises InvalidKey."""
    keys: dict[str, Sequence[str] | Mapping[str, Sequence[str]]] = {}
    for tag in sorted(tag for tag in identifier.keys() if tag.element):  # noqa: SIM118  (a data set yields elements)
        found = element(identifier, tag)
        if found is None:
            keys[keyword_for_tag(tag) or str(tag)] = _unread_values(identifier, tag)
        elif found.VR == "SQ":
            keys[found.keyword or str(tag)] = _keys_of_item(found)
        else:
            keys[found.keyword or str(tag)] = texts(identifier, tag)
    return keys


def _unread_values(identifier: Dataset, tag: BaseTag) -> Sequence[str]:
    """Return the values of a key that its VR does not allow, such as ``*`` for a number. Raises InvalidKey."""
    raw: object = identifier.get_item(tag)
    if not isinstance(raw, RawDataElement) or raw.value is None or raw.VR == "SQ":
        raise InvalidKey(f"{keyword_for_tag(tag) or tag} cannot be read.")
    return raw.value.decode("ascii", "replace").split("\\")


def _keys_of_item(sequence: DataElement) -> Mapping[str, Sequence[str]]:
    items = list(sequence.value or ())
    if len(items) > 1:
        raise InvalidKey(f"{sequence.keyword or sequence.tag} must hold one item.")
    inner = _keys(items[0]) if items else {}
    return {keyword: [] if isinstance(values, Mapping) else values for keyword, values in inner.items()}


class Responses:
    """Makes the identifiers that answer one request: the supported keys, and what every answer has to say."""

    def __init__(self, request: Dataset, query: Query, *, retrieve_ae_title: str) -> None:
        """Prepare what all answers have in common."""
        self._attributes = query.attributes
        self._character_set = texts(request, "SpecificCharacterSet")
        self._constants = [
            DataElement("QueryRetrieveLevel", "CS", query.level.name),
            DataElement("RetrieveAETitle", "AE", retrieve_ae_title),
        ]
        if "InstanceAvailability" in request:
            self._constants.append(DataElement("InstanceAvailability", "CS", AVAILABILITY))
        items = request.get("RequestAttributesSequence") or ()
        asked = {key.keyword for item in items for key in item}
        self._in_request = [one for one in REQUEST_ATTRIBUTES.values() if not asked or one.keyword in asked]

    def identifier(self, row: Row) -> Dataset:
        """Return the identifier for one row of the query, in a character set that fits every value."""
        answer = Dataset()
        for constant in self._constants:
            answer.add(constant)
        for attribute, value in zip(self._attributes, row, strict=True):
            answer.add(_element(attribute, self._items(value) if attribute.vr == "SQ" else value))
        declare_character_set(answer, self._character_set)
        return answer

    def _items(self, requests: Sequence[Mapping[str, str]]) -> DicomSequence:
        items = DicomSequence()
        for request in requests:
            item = Dataset()
            for attribute in self._in_request:
                item.add(_element(attribute, request[attribute.keyword]))
            items.append(item)
        return items


def _element(attribute: Attribute, value: Any) -> DataElement:
    convert = _CONVERSIONS.get(attribute.vr)
    if convert is not None and value is not None:
        value = convert(value)
    elif isinstance(value, tuple):
        value = list(value)
    return DataElement(attribute.tag, attribute.vr, None if value == "" else value, validation_mode=config.IGNORE)


def _date(value: date) -> str:
    return value.isoformat().replace("-", "")


def _time(value: time) -> str:
    return value.isoformat().replace(":", "")


_CONVERSIONS: Final[Mapping[str, Callable[[Any], Any]]] = {"DA": _date, "TM": _time, "IS": str}

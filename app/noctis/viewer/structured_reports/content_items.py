"""Content items of a structured report, one function for each value type (PS3.3 C.17.3)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from pydicom.dataset import Dataset
from pydicom.sr.coding import Code
from pydicom.valuerep import DSfloat

CONTAINS: Final = "CONTAINS"
HAS_CONCEPT_MOD: Final = "HAS CONCEPT MOD"
HAS_OBS_CONTEXT: Final = "HAS OBS CONTEXT"
INFERRED_FROM: Final = "INFERRED FROM"
SELECTED_FROM: Final = "SELECTED FROM"
LONGEST_SHORT_VALUE: Final = 16  # of Code Value (PS3.3 8.1)
LONGEST_MEANING: Final = 64


def coded(code: Code) -> Dataset:
    """Return the item of a code sequence for ``code`` (PS3.3 8.8)."""
    item = Dataset()
    keyword = "CodeValue" if len(code.value) <= LONGEST_SHORT_VALUE else "LongCodeValue"
    setattr(item, keyword, code.value)
    item.CodingSchemeDesignator = code.scheme_designator
    item.CodeMeaning = code.meaning[:LONGEST_MEANING]
    return item


def container(name: Code, template: str, items: Iterable[Dataset], relationship: str = CONTAINS) -> Dataset:
    """Return a heading with what stands below it; ``template`` is the number of its DCMR template, or empty."""
    made = _item("CONTAINER", name, relationship, items)
    made.ContinuityOfContent = "SEPARATE"
    if template:
        content_template = Dataset()
        content_template.MappingResource, content_template.TemplateIdentifier = "DCMR", template
        made.ContentTemplateSequence = [content_template]
    return made


def code_item(name: Code, value: Code, relationship: str) -> Dataset:
    """Return a coded statement."""
    made = _item("CODE", name, relationship)
    made.ConceptCodeSequence = [coded(value)]
    return made


def text_item(name: Code, value: str, relationship: str) -> Dataset:
    """Return a text."""
    made = _item("TEXT", name, relationship)
    made.TextValue = value
    return made


def uid_item(name: Code, value: str, relationship: str) -> Dataset:
    """Return a reference by UID."""
    made = _item("UIDREF", name, relationship)
    made.UID = value
    return made


def person_item(name: Code, value: str, relationship: str) -> Dataset:
    """Return the name of a person."""
    made = _item("PNAME", name, relationship)
    made.PersonName = value
    return made


def number_item(name: Code, value: float, unit: Code, items: Iterable[Dataset] = ()) -> Dataset:
    """Return a measured value: as a decimal string, and as the very double that it is (PS3.3 C.18.1)."""
    made = _item("NUM", name, CONTAINS, items)
    measured = Dataset()
    measured.NumericValue = DSfloat(value, auto_format=True)
    measured.FloatingPointValue = value
    measured.MeasurementUnitsCodeSequence = [coded(unit)]
    made.MeasuredValueSequence = [measured]
    return made


def coordinates_item(
    name: Code | None, graphic_type: str, points: Sequence[tuple[float, float]], image: Dataset, relationship: str
) -> Dataset:
    """Return a graphic of columns and rows on ``image``, an item of ``image_item`` (PS3.3 C.18.6)."""
    made = _item("SCOORD", name, relationship, [image])
    made.GraphicType = graphic_type
    made.GraphicData = [coordinate for point in points for coordinate in point]
    return made


def image_item(sop_class_uid: str, sop_instance_uid: str, frame_number: int | None, relationship: str) -> Dataset:
    """Return a reference to an image; ``frame_number`` only where it has several (PS3.3 C.18.4)."""
    made = _item("IMAGE", None, relationship)
    referenced = Dataset()
    referenced.ReferencedSOPClassUID, referenced.ReferencedSOPInstanceUID = sop_class_uid, sop_instance_uid
    if frame_number is not None:
        referenced.ReferencedFrameNumber = frame_number
    made.ReferencedSOPSequence = [referenced]
    return made


def _item(value_type: str, name: Code | None, relationship: str, items: Iterable[Dataset] = ()) -> Dataset:
    made = Dataset()
    made.ValueType = value_type
    if relationship:
        made.RelationshipType = relationship
    if name is not None:
        made.ConceptNameCodeSequence = [coded(name)]
    if below := list(items):
        made.ContentSequence = below
    return made

"""Rows that a query of the archive finds as DICOM JSON: what QIDO-RS answers (PS3.18 10.6.3.3, annex F)."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date, time
from typing import Any, Final

from noctis.archive.query import Query, Row
from noctis.archive.query_attributes import REQUEST_ATTRIBUTES, Attribute, Level
from noctis.archive.query_identifier import AVAILABILITY
from noctis.dicom.json_model import Json, JsonObject

# Tables 10.6.3-3 to 10.6.3-5: what is answered whether asked for or not.
RETURNED: Final[Mapping[Level, tuple[str, ...]]] = {
    Level.STUDY: (
        "StudyDate",
        "StudyTime",
        "AccessionNumber",
        "ModalitiesInStudy",
        "ReferringPhysicianName",
        "TimezoneOffsetFromUTC",
        "StudyDescription",
        "PatientName",
        "PatientID",
        "PatientBirthDate",
        "PatientSex",
        "StudyInstanceUID",
        "StudyID",
        "NumberOfStudyRelatedSeries",
        "NumberOfStudyRelatedInstances",
    ),
    Level.SERIES: (
        "SeriesDate",
        "SeriesTime",
        "Modality",
        "SeriesDescription",
        "BodyPartExamined",
        "StudyInstanceUID",
        "SeriesInstanceUID",
        "SeriesNumber",
        "NumberOfSeriesRelatedInstances",
        "PerformedProcedureStepStartDate",
        "PerformedProcedureStepStartTime",
        "RequestAttributesSequence",
    ),
    Level.IMAGE: (
        "SOPClassUID",
        "SOPInstanceUID",
        "AvailableTransferSyntaxUID",
        "StudyInstanceUID",
        "SeriesInstanceUID",
        "InstanceNumber",
        "NumberOfFrames",
        "Rows",
        "Columns",
        "BitsAllocated",
    ),
}
# Left out where there is no value; the others are there, empty.
_LEFT_OUT_WHEN_EMPTY: Final = frozenset(
    {
        "TimezoneOffsetFromUTC",
        "PerformedProcedureStepStartDate",
        "PerformedProcedureStepStartTime",
        "RequestAttributesSequence",
        "NumberOfFrames",
        "Rows",
        "Columns",
        "BitsAllocated",
        "SamplesPerPixel",
    }
)
_NAME_GROUPS: Final = ("Alphabetic", "Ideographic", "Phonetic")
_UID_LEVELS: Final = (("studies", "StudyInstanceUID"), ("series", "SeriesInstanceUID"), ("instances", "SOPInstanceUID"))


def returned(level: Level, path: Collection[str]) -> list[str]:
    """Return the keywords to answer with: those of the level, and of those above it that the address leaves open."""
    levels = [level]
    if level is Level.IMAGE and "SeriesInstanceUID" not in path:
        levels.insert(0, Level.SERIES)
    if level is not Level.STUDY and "StudyInstanceUID" not in path:
        levels.insert(0, Level.STUDY)
    return [keyword for one in levels for keyword in RETURNED[one]]


def result(query: Query, row: Row, root: str) -> JsonObject:
    """Return what one row says as a data set; ``root`` is the address of the DICOMweb services."""
    values = {attribute.keyword: value for attribute, value in zip(query.attributes, row, strict=True)}
    address = "/".join(part for name, keyword in _UID_LEVELS if keyword in values for part in (name, values[keyword]))
    model: JsonObject = {
        "00080005": {"vr": "CS", "Value": ["ISO_IR 192"]},
        "00080056": {"vr": "CS", "Value": [AVAILABILITY]},
        "00081190": {"vr": "UR", "Value": [f"{root}/{address}"]},
    }
    for attribute in query.attributes:
        element = _element(attribute, values[attribute.keyword])
        if "Value" in element or attribute.keyword not in _LEFT_OUT_WHEN_EMPTY:
            model[f"{attribute.tag:08X}"] = element
    return dict(sorted(model.items()))


def _element(attribute: Attribute, value: Any) -> JsonObject:
    items: Sequence[Any] = value if isinstance(value, tuple) else [value]
    values = [_json(item, attribute.vr) for item in items if item is not None and item != ""]
    return {"vr": attribute.vr, "Value": values} if values else {"vr": attribute.vr}


def _json(value: Any, vr: str) -> Json:
    if isinstance(value, date):
        return value.isoformat().replace("-", "")
    if isinstance(value, time):
        return value.isoformat().replace(":", "")
    if isinstance(value, dict):
        return {f"{one.tag:08X}": _element(one, value[one.keyword]) for one in REQUEST_ATTRIBUTES.values()}
    if vr == "PN":
        groups = zip(_NAME_GROUPS, str(value).split("="), strict=False)
        return {group: part for group, part in groups if part}
    return value  # type: ignore[no-any-return]

"""What a modality says of a performed procedure step: which reports are valid, and what they hold (PS3.4 F.7.2)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from pydicom.dataset import Dataset

from noctis.dicom.attributes import date_value, element, person_name_text, text, time_value
from noctis.dicom.uids import is_valid_uid, without_padding
from noctis.modality_worklist.models import LONG_TEXT, PERSON_NAME, SHORT_TEXT, PerformedStatus

SCHEDULED_STEP_SEQUENCE: Final = "ScheduledStepAttributesSequence"
SERIES_SEQUENCE: Final = "PerformedSeriesSequence"
OBJECT_SEQUENCES: Final = ("ReferencedImageSequence", "ReferencedNonImageCompositeSOPInstanceSequence")
STATUS: Final = "PerformedProcedureStepStatus"
AE_TITLE: Final = 16

# Type 1 when the report is created, and what must be known when it ends (PS3.4 table F.7.2-1).
REQUIRED: Final = (
    "PerformedProcedureStepID",
    "PerformedStationAETitle",
    "PerformedProcedureStepStartDate",
    "PerformedProcedureStepStartTime",
    STATUS,
    "Modality",
)
REQUIRED_AT_THE_END: Final = ("PerformedProcedureStepEndDate", "PerformedProcedureStepEndTime", SERIES_SEQUENCE)
# Given once, when the report is created.
NEVER_SET: Final = frozenset(
    {
        SCHEDULED_STEP_SEQUENCE,
        "PatientName",
        "PatientID",
        "IssuerOfPatientID",
        "PatientBirthDate",
        "PatientSex",
        "ReferencedPatientSequence",
        "PerformedProcedureStepID",
        "PerformedStationAETitle",
        "PerformedStationName",
        "PerformedLocation",
        "PerformedProcedureStepStartDate",
        "PerformedProcedureStepStartTime",
        "Modality",
        "StudyID",
    }
)


class MissingAttribute(ValueError):
    """The report lacks an attribute that it must have; the text names it."""


class InvalidValue(ValueError):
    """An attribute's value cannot be taken; the text names the attribute."""


@dataclass(frozen=True)
class ScheduledReference:
    """The scheduled step that a report says to perform."""

    study_instance_uid: str
    step_id: str
    accession_number: str


@dataclass(frozen=True)
class SeriesReport:
    """A performed series and its objects, in the order of the report."""

    columns: dict[str, Any]
    instance_uids: list[str]


def check_new(report: Dataset) -> None:
    """Raise MissingAttribute or InvalidValue where a report cannot begin a performed step (PS3.4 F.7.2.1)."""
    for keyword in REQUIRED:
        if not text(report, keyword):
            raise MissingAttribute(keyword)
    if text(report, STATUS) != PerformedStatus.IN_PROGRESS:
        raise InvalidValue(STATUS)
    items = _items(report, SCHEDULED_STEP_SEQUENCE)
    if not items:
        raise MissingAttribute(SCHEDULED_STEP_SEQUENCE)
    for item in items:
        if not text(item, "StudyInstanceUID"):
            raise MissingAttribute("StudyInstanceUID")
        if not is_valid_uid(without_padding(text(item, "StudyInstanceUID"))):
            raise InvalidValue("StudyInstanceUID")
    if len({text(item, "StudyInstanceUID") for item in items}) > 1:
        raise InvalidValue(SCHEDULED_STEP_SEQUENCE)
    _check_series(report)


def check_changes(changes: Dataset) -> list[str]:
    """Return the attributes that an N-SET may not set. Raises InvalidValue."""
    if STATUS in changes and text(changes, STATUS) not in PerformedStatus.values:
        raise InvalidValue(STATUS)
    _check_series(changes)
    return sorted(keyword for keyword in NEVER_SET if keyword in changes)


def missing_at_the_end(report: Dataset) -> list[str]:
    """Return what a report that is final should hold and does not."""
    return [keyword for keyword in REQUIRED_AT_THE_END if not _has_value(report, keyword)]


def columns_of(report: Dataset) -> dict[str, Any]:
    """Return the values of a PerformedProcedureStep's own columns."""
    first = _items(report, SCHEDULED_STEP_SEQUENCE)[0]
    reasons = _items(report, "PerformedProcedureStepDiscontinuationReasonCodeSequence")
    return {
        "status": text(report, STATUS),
        "patient_identifier": text(report, "PatientID")[:LONG_TEXT],
        "patient_name": person_name_text(report, "PatientName")[:PERSON_NAME],
        "study_instance_uid": without_padding(text(first, "StudyInstanceUID")),
        "accession_number": text(first, "AccessionNumber")[:SHORT_TEXT],
        "performed_step_id": text(report, "PerformedProcedureStepID")[:SHORT_TEXT],
        "station_ae_title": text(report, "PerformedStationAETitle")[:AE_TITLE],
        "station_name": text(report, "PerformedStationName")[:SHORT_TEXT],
        "location": text(report, "PerformedLocation")[:SHORT_TEXT],
        "modality": text(report, "Modality")[:SHORT_TEXT],
        "description": text(report, "PerformedProcedureStepDescription")[:LONG_TEXT],
        "start_date": date_value(report, "PerformedProcedureStepStartDate"),
        "start_time": time_value(report, "PerformedProcedureStepStartTime"),
        "end_date": date_value(report, "PerformedProcedureStepEndDate"),
        "end_time": time_value(report, "PerformedProcedureStepEndTime"),
        "discontinuation_reason": text(reasons[0], "CodeMeaning")[:LONG_TEXT] if reasons else "",
    }


def references_of(report: Dataset) -> list[ScheduledReference]:
    """Return the scheduled steps that a report names."""
    return [
        ScheduledReference(
            study_instance_uid=without_padding(text(item, "StudyInstanceUID")),
            step_id=text(item, "ScheduledProcedureStepID"),
            accession_number=text(item, "AccessionNumber"),
        )
        for item in _items(report, SCHEDULED_STEP_SEQUENCE)
    ]


def series_of(report: Dataset) -> dict[str, SeriesReport]:
    """Return the performed series by Series Instance UID; a series named twice counts once, with all its objects."""
    found: dict[str, SeriesReport] = {}
    for item in _items(report, SERIES_SEQUENCE):
        uid = without_padding(text(item, "SeriesInstanceUID"))
        instances = [
            without_padding(text(one, "ReferencedSOPInstanceUID"))
            for keyword in OBJECT_SEQUENCES
            for one in _items(item, keyword)
        ]
        series = found.setdefault(uid, SeriesReport(_series_columns(item), []))
        series.instance_uids.extend(one for one in dict.fromkeys(instances) if one not in series.instance_uids)
    return found


def _series_columns(item: Dataset) -> dict[str, Any]:
    return {
        "description": text(item, "SeriesDescription")[:LONG_TEXT],
        "protocol_name": text(item, "ProtocolName")[:LONG_TEXT],
        "operators_name": person_name_text(item, "OperatorsName")[:PERSON_NAME],
        "retrieve_ae_title": text(item, "RetrieveAETitle")[:AE_TITLE],
    }


def _check_series(report: Dataset) -> None:
    for item in _items(report, SERIES_SEQUENCE):
        if not is_valid_uid(without_padding(text(item, "SeriesInstanceUID"))):
            raise InvalidValue("SeriesInstanceUID")
        for keyword in OBJECT_SEQUENCES:
            for one in _items(item, keyword):
                if not is_valid_uid(without_padding(text(one, "ReferencedSOPInstanceUID"))):
                    raise InvalidValue("ReferencedSOPInstanceUID")


def _has_value(report: Dataset, keyword: str) -> bool:
    found = element(report, keyword)
    return found is not None and bool(found.value)


def _items(report: Dataset, keyword: str) -> list[Dataset]:
    sequence = element(report, keyword)
    if sequence is None:
        return []
    if sequence.VR != "SQ":
        raise InvalidValue(keyword)
    return list(sequence.value or ())

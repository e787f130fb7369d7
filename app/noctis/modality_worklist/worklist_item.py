"""A scheduled step as an item of the Modality Worklist Information Model, and back (PS3.4 K.6)."""

from __future__ import annotations

from datetime import date, time
from typing import Any, Final

from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from noctis.dicom.attributes import date_value, element, person_name_text, text, texts, time_value
from noctis.modality_worklist.keys import (
    CODE_COLUMNS,
    FURTHER_KEYS,
    FURTHER_STEP_KEYS,
    ORDER_COLUMNS,
    PRIORITY,
    PROCEDURE_CODE_SEQUENCE,
    STATIONS,
    STATUS,
    STEP_COLUMNS,
    STEP_SEQUENCE,
    vr_of,
)
from noctis.modality_worklist.models import Priority, ScheduledProcedureStep, StepStatus
from noctis.modality_worklist.particulars import InvalidParticulars, StepParticulars
from noctis.modality_worklist.stored_attributes import data_set_of, valid_json

# The Scheduled Procedure Step Status (0040,0020) by our own.
DICOM_STATUS: Final = {
    StepStatus.SCHEDULED: "SCHEDULED",
    StepStatus.ARRIVED: "ARRIVED",
    StepStatus.IN_PROGRESS: "STARTED",
    StepStatus.COMPLETED: "COMPLETED",
    StepStatus.DISCONTINUED: "DISCONTINUED",
    StepStatus.CANCELLED: "CANCELED",
}


def worklist_item(step: ScheduledProcedureStep) -> Dataset:
    """Return everything that a worklist query may return of ``step``."""
    item = data_set_of(step.other_attributes)
    _fill(item, step, ORDER_COLUMNS)
    setattr(item, PRIORITY, step.priority.upper())
    code = Dataset()
    if step.procedure_code:
        _fill(code, step, CODE_COLUMNS)
    setattr(item, PROCEDURE_CODE_SEQUENCE, Sequence([code] if step.procedure_code else []))
    further = item[STEP_SEQUENCE].value if STEP_SEQUENCE in item else []
    inner = further[0] if further else Dataset()
    _fill(inner, step, STEP_COLUMNS)
    setattr(inner, STATIONS, step.station_ae_titles)
    setattr(inner, STATUS, DICOM_STATUS[StepStatus(step.status)])
    setattr(item, STEP_SEQUENCE, Sequence([inner]))
    return item


def particulars_of(item: Dataset) -> list[StepParticulars]:
    """Return what a worklist item schedules: one step for each item of its Scheduled Procedure Step Sequence.

    Raises InvalidParticulars where it has none or does not say when one begins; the rest is for ``cleaned`` to judge.
    """
    sequence = element(item, STEP_SEQUENCE)
    inners = list(sequence.value) if sequence is not None and sequence.VR == "SQ" and sequence.value else []
    if not inners:
        raise InvalidParticulars(["The Scheduled Procedure Step Sequence is missing."])
    return [_particulars(item, inner) for inner in inners]


def _particulars(item: Dataset, inner: Dataset) -> StepParticulars:
    start_date = date_value(inner, "ScheduledProcedureStepStartDate")
    if start_date is None:
        raise InvalidParticulars(["The Scheduled Procedure Step Start Date is missing or not a date."])
    columns: dict[str, Any] = {column: _value(item, keyword) for keyword, column in ORDER_COLUMNS.items()}
    columns |= {column: _value(inner, keyword) for keyword, column in STEP_COLUMNS.items()}
    columns |= _procedure_code(item)
    priority = text(item, PRIORITY).lower()
    return StepParticulars(
        **{
            **columns,
            "sex": columns["sex"] if columns["sex"] in {"M", "F", "O"} else "",
            "start_date": start_date,
            "start_time": columns["start_time"] or time.min,
            "priority": priority if priority in Priority.values else "",
            "station_ae_titles": tuple(texts(inner, STATIONS)),
            "other_attributes": _other_attributes(item, inner),
        }
    )


def _value(source: Dataset, keyword: str) -> str | date | time | None:
    vr = vr_of(keyword)
    if vr == "PN":
        return person_name_text(source, keyword)
    if vr == "DA":
        return date_value(source, keyword)
    return time_value(source, keyword) if vr == "TM" else text(source, keyword)


def _procedure_code(item: Dataset) -> dict[str, str]:
    sequence = element(item, PROCEDURE_CODE_SEQUENCE)
    code = next(iter(sequence.value or ()), None) if sequence is not None and sequence.VR == "SQ" else None
    return {column: text(code, keyword) for keyword, column in CODE_COLUMNS.items()} if code is not None else {}


def _other_attributes(item: Dataset, inner: Dataset) -> dict[str, Any]:
    """Return the attributes without a column as DICOM JSON, those without a value left out."""
    kept, kept_inside = _only(item, FURTHER_KEYS), _only(inner, FURTHER_STEP_KEYS)
    if len(kept_inside):
        setattr(kept, STEP_SEQUENCE, Sequence([kept_inside]))
    return valid_json(kept)


def _only(source: Dataset, keywords: frozenset[str]) -> Dataset:
    kept = Dataset()
    for keyword in sorted(keywords):
        found = element(source, keyword)
        if found is not None and found.value not in (None, "", b"") and not (found.VR == "SQ" and not found.value):
            kept[keyword] = found
    return kept


def _fill(target: Dataset, step: ScheduledProcedureStep, columns: dict[str, str]) -> None:
    for keyword, column in columns.items():
        value = getattr(step, column)
        if isinstance(value, date):
            value = value.strftime("%Y%m%d")
        elif isinstance(value, time):
            value = value.strftime("%H%M%S.%f").removesuffix(".000000")
        setattr(target, keyword, value if value is not None else "")

"""Orders in HL7 messages as steps to schedule: ORM^O01 as IHE Radiology fills it (RAD-4, RAD-13), OMI^O23 with IPC."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from datetime import timezone as fixed_offset
from typing import Any, Final

from django.utils import timezone
from pydicom.dataset import Dataset

from noctis.modality_worklist.hl7_message import Hl7Error, OrderMessage, Segment
from noctis.modality_worklist.models import LONG_TEXT, SHORT_TEXT
from noctis.modality_worklist.particulars import StepParticulars
from noctis.modality_worklist.stored_attributes import valid_json

LONGEST_KEY: Final = 250
NEW, CHANGE, STATUS = "NW", "XO", "SC"  # ORC-1, HL7 table 0119
SCHEDULING_CONTROLS: Final = frozenset({NEW, CHANGE, STATUS})
PREGNANT_IN_HL7: Final = "B6"  # PV1-15, table 0009
PREGNANT: Final = 3  # (0010,21C0): definitely pregnant

_TIMESTAMP = re.compile(r"(\d{4})(\d\d)(\d\d)(?:(\d\d)(\d\d)(\d\d)?(?:\.\d+)?)?([+-]\d{4})?", re.ASCII)
_PRIORITIES: Final = {
    "S": "stat",
    "STAT": "stat",
    "T": "stat",
    "A": "high",
    "ASAP": "high",
    "P": "high",
    "HIGH": "high",
    "R": "routine",
    "ROUTINE": "routine",
    "MEDIUM": "medium",
    "LOW": "low",
}
# HL7 table 0074 where it differs from DICOM's modalities.
_MODALITIES: Final = {"NMR": "MR", "NMS": "NM", "RUS": "US", "VUS": "US", "RX": "CR", "XRC": "XA"}
_WEIGHT_CODES: Final = frozenset({"29463-7", "3141-9", "3142-7"})  # LOINC: body weight


@dataclass(frozen=True)
class StepOrder:
    """One step of an order; ``particulars`` is None where the message only names the order."""

    step_id: str
    particulars: StepParticulars | None


@dataclass
class Order:
    """What a message wants of one order: ``control`` is ORC-1, ``status`` ORC-5, ``key`` its number at the sender."""

    control: str
    status: str
    key: str
    accession_number: str
    steps: list[StepOrder] = field(default_factory=list)


@dataclass
class _Group:
    """ORC with what follows it up to the next order."""

    common: Segment
    details: Segment | None = None
    timing: Segment | None = None
    steps: list[Segment] = field(default_factory=list)
    study: Segment | None = None


def orders_of(message: OrderMessage) -> list[Order]:
    """Return the orders of a message, each once, with all their steps. Raises Hl7Error."""
    orders: dict[tuple[str, str, str], Order] = {}
    for group in _groups(message):
        order = _order(message, group)
        kept = orders.setdefault((order.key, order.control, order.status), order)
        kept.steps.extend(_steps(message, group, order.control))
    if not orders:
        raise Hl7Error(100, "The message has no ORC segment.")
    for order in orders.values():
        repeated = Counter(step.step_id for step in order.steps if step.step_id)
        if any(count > 1 for count in repeated.values()):
            raise Hl7Error(102, "The order names a scheduled procedure step twice.")
    return list(orders.values())


def _groups(message: OrderMessage) -> Iterator[_Group]:
    group: _Group | None = None
    groups: list[_Group] = []
    for segment in message.segments:
        if segment.name == "ORC":
            group = _Group(segment)
            groups.append(group)
        elif group is None:
            continue
        elif segment.name == "OBR" and group.details is not None:
            group = _Group(group.common, segment, timing=group.timing)
            groups.append(group)
        elif segment.name == "OBR":
            group.details = segment
        elif segment.name == "TQ1" and group.timing is None:
            group.timing = segment
        elif segment.name == "IPC":
            group.steps.append(segment)
        elif segment.name == "ZDS":
            group.study = segment
    last_study = next((group.study for group in reversed(groups) if group.study), None)
    for one in groups:
        one.study = one.study or last_study
    yield from groups


def _order(message: OrderMessage, group: _Group) -> Order:
    numbers = [group.common.raw(2), group.common.raw(3)]
    if group.details is not None:
        numbers += [group.details.raw(2), group.details.raw(3)]
    number = next(filter(None, numbers), "")
    if not number:
        raise Hl7Error(101, "The order has neither a placer nor a filler order number.")
    key = f"{message.header.sending_application}|{number}"
    if len(key) > LONGEST_KEY:
        key = f"sha256:{hashlib.sha256(key.encode()).hexdigest()}"
    return Order(group.common.text(1).upper(), group.common.text(5).upper(), key, _accession_number(group))


def _accession_number(group: _Group) -> str:
    if group.steps and (accession := group.steps[0].text(1)):
        return accession
    return group.details.text(18) if group.details is not None else ""


def _steps(message: OrderMessage, group: _Group, control: str) -> Iterator[StepOrder]:
    details = group.details
    if details is None:
        return
    imagings: list[Segment | None] = [*group.steps] or [None]
    for imaging in imagings:
        step_id = (imaging.text(4) if imaging else "") or details.text(20)
        schedules = control in SCHEDULING_CONTROLS
        yield StepOrder(step_id, _particulars(message, group, details, imaging) if schedules else None)


def _particulars(
    message: OrderMessage, group: _Group, details: Segment, imaging: Segment | None
) -> StepParticulars | None:
    """Return what the order says of one step; None without patient or time, as where only a status is reported."""
    patient = message.first("PID")
    start = _start(group, details)
    if patient is None or start is None:
        return None
    code = 44 if details.text(44) else 4
    values = {
        **_patient(patient),
        "start_date": start[0],
        "start_time": start[1],
        "accession_number": _accession_number(group),
        "requested_procedure_id": details.text(19),
        "step_id": details.text(20),
        "study_instance_uid": group.study.text(1) if group.study else "",
        "modality": details.text(24),
        "station_ae_titles": tuple(details.text(21, repetition=one) for one in details.repetitions(21)),
        "procedure_code": details.text(code, 1) if details.text(code, 3) else "",
        "procedure_code_scheme": details.text(code, 3) if details.text(code, 1) else "",
        "procedure_code_meaning": details.text(code, 2)[:LONG_TEXT],
        "procedure_description": (details.text(code, 2) or details.text(code, 1))[:LONG_TEXT],
        "step_description": (details.text(4, 5) or details.text(4, 2))[:LONG_TEXT],
        "priority": _priority(group, details),
        "performing_physician": _name(details, 34, first=2, subcomponents=True),
        "requesting_physician": _name(details, 16, first=2) or _name(group.common, 12, first=2),
        **_visit(message),
        "other_attributes": _other_attributes(message, group, details),
    }
    if imaging is not None:
        values |= _imaging(imaging)
    modality = str(values["modality"]).upper()
    return StepParticulars(**{**values, "modality": _MODALITIES.get(modality, modality)})


def _imaging(imaging: Segment) -> dict[str, Any]:
    """Return what IPC says, where it says something (HL7 v2.5.1 4.5.6)."""
    said = {
        "accession_number": imaging.text(1),
        "requested_procedure_id": imaging.text(2),
        "study_instance_uid": imaging.text(3),
        "step_id": imaging.text(4),
        "modality": imaging.text(5),
        "step_description": imaging.text(6, 2)[:LONG_TEXT],
        "station_name": imaging.text(7)[:SHORT_TEXT],
        "location": (imaging.text(8, 2) or imaging.text(8))[:SHORT_TEXT],
        "station_ae_titles": tuple(filter(None, (imaging.text(9, repetition=one) for one in imaging.repetitions(9)))),
    }
    return {name: value for name, value in said.items() if value}


def _patient(patient: Segment) -> dict[str, Any]:
    chosen = _identifier(patient)
    birth_date = _timestamp(patient.text(7))
    sex = patient.text(8).upper()
    return {
        "patient_identifier": patient.text(3, repetition=chosen),
        "issuer_of_patient_id": patient.text(3, 4, repetition=chosen),
        "patient_name": _patient_name(patient),
        "birth_date": birth_date[0] if birth_date else None,
        "sex": sex if sex in {"M", "F", "O"} else "",
    }


def _identifier(patient: Segment) -> int:
    """Return which repetition of PID-3 to take: the medical record number, else the internal one, else the first."""
    kinds = {patient.text(3, 5, repetition=one): one for one in reversed(patient.repetitions(3))}
    return kinds.get("MR") or kinds.get("PI") or 1


def _patient_name(patient: Segment) -> str:
    """Return PID-5 with its alphabetic, ideographic and phonetic representations (XPN-8) as component groups."""
    groups = {"A": "", "I": "", "P": ""}
    for repetition in patient.repetitions(5):
        group = patient.text(5, 8, repetition=repetition).upper()
        group = group if group in groups else "A"
        groups[group] = groups[group] or _name(patient, 5, first=1, repetition=repetition)
    return "=".join(groups.values()).rstrip("=")


def _name(segment: Segment, number: int, *, first: int, repetition: int = 1, subcomponents: bool = False) -> str:
    """Return a name in DICOM's order of components; HL7 has the suffix before the prefix.

    ``first`` is where the family name stands: after the identifier in XCN and CNN, at the beginning in XPN.
    """
    parts = [
        segment.text(number, 1, one, repetition=repetition)
        if subcomponents
        else segment.text(number, one, repetition=repetition)
        for one in range(first, first + 5)
    ]
    family, given, middle, suffix, prefix = (part.replace("^", " ").replace("=", " ") for part in parts)
    return f"{family}^{given}^{middle}^{prefix}^{suffix}".rstrip("^")


def _start(group: _Group, details: Segment) -> tuple[date, time] | None:
    """Return when the step begins: TQ1-7, ORC-7.4, OBR-27.4, OBR-36 or OBR-6, whichever is said first."""
    said = [group.timing.text(7)] if group.timing else []
    said += [group.common.text(7, 4), details.text(27, 4), details.text(36), details.text(6)]
    found = next(filter(None, said), "")
    if not found:
        return None
    moment = _timestamp(found)
    if moment is None:
        raise Hl7Error(102, "The start of the procedure is not a date and time.")
    return moment


def _timestamp(text: str) -> tuple[date, time] | None:
    """Return an HL7 time stamp as local date and time; one with an offset is converted to the appliance's zone."""
    found = _TIMESTAMP.fullmatch(text)
    if found is None:
        return None
    year, month, day, hour, minute, second = (int(part or 0) for part in found.groups()[:6])
    try:
        moment = datetime(year, month, day, hour, minute, min(second, 59))  # noqa: DTZ001  (local, as DICOM has it)
    except ValueError:
        return None
    if (offset := found.group(7)) and found.group(4):
        minutes = int(offset[0] + "1") * (int(offset[1:3]) * 60 + int(offset[3:5]))
        if abs(minutes) >= 24 * 60:
            return None
        moment = timezone.localtime(moment.replace(tzinfo=fixed_offset(timedelta(minutes=minutes))))
    return moment.date(), moment.time()


def _priority(group: _Group, details: Segment) -> str:
    said = [group.timing.text(9)] if group.timing else []
    said += [group.common.text(7, 6), details.text(27, 6), details.text(5)]
    return _PRIORITIES.get(next(filter(None, said), "").upper(), "")


def _visit(message: OrderMessage) -> dict[str, str]:
    visit = message.first("PV1")
    return {"referring_physician": _name(visit, 8, first=2)} if visit else {}


def _other_attributes(message: OrderMessage, group: _Group, details: Segment) -> dict[str, Any]:
    """Return further return keys that the message has values for, as DICOM JSON."""
    values: dict[str, Any] = {
        "PlacerOrderNumberImagingServiceRequest": group.common.text(2)[:LONG_TEXT],
        "FillerOrderNumberImagingServiceRequest": group.common.text(3)[:LONG_TEXT],
        "PatientState": (details.text(12, 2) or details.text(12))[:LONG_TEXT],
        "AdditionalPatientHistory": details.text(13),
        "PatientTransportArrangements": details.text(30)[:LONG_TEXT],
        "ReasonForTheRequestedProcedure": (details.text(31, 2) or details.text(31))[:LONG_TEXT],
        "Allergies": [said for one in message.all("AL1") if (said := (one.text(3, 2) or one.text(3))[:LONG_TEXT])],
        "PatientWeight": _weight(message),
    }
    if visit := message.first("PV1"):
        place = (visit.text(3, part) for part in (1, 2, 3, 4))
        values["CurrentPatientLocation"] = " ".join(filter(None, place))[:LONG_TEXT]
        values["AdmissionID"] = visit.text(19)[:LONG_TEXT]
        if PREGNANT_IN_HL7 in {visit.text(15, repetition=one) for one in visit.repetitions(15)}:
            values["PregnancyStatus"] = PREGNANT
    further = Dataset()
    for keyword, value in values.items():
        if value:
            setattr(further, keyword, _without_backslash(value))
    return valid_json(further)


def _without_backslash(value: Any) -> Any:
    """Replace what DICOM would take for a delimiter of values."""
    if isinstance(value, list):
        return [_without_backslash(one) for one in value]
    return value.replace("\\", "/") if isinstance(value, str) else value


def _weight(message: OrderMessage) -> str:
    """Return the patient's weight in kilograms, where an observation states it in kilograms or grams."""
    for observation in message.all("OBX"):
        value, unit = observation.text(5), observation.text(6).lower()
        if observation.text(3) in _WEIGHT_CODES and re.fullmatch(r"\d{1,6}(\.\d{1,3})?", value, re.ASCII):
            if unit == "kg":
                return value
            if unit == "g":
                return f"{float(value) / 1000:g}"
    return ""

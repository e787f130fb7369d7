"""What a person or an outside system says of a step to schedule, and whether DICOM can carry it (PS3.5 6.2)."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import date, time
from typing import Any, Final

from pydicom.dataset import Dataset

from noctis.dicom.ae_titles import AeTitleError, normalise_ae_title
from noctis.dicom.attributes import UNREADABLE
from noctis.dicom.uids import is_valid_uid
from noctis.modality_worklist.keys import FURTHER_KEYS, FURTHER_STEP_KEYS, STEP_SEQUENCE
from noctis.modality_worklist.models import LONG_TEXT, SHORT_TEXT, Priority, ScheduledProcedureStep

SEXES: Final = frozenset({"M", "F", "O", ""})
NAME_GROUP_LENGTH: Final = 64
OTHER_ATTRIBUTES_BYTES: Final = 32 * 1024

_CODE_STRING = re.compile(r"[A-Z0-9_ ]{1,16}", re.ASCII)
_FORBIDDEN = re.compile(r"[\x00-\x1f\x7f\\]")
_LIMITS: Final = {
    "patient_identifier": LONG_TEXT,
    "issuer_of_patient_id": LONG_TEXT,
    "accession_number": SHORT_TEXT,
    "requested_procedure_id": SHORT_TEXT,
    "procedure_description": LONG_TEXT,
    "procedure_code": SHORT_TEXT,
    "procedure_code_scheme": SHORT_TEXT,
    "procedure_code_meaning": LONG_TEXT,
    "step_id": SHORT_TEXT,
    "station_name": SHORT_TEXT,
    "location": SHORT_TEXT,
    "step_description": LONG_TEXT,
}
_NAMES: Final = ("patient_name", "referring_physician", "requesting_physician", "performing_physician")


class InvalidParticulars(ValueError):
    """A step cannot be scheduled like this; each problem is a sentence without a value that names a patient."""

    def __init__(self, problems: list[str]) -> None:
        """Keep the sentences."""
        super().__init__(" ".join(problems))
        self.problems = problems


@dataclass(frozen=True, kw_only=True)
class StepParticulars:
    """A step to schedule; texts are decoded, names in DICOM's own form 'Family^Given=Ideographic=Phonetic'.

    What is left empty of study, requested procedure and step identifiers is filled in when the step is scheduled.
    ``other_attributes`` is DICOM JSON and may hold the keys of FURTHER_KEYS and FURTHER_STEP_KEYS.
    """

    patient_identifier: str
    patient_name: str
    modality: str
    start_date: date
    start_time: time
    issuer_of_patient_id: str = ""
    birth_date: date | None = None
    sex: str = ""
    study_instance_uid: str = ""
    accession_number: str = ""
    requested_procedure_id: str = ""
    procedure_description: str = ""
    procedure_code: str = ""
    procedure_code_scheme: str = ""
    procedure_code_meaning: str = ""
    priority: str = ""
    referring_physician: str = ""
    requesting_physician: str = ""
    step_id: str = ""
    station_ae_titles: tuple[str, ...] = ()
    station_name: str = ""
    location: str = ""
    performing_physician: str = ""
    step_description: str = ""
    other_attributes: Mapping[str, Any] = field(default_factory=dict)

    def columns(self) -> dict[str, Any]:
        """Return what stands in the step's own row: everything but the stations."""
        values = {one.name: getattr(self, one.name) for one in fields(self) if one.name != "station_ae_titles"}
        return {**values, "other_attributes": dict(self.other_attributes)}


def particulars_of_step(step: ScheduledProcedureStep) -> StepParticulars:
    """Return what a step was scheduled with."""
    columns = {one.name: getattr(step, one.name) for one in fields(StepParticulars) if one.name != "station_ae_titles"}
    return StepParticulars(**columns, station_ae_titles=tuple(step.station_ae_titles))


def cleaned(particulars: StepParticulars) -> StepParticulars:
    """Return ``particulars`` without padding and with codes in capitals. Raises InvalidParticulars."""
    texts = {
        one.name: getattr(particulars, one.name).strip()
        for one in fields(particulars)
        if isinstance(getattr(particulars, one.name), str)
    }
    texts["modality"], texts["sex"] = texts["modality"].upper(), texts["sex"].upper()
    problems = [*_problems(texts), *_problems_of_other_attributes(particulars.other_attributes)]
    stations, station_problems = _stations(particulars.station_ae_titles)
    if problems or station_problems:
        raise InvalidParticulars(problems + station_problems)
    return replace(particulars, **texts, station_ae_titles=stations)


def _problems(texts: dict[str, str]) -> list[str]:
    problems = [
        f"The {_words(name)} is missing."
        for name in ("patient_identifier", "patient_name", "modality")
        if not texts[name]
    ]
    for name, text in texts.items():
        if _FORBIDDEN.search(text):
            problems.append(f"The {_words(name)} holds a backslash or a control character.")
    for name, limit in _LIMITS.items():
        if len(texts[name]) > limit:
            problems.append(f"The {_words(name)} is longer than {limit} characters.")
    problems += [f"The {_words(name)} is not a valid name." for name in _NAMES if not _is_name(texts[name])]
    if texts["modality"] and not _CODE_STRING.fullmatch(texts["modality"]):
        problems.append("The modality is not a code such as CT or MR.")
    if texts["sex"] not in SEXES:
        problems.append("The sex is none of M, F and O.")
    if texts["priority"] and texts["priority"] not in Priority.values:
        problems.append(f"The priority is none of {', '.join(Priority.values)}.")
    if texts["study_instance_uid"] and not is_valid_uid(texts["study_instance_uid"]):
        problems.append("The Study Instance UID is not a valid UID.")
    return problems


def _words(name: str) -> str:
    return re.sub(r" (uid|id)\b", lambda found: found[0].upper(), name.replace("_", " "))


def _is_name(name: str) -> bool:
    """Whether PN can carry it: three groups of 64 characters with five components each (PS3.5 6.2)."""
    groups = name.split("=")
    return len(groups) <= 3 and all(len(group) <= NAME_GROUP_LENGTH and group.count("^") <= 4 for group in groups)  # noqa: PLR2004


def _stations(titles: tuple[str, ...]) -> tuple[tuple[str, ...], list[str]]:
    try:
        return tuple(dict.fromkeys(normalise_ae_title(title) for title in titles if title.strip())), []
    except AeTitleError as error:
        return (), [f"A scheduled station's AE title cannot be used: {error}"]


def _problems_of_other_attributes(other: Mapping[str, Any]) -> list[str]:
    if len(json.dumps(other)) > OTHER_ATTRIBUTES_BYTES:
        return ["The further attributes are too long."]
    try:
        read = Dataset.from_json(dict(other))
    except UNREADABLE:
        return ["The further attributes are not valid DICOM JSON."]
    inner = read[STEP_SEQUENCE].value if STEP_SEQUENCE in read else [Dataset()]
    allowed = FURTHER_KEYS | {STEP_SEQUENCE}
    if len(inner) != 1 or not _keywords(read) <= allowed or not _keywords(inner[0]) <= FURTHER_STEP_KEYS:
        return ["The further attributes hold one that a worklist does not return."]
    return []


def _keywords(attributes: Dataset) -> set[str]:
    return {found.keyword for found in attributes}

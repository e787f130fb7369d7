"""What an object states that does not fit: to itself, to its patient, or to the index, which takes no broken values."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final, TypeAlias

from pydicom.charset import python_encoding
from pydicom.datadict import dictionary_VR, tag_for_keyword
from pydicom.dataelem import DataElement, RawDataElement
from pydicom.dataset import Dataset
from pydicom.valuerep import VR

from noctis.archive.header import Header
from noctis.archive.models import FlagReason, Patient, Study
from noctis.dicom.attributes import (
    UNREADABLE,
    UNREADABLE_SEQUENCE,
    Demographics,
    date_value,
    element,
    person_name_text,
    text,
    texts,
    time_value,
    whole_number,
)
from noctis.dicom.same_person import is_same_name

# An attribute by its keyword, what is stored, what the object states, and what is wrong; only what is known.
Difference: TypeAlias = dict[str, str]

LONGEST_VALUE: Final = 200
MOST_DIFFERENCES: Final = 30
STANDARD_STORAGE: Final = "1.2.840.10008.5.1.4.1.1."
REPLACEMENT: Final = "\ufffd"

# How many characters the index keeps.
_TEXTS: Final = {
    "PatientID": 64,
    "IssuerOfPatientID": 64,
    "PatientSex": 16,
    "StudyID": 16,
    "AccessionNumber": 64,
    "StudyDescription": 256,
    "InstitutionName": 64,
    "TimezoneOffsetFromUTC": 16,
    "Modality": 16,
    "SeriesDescription": 256,
    "BodyPartExamined": 64,
    "Laterality": 16,
    "ProtocolName": 64,
    "StationName": 64,
}
_NAMES: Final = {"PatientName": 400, "ReferringPhysicianName": 400}
_DATES: Final = ("PatientBirthDate", "StudyDate", "SeriesDate", "PerformedProcedureStepStartDate")
_TIMES: Final = ("StudyTime", "SeriesTime", "PerformedProcedureStepStartTime")
_NUMBERS: Final = ("SeriesNumber", "Rows", "Columns", "SamplesPerPixel", "BitsAllocated", "NumberOfFrames")
_OF_PIXELS: Final = ("Rows", "Columns", "SamplesPerPixel", "BitsAllocated", "PhotometricInterpretation")
_WATCHED: Final = (*_TEXTS, *_NAMES, *_DATES, *_TIMES, *_NUMBERS, "PhotometricInterpretation")
_TAGS: Final = {keyword: tag_for_keyword(keyword) or 0 for keyword in (*_WATCHED, "SpecificCharacterSet")}
_PARSED: Final[dict[str, tuple[Callable[[Dataset, str], object], str]]] = {
    **dict.fromkeys(_DATES, (date_value, "valid date")),
    **dict.fromkeys(_TIMES, (time_value, "valid time")),
    **dict.fromkeys(_NUMBERS, (whole_number, "whole number")),
}
_REPRESENTATIONS: Final = frozenset(str(one.value) for one in VR)
_LONGEST_DATE: Final = len("2024.02.29")


@dataclass(frozen=True)
class Finding:
    """Something that a person should look at. What has the same ``fingerprint`` within a study is one flag."""

    reason: FlagReason
    differences: tuple[Difference, ...] = ()
    fingerprint: str = ""

    @classmethod
    def of(cls, reason: FlagReason, differences: Sequence[Difference], *by: str) -> Finding:
        """Return a finding that the values ``by`` of its differences tell from others; all of them where none is."""
        told_by = [{name: value for name, value in one.items() if not by or name in by} for one in differences]
        digest = hashlib.sha256(json.dumps(told_by, sort_keys=True).encode()).hexdigest()
        return cls(reason, tuple(differences[:MOST_DIFFERENCES]), digest)


def looks_of(header: Header) -> tuple[object, ...]:
    """Return what decides about ``unfit_values``, undecoded: objects of one series mostly look the same.

    Must be asked for before values are read, since reading replaces what came by what it means.
    """
    found = ((tag, _as_it_came(header.dataset, tag)) for tag in _TAGS.values() if tag in header.dataset)
    return (
        header.pixel_data_offset is not None,
        header.sop_class_uid.startswith(STANDARD_STORAGE),
        *((tag, None if item is None else (item.VR, _comparable(item.value))) for tag, item in found),
    )


def unfit_values(header: Header) -> list[Finding]:
    """Return what is missing although it must be there, and what the index cannot take as it is."""
    wrong_representations = list(_wrong_representations(header.dataset))
    missing = [{"attribute": keyword} for keyword in _missing(header)]
    adapted = [*wrong_representations, *_adapted(header.dataset)]
    findings = []
    if missing:
        findings.append(Finding.of(FlagReason.MISSING_ATTRIBUTES, missing))
    if adapted:
        findings.append(Finding.of(FlagReason.ADAPTED_VALUES, adapted, "attribute", "problem"))
    return findings


def other_patient(stated: Demographics, patient: Patient, study: Study) -> list[Difference]:
    """Return where an object contradicts its patient, or else the other objects of its study."""
    return _contradictions(stated, patient.name, patient.birth_date, patient.sex) or _contradictions(
        stated, study.patient_name, study.birth_date, study.sex
    )


def different_identity(stated: Demographics, study: Study) -> list[Difference]:
    """Return the particulars of an object beside those of the study that it says it belongs to."""
    patient = study.patient
    pairs = {
        "PatientID": (patient.patient_identifier, stated.patient_id),
        "IssuerOfPatientID": (patient.issuer_of_patient_id, stated.issuer),
        "PatientName": (study.patient_name, stated.name),
        "PatientBirthDate": (_shown(study.birth_date), _shown(stated.birth_date)),
        "PatientSex": (study.sex, stated.sex),
    }
    return [difference(keyword, *pair) for keyword, pair in pairs.items() if pair[0] != pair[1]]


def difference(keyword: str, stored: str, stated: str) -> Difference:
    """Return a difference for display, its values cut where they are endless."""
    return {"attribute": keyword, "stored": _shown_text(stored), "stated": _shown_text(stated)}


def _contradictions(stated: Demographics, name: str, birth_date: date | None, sex: str) -> list[Difference]:
    """Return where two statements exclude each other; what one of them leaves out contradicts nothing."""
    found = []
    if stated.name and name and not is_same_name(stated.name[:400], name):
        found.append(difference("PatientName", name, stated.name))
    if stated.birth_date and birth_date and stated.birth_date != birth_date:
        found.append(difference("PatientBirthDate", _shown(birth_date), _shown(stated.birth_date)))
    if stated.sex and sex and stated.sex[:16] != sex:
        found.append(difference("PatientSex", sex, stated.sex))
    return found


def _missing(header: Header) -> Iterator[str]:
    """Yield what is of type 1 (PS3.3 C.7.3.1, C.7.6.3) but absent or empty, and the Patient ID, which files it."""
    dataset = header.dataset
    if not text(dataset, "PatientID"):
        yield "PatientID"
    if header.sop_class_uid.startswith(STANDARD_STORAGE) and not text(dataset, "Modality"):
        yield "Modality"
    if header.pixel_data_offset is not None:
        yield from (keyword for keyword in _OF_PIXELS if not texts(dataset, keyword))


def _adapted(dataset: Dataset) -> Iterator[Difference]:
    if (unknown := _unknown_character_set(dataset)) is not None:
        yield unknown
    for keyword in _WATCHED:
        if keyword in dataset and element(dataset, keyword) is None:
            yield {"attribute": keyword, "problem": "cannot be read and is left out"}
    yield from _adapted_texts(dataset)
    for keyword, (read, what) in _PARSED.items():
        if (value := text(dataset, keyword)) and read(dataset, keyword) is None:
            yield _adaptation(keyword, value, f"is no {what} and is left out")
    for keyword in _DATES:
        value = text(dataset, keyword)
        if len(value) > _LONGEST_DATE and date_value(dataset, keyword) is not None:
            yield _adaptation(keyword, value, "is more than a date, the rest is left out")


def _adapted_texts(dataset: Dataset) -> Iterator[Difference]:
    has_character_set = bool("".join(texts(dataset, "SpecificCharacterSet")))
    for keyword, limit in (_TEXTS | _NAMES).items():
        values = texts(dataset, keyword)
        if not values:
            continue
        value = person_name_text(dataset, keyword) if keyword in _NAMES else values[0]
        for problem in _problems_of_text(value, len(values), limit, has_character_set=has_character_set):
            yield _adaptation(keyword, "\\".join(values), problem)


def _problems_of_text(value: str, count: int, limit: int, *, has_character_set: bool) -> Iterator[str]:
    if count > 1:
        yield "has several values, of which the first counts"
    if len(value) > limit:
        yield f"is longer than {limit} characters and is cut off"
    if REPLACEMENT in value:
        yield "has characters that its character set does not have"
    elif not value.isascii() and not has_character_set:
        yield "has characters beyond ASCII, but no character set is named"


def _unknown_character_set(dataset: Dataset) -> Difference | None:
    unknown = [name for name in texts(dataset, "SpecificCharacterSet") if name and name not in python_encoding]
    if not unknown:
        return None
    return _adaptation("SpecificCharacterSet", "\\".join(unknown), "names no character set of the standard")


def _wrong_representations(dataset: Dataset) -> Iterator[Difference]:
    for keyword, tag in _TAGS.items():
        item = _as_it_came(dataset, tag) if tag in dataset else None
        if isinstance(item, RawDataElement) and item.VR not in {None, "UN", dictionary_VR(tag)}:
            known = f"has the value representation {item.VR}" if item.VR in _REPRESENTATIONS else None
            yield {"attribute": keyword, "problem": known or "has no value representation that is known"}


def _as_it_came(dataset: Dataset, tag: int) -> DataElement | RawDataElement | None:
    """Return an element undecoded; None for a long one that is read only now and cannot be."""
    try:
        return dataset.get_item(tag)
    except (*UNREADABLE, *UNREADABLE_SEQUENCE):
        return None


def _adaptation(keyword: str, stated: str, problem: str) -> Difference:
    return {"attribute": keyword, "problem": problem, "stated": _shown_text(stated)}


def _comparable(value: Any) -> object:
    return value if isinstance(value, bytes | str | int | type(None)) else str(value)


def _shown_text(value: str) -> str:
    """Return what a database takes as JSON: no endless text, no half of a character."""
    return value[:LONGEST_VALUE].encode("utf-8", "replace").decode()


def _shown(value: date | None) -> str:
    return value.isoformat() if value else ""

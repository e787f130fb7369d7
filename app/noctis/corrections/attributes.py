"""The attributes that can be corrected, and the values that they may have (PS3.3 C.7.1 to C.7.3; PS3.5 6.2)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from noctis.archive.models import Series, Study

# Keywords and DICOM values as text; None is an attribute that is left out.
Values: TypeAlias = Mapping[str, "str | None"]

LONGEST_GROUP: Final = 64  # characters of a component group of a name
MOST_GROUPS: Final = 3
MOST_COMPONENTS: Final = 5


class InvalidValue(Exception):
    """The value cannot stand in the attribute; the text says what to change."""


@dataclass(frozen=True)
class Correctable:
    """An attribute that people may correct; ``column`` is that of the index, ``length`` in characters."""

    keyword: str
    label: str
    vr: str
    column: str
    length: int = LONGEST_GROUP

    def current(self, row: Study | Series) -> str:
        """Return what the index says, as DICOM writes it."""
        value: Any = row
        for name in self.column.split("__"):
            value = getattr(value, name)
        if value is None:
            return ""
        if self.vr == "DA":
            return f"{value:%Y%m%d}"
        if self.vr == "TM":
            return f"{value:%H%M%S.%f}" if value.microsecond else f"{value:%H%M%S}"
        return str(value)


PATIENT: Final = (
    Correctable("PatientName", "Patient name", "PN", "patient_name"),
    Correctable("PatientID", "Patient ID", "LO", "patient_identifier"),
    Correctable("IssuerOfPatientID", "Issuer of patient ID", "LO", "patient__issuer_of_patient_id"),
    Correctable("PatientBirthDate", "Birth date", "DA", "birth_date"),
    Correctable("PatientSex", "Sex", "CS", "sex", 16),
)
STUDY: Final = (
    Correctable("AccessionNumber", "Accession number", "SH", "accession_number", 16),
    Correctable("StudyDescription", "Study description", "LO", "description"),
    Correctable("StudyDate", "Study date", "DA", "study_date"),
    Correctable("StudyTime", "Study time", "TM", "study_time"),
    Correctable("ReferringPhysicianName", "Referring physician", "PN", "referring_physician"),
)
SERIES: Final = (
    Correctable("SeriesDescription", "Series description", "LO", "description"),
    Correctable("BodyPartExamined", "Body part", "CS", "body_part", 16),
    Correctable("Laterality", "Laterality", "CS", "laterality", 16),
)
BY_KEYWORD: Final = {one.keyword: one for one in (*PATIENT, *STUDY, *SERIES)}
# What a study that takes in others' objects makes them say of their study and patient.
ADOPTED: Final = (*(one.keyword for one in (*PATIENT, *STUDY)), "StudyID")
# Type 2: they must be there, even when nothing is known (PS3.3 C.7.1.1, C.7.2.1).
REQUIRED: Final = frozenset(ADOPTED) - {"IssuerOfPatientID", "StudyDescription"}
# What else tells who a person is; another person's must not stay (PS3.3 C.7.1.1, C.2.2, C.2.3). The age is of the birth
# date; size and weight were measured on who was in the scanner.
PERSONAL: Final = (
    *("IssuerOfPatientIDQualifiersSequence", "OtherPatientIDs", "OtherPatientIDsSequence", "OtherPatientNames"),
    *("PatientBirthName", "PatientMotherBirthName", "PatientBirthTime", "PatientAge", "PatientAddress"),
    *(
        "PatientTelephoneNumbers",
        "PatientTelecomInformation",
        "MedicalRecordLocator",
        "PatientInsurancePlanCodeSequence",
    ),
    *("ReferencedPatientSequence", "ReferencedPatientPhotoSequence", "PatientComments"),
)
SEXES: Final = (("", "Unknown"), ("F", "Female"), ("M", "Male"), ("O", "Other"))
SIDES: Final = (("", "None"), ("L", "Left"), ("R", "Right"))

_CODE: Final = re.compile(r"[A-Z0-9 _]*", re.ASCII)
_SUBJECT_OF_A_DATE: Final = "PatientBirthDate"


def checked(attribute: Correctable, value: str) -> str:
    """Return a value as it may stand in the attribute. Raises InvalidValue."""
    value = value.strip()
    if any(ord(character) < ord(" ") or character in "\\\x7f" for character in value):
        raise InvalidValue("Take out the backslash or control character.")
    if attribute.vr == "PN":
        return _name(value)
    if attribute.vr == "CS" and not _CODE.fullmatch(value):
        raise InvalidValue("Use capital letters, digits, spaces and underscores only.")
    if attribute.vr not in {"DA", "TM"} and len(value) > attribute.length:
        raise InvalidValue(f"Use at most {attribute.length} characters.")
    return value


def with_consequences(values: Mapping[str, str]) -> dict[str, str | None]:
    """Return corrected values with what they make wrong: an age that was worked out from another birth date."""
    return {**values, **({"PatientAge": None} if _SUBJECT_OF_A_DATE in values else {})}


def _name(value: str) -> str:
    groups = value.split("=")
    if len(groups) > MOST_GROUPS or any(group.count("^") >= MOST_COMPONENTS for group in groups):
        raise InvalidValue("Write Family^Given^Middle^Prefix^Suffix; an = begins the name in another script.")
    if any(len(group) > LONGEST_GROUP for group in groups):
        raise InvalidValue(f"Use at most {LONGEST_GROUP} characters for each script.")
    return value.rstrip("=^")

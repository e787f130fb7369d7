"""Attributes of a data set as Python values: names in any character set, dates, numbers (PS3.5 6.2, PS3.3 C.12.1.1.2).

Peers send broken values. Nothing here raises for one: a value that cannot be read counts as absent.
"""

from __future__ import annotations

import math
import re
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, time

from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset
from pydicom.errors import BytesLengthException
from pydicom.multival import MultiValue
from pydicom.valuerep import PersonName

# What pydicom raises when a raw value is turned into its Python type.
UNREADABLE = (
    ValueError,
    TypeError,
    LookupError,
    AttributeError,
    NotImplementedError,
    OverflowError,
    BytesLengthException,
)
# What it raises besides for a sequence whose items do not end where they should, or lie too deep.
UNREADABLE_SEQUENCE = (OSError, EOFError, struct.error, RecursionError)

_DATE = re.compile(r"(\d{4})[.-]?(\d\d)[.-]?(\d\d)", re.ASCII)
_ESCAPE_SEQUENCE = re.compile(r"\x1b[ -/]*[0-~]")
_TIME = re.compile(r"(\d\d)(?::?(\d\d)(?::?(\d\d)(?:\.(\d{1,6})\d*)?)?)?", re.ASCII)


@dataclass(frozen=True)
class Demographics:
    """Who a data set says the patient is; empty text and None where it does not say."""

    patient_id: str
    issuer: str
    name: str
    name_display: str
    birth_date: date | None
    sex: str


def demographics(dataset: Dataset) -> Demographics:
    """Return the patient of ``dataset``, its name decoded with the Specific Character Set."""
    return Demographics(
        patient_id=text(dataset, "PatientID"),
        issuer=text(dataset, "IssuerOfPatientID"),
        name=person_name_text(dataset, "PatientName"),
        name_display=person_name(dataset, "PatientName"),
        birth_date=date_value(dataset, "PatientBirthDate"),
        sex=text(dataset, "PatientSex").upper(),
    )


def texts(dataset: Dataset, keyword: str | int) -> list[str]:
    """Return every value of an attribute as text without padding; an empty list where it is absent."""
    value = _value(dataset, keyword)
    if value is None or value == "":
        return []
    values: Sequence[object] = value if isinstance(value, MultiValue | list | tuple) else [value]
    return [_plain(item) for item in values]


def text(dataset: Dataset, keyword: str) -> str:
    """Return the first value of an attribute as text, or an empty text."""
    return next(iter(texts(dataset, keyword)), "")


def whole_number(dataset: Dataset, keyword: str) -> int | None:
    """Return the first value of an attribute as a whole number; '2.0' counts as 2, '2.5' as absent."""
    value = decimal_number(dataset, keyword)
    return int(value) if value is not None and value.is_integer() else None


def decimal_number(dataset: Dataset, keyword: str) -> float | None:
    """Return the first value of an attribute as a finite number."""
    try:
        value = float(text(dataset, keyword))
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def date_value(dataset: Dataset, keyword: str) -> date | None:
    """Return the first value of a DA attribute: YYYYMMDD, or YYYY.MM.DD as ACR-NEMA wrote it (PS3.5 6.2)."""
    found = _DATE.match(text(dataset, keyword))
    if found is None:
        return None
    try:
        return date(*(int(part) for part in found.groups()))
    except ValueError:
        return None


def time_value(dataset: Dataset, keyword: str) -> time | None:
    """Return the first value of a TM attribute: HH, HHMM, HHMMSS or HHMMSS.FFFFFF; 60 seconds count as 59."""
    found = _TIME.fullmatch(text(dataset, keyword))
    if found is None:
        return None
    hours, minutes, seconds, fraction = found.groups(default="0")
    try:
        return time(int(hours), int(minutes), int(seconds.replace("60", "59")), int(fraction.ljust(6, "0")))
    except ValueError:
        return None


def person_name(dataset: Dataset, keyword: str) -> str:
    """Return a PN attribute for display, see person_name_display."""
    value = _first_name(dataset, keyword)
    return "" if value is None else person_name_display(value)


def person_name_text(dataset: Dataset, keyword: str) -> str:
    """Return a PN attribute decoded, in DICOM's own form 'Family^Given=Ideographic=Phonetic' (PS3.5 6.2.1)."""
    value = _first_name(dataset, keyword)
    return "" if value is None else _plain(value).rstrip("=^")


def person_name_display(name: PersonName | str) -> str:
    """Return 'Family, Given Middle' and, in brackets, the ideographic group where a name has both.

    Without an alphabetic group the ideographic stands alone, else the phonetic. Prefix and suffix are left out.
    """
    groups = [_plain(group) for group in _plain(name).split("=")]
    alphabetic, ideographic, phonetic = (*groups, "", "", "")[:3]
    family, given, middle, *_ = (*(part.strip() for part in alphabetic.split("^")), "", "", "")
    latin = ", ".join(part for part in (family, " ".join(part for part in (given, middle) if part)) if part)
    native = " ".join(part.strip() for part in ideographic.split("^")[:3] if part.strip())
    if latin and native:
        return f"{latin} ({native})"
    return latin or native or " ".join(part.strip() for part in phonetic.split("^")[:3] if part.strip())


def sequence_items(dataset: Dataset, keyword: str) -> list[Dataset]:
    """Return the items of a sequence; an empty list where it is absent or no sequence."""
    found = element(dataset, keyword)
    return list(found.value) if found is not None and found.VR == "SQ" and found.value else []


def without_escape_sequences(text: str) -> str:
    """Return decoded ``text`` without the escape sequences of ISO 2022, which pydicom leaves in for ISO 2022 IR 58."""
    return _ESCAPE_SEQUENCE.sub("", text) if "\x1b" in text else text


def element(dataset: Dataset, keyword: str | int) -> DataElement | None:
    """Return an element by its keyword or tag, or None where it is absent or its value cannot be read at all."""
    if keyword not in dataset:
        return None
    try:
        return dataset[keyword]
    except (*UNREADABLE, *UNREADABLE_SEQUENCE):
        return None


def _value(dataset: Dataset, keyword: str | int) -> object | None:
    found = element(dataset, keyword)
    return None if found is None else found.value


def _first_name(dataset: Dataset, keyword: str) -> PersonName | str | None:
    value = _value(dataset, keyword)
    if isinstance(value, MultiValue | list):
        value = value[0] if value else None
    return value if isinstance(value, PersonName | str) else None


def _plain(value: object) -> str:
    """Return a value as text without padding and without NUL, which no database column takes."""
    return without_escape_sequences(str(value)).replace("\0", "").strip()

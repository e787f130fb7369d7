"""Names in every Specific Character Set of PS3.3 C.12.1.1.2, and the keys with which each must be found.

One table for C-FIND, the modality worklist and QIDO-RS.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from pydicom.charset import convert_encodings
from pydicom.dataset import Dataset
from pydicom.valuerep import PersonName

from tests.data.names import NAMED_PATIENTS, NamedPatient

UTF_8 = "ISO_IR 192"
# The character sets by their defined terms; a test says that each of them is used below.
DEFINED_TERMS = (
    *("ISO_IR 100", "ISO_IR 101", "ISO_IR 109", "ISO_IR 110", "ISO_IR 126", "ISO_IR 127", "ISO_IR 138"),
    *("ISO_IR 144", "ISO_IR 148", "ISO_IR 166", "ISO_IR 13", "ISO_IR 192", "GB18030", "GBK"),
    *("ISO 2022 IR 6", "ISO 2022 IR 100", "ISO 2022 IR 101", "ISO 2022 IR 109", "ISO 2022 IR 110"),
    *("ISO 2022 IR 126", "ISO 2022 IR 127", "ISO 2022 IR 138", "ISO 2022 IR 144", "ISO 2022 IR 148"),
    *("ISO 2022 IR 166", "ISO 2022 IR 13", "ISO 2022 IR 58", "ISO 2022 IR 87", "ISO 2022 IR 149", "ISO 2022 IR 159"),
)
_FURTHER = (
    ("latin-3", "ISO_IR 109", "Ħal^Ġorġ"),
    ("latin-4", "ISO_IR 110", "Ķelle^Ģirts"),
    ("latin-5", "ISO_IR 148", "Öztürk^Ayşe"),
    ("katakana", "ISO_IR 13", "ﾔﾏﾀﾞ^ﾀﾛｳ"),
    ("extended-ascii", "ISO 2022 IR 6", "Phantom^Iris"),
    ("extended-latin-1", "ISO 2022 IR 100", "Übung^Jürgen"),
    ("two-scripts", "ISO 2022 IR 100\\ISO 2022 IR 144", "Buc^Jérôme=Бюк^Жером"),
    ("latin-and-polish", "ISO 2022 IR 100\\ISO 2022 IR 101", "Müller^Zoë=Łącki^Żoë"),
    ("latin-and-maltese", "\\ISO 2022 IR 109", "Borg^Gorg=Ħal^Ġorġ"),
    ("latin-and-latvian", "\\ISO 2022 IR 110", "Kallas^Girts=Ķelle^Ģirts"),
    ("latin-and-greek", "\\ISO 2022 IR 126", "Dionysios=Διονυσιος"),
    ("latin-and-arabic", "\\ISO 2022 IR 127", "Qabbani^Nizar=قباني^لنزار"),
    ("latin-and-hebrew", "\\ISO 2022 IR 138", "Sharon^Debora=שרון^דבורה"),
    ("latin-and-turkish", "ISO 2022 IR 100\\ISO 2022 IR 148", "Demir^Ayse=Öztürk^Ayşe"),
    ("latin-and-thai", "\\ISO 2022 IR 166", "Tuayang^Somchai=ตัวอย่าง^สมชาย"),
    ("rare-kanji", "\\ISO 2022 IR 87\\ISO 2022 IR 159", "Nio^Hanako=丂尾^花子=にお^はなこ"),
)
WRITTEN_NAMES = (*NAMED_PATIENTS, *(NamedPatient(key, terms, name, "") for key, terms, name in _FURTHER))
# pydicom writes no escape sequence for the one, and with the other no mixture of katakana and Latin letters.
_GB_2312, _KATAKANA = "ISO 2022 IR 58", "ISO_IR 13"
_PADDING = "="


@dataclass(frozen=True)
class NameKey:
    """A matching key for a patient's name, and whether the patient must be found with it."""

    text: str
    finds: bool = True


def terms_of(patient: NamedPatient) -> list[str]:
    """Return the values of the Specific Character Set."""
    return patient.character_set.split("\\")


def encode(text: str, character_set: str) -> PersonName:
    """Return a name, or a key for one, as its bytes in a character set. Raises UnicodeError."""
    terms = character_set.split("\\")
    encodings = convert_encodings(terms)
    if terms[-1] == _GB_2312:
        parts = re.split(r"([\^=])", text)
        encoded = b"".join(p.encode() if p.isascii() else b"\x1b$)A" + p.encode("gb2312") for p in parts)
        return PersonName(encoded, encodings)
    if character_set == _KATAKANA:
        return PersonName(text.encode("shift_jis"), encodings)
    name = PersonName(PersonName(text).encode(encodings), encodings)
    if str(name).rstrip(_PADDING) != text.rstrip(_PADDING):
        raise UnicodeError
    return name


def can_write(text: str, character_set: str) -> bool:
    """Whether a character set has every character of ``text``."""
    encodings = convert_encodings(character_set.split("\\"))
    return all(any(_has(encoding, character) for encoding in encodings) for character in text)


def _has(encoding: str, character: str) -> bool:
    try:
        character.encode(encoding)
    except UnicodeError:
        return False
    return True


def declare(dataset: Dataset, character_set: str, name: str) -> Dataset:
    """Give ``dataset`` a character set and a patient's name in it."""
    if character_set:
        dataset.SpecificCharacterSet = character_set.split("\\")
    elif "SpecificCharacterSet" in dataset:
        del dataset.SpecificCharacterSet
    dataset.PatientName = encode(name, character_set)
    return dataset


def keys_for(patient: NamedPatient) -> list[NameKey]:
    """Return keys that find a name, and such that do not: a component group is looked for in its place."""
    name = patient.name.rstrip(_PADDING)
    groups = name.split("=")
    family = groups[0].split("^")[0]
    texts = [name, name.swapcase(), f"{family}*", f"?{family[1:]}*", f"*{family[1:]}*"]
    for place, group in enumerate(groups[1:], start=1):
        texts += ["=" * place + group, "=" * place + group.split("^")[0] + "*", group]
    wrong = ["=" * (len(groups) % 3) + groups[0] + "x", f"{family}^nobody"]
    if len(groups) > 1:
        wrong.append(f"={groups[0]}")
    keys = [NameKey(text) for text in dict.fromkeys(texts)]
    return [*keys, *(NameKey(text, finds=False) for text in wrong)]

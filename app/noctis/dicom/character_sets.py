"""The Specific Character Set that fits what is to be sent (PS3.3 C.12.1.1.2)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from typing import Final

from pydicom.charset import convert_encodings, custom_encoders, decode_bytes, encode_string, python_encoding
from pydicom.dataset import Dataset
from pydicom.multival import MultiValue
from pydicom.valuerep import CUSTOMIZABLE_CHARSET_VR, PersonName

from noctis.dicom.attributes import without_escape_sequences

LATIN_1: Final = "ISO_IR 100"
UTF_8: Final = "ISO_IR 192"
_TEXT_DELIMITERS: Final = {0x5C}
# It extends another character set (PS3.3 C.12.1.1.2); who asks in it alone looks for no escape sequences.
_NEVER_ALONE: Final = ["ISO 2022 IR 58"]
_GB_2312_ESCAPE: Final = b"\x1b$)A"
# What ends the effect of an escape sequence within a text (PS3.5 6.1.2.5.3).
_LINE_ENDS: Final = re.compile(r"([\t\n\f\r])")


def fitting_character_set(texts: Iterable[str]) -> str:
    """Return Latin-1, which every peer reads, where it holds all of ``texts``, UTF-8 where not, and '' for ASCII."""
    needed = ""
    for text in texts:
        if text.isascii():
            continue
        try:
            text.encode("latin-1")
        except UnicodeEncodeError:
            return UTF_8
        needed = LATIN_1
    return needed


def declare_character_set(dataset: Dataset, preferred: Sequence[str] = ()) -> None:
    """Set the Specific Character Set of ``dataset`` so that every value fits; ASCII needs none.

    ``preferred`` are the values of the character set that the reader is known to understand.
    """
    usable = [] if list(preferred) == _NEVER_ALONE else list(preferred)
    texts = [(vr, text) for vr, text in _texts(dataset) if not text.isascii()]
    if not texts:
        if "SpecificCharacterSet" in dataset:
            del dataset.SpecificCharacterSet
    elif any(usable) and all(_fits(text, vr, tuple(usable)) for vr, text in texts):
        dataset.SpecificCharacterSet = usable
    else:
        dataset.SpecificCharacterSet = fitting_character_set(text for _, text in texts)


def _encode_gb_2312(value: str, errors: str = "strict") -> bytes:
    """Encode for ISO 2022 IR 58 (PS3.5 K.3): pydicom wants escape sequences of the codec, and Python's has none.

    What pydicom decoded has them still.
    """
    encoded = value.encode("gb2312", errors)  # an error must name the place within the whole value
    if "\x1b" in value:
        return encoded
    parts = ((part.isascii(), part.encode("gb2312", errors)) for part in _LINE_ENDS.split(value))
    return b"".join(part if is_ascii else _GB_2312_ESCAPE + part for is_ascii, part in parts)


custom_encoders["iso_ir_58"] = _encode_gb_2312


def _texts(dataset: Dataset) -> Iterator[tuple[str, str]]:
    """Yield each text with its value representation."""
    for element in dataset:
        if element.VR == "SQ":
            for item in element.value:
                yield from _texts(item)
        elif element.VR in CUSTOMIZABLE_CHARSET_VR:
            yield from ((element.VR, str(value)) for value in _values(element.value) if value)


def _values(value: object) -> Iterable[object]:
    return value if isinstance(value, MultiValue | list | tuple) else [value]


def _fits(text: str, vr: str, character_set: tuple[str, ...]) -> bool:
    """Tell whether ``text`` comes back unchanged when it is written in a character set and read again."""
    encodings = _encodings(character_set)
    if not all(any(_has(encoding, character) for encoding in encodings) for character in set(text)):
        return False
    if vr == "PN":
        read_again = str(PersonName(PersonName(text).encode(encodings), list(encodings)))
    else:
        read_again = decode_bytes(encode_string(text, encodings), encodings, _TEXT_DELIMITERS)
    return without_escape_sequences(read_again) == text


@lru_cache(maxsize=64)
def _encodings(character_set: tuple[str, ...]) -> tuple[str, ...]:
    """Return Python's names for the values of a Specific Character Set; none where one of them is unknown."""
    return tuple(convert_encodings(list(character_set))) if set(character_set) <= python_encoding.keys() else ()


@lru_cache(maxsize=4096)
def _has(encoding: str, character: str) -> bool:
    try:
        character.encode(encoding)
    except (UnicodeError, LookupError):
        return False
    return True

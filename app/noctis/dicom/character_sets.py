"""The Specific Character Set that fits what is to be sent (PS3.3 C.12.1.1.2)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from typing import Final

from pydicom.charset import convert_encodings, decode_bytes, encode_string, python_encoding
from pydicom.dataset import Dataset
from pydicom.multival import MultiValue
from pydicom.valuerep import CUSTOMIZABLE_CHARSET_VR, PersonName

LATIN_1: Final = "ISO_IR 100"
UTF_8: Final = "ISO_IR 192"
_TEXT_DELIMITERS: Final = {0x5C}


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
    texts = [(vr, text) for vr, text in _texts(dataset) if not text.isascii()]
    if not texts:
        if "SpecificCharacterSet" in dataset:
            del dataset.SpecificCharacterSet
    elif any(preferred) and all(_fits(text, vr, tuple(preferred)) for vr, text in texts):
        dataset.SpecificCharacterSet = list(preferred)
    else:
        dataset.SpecificCharacterSet = fitting_character_set(text for _, text in texts)


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
        return str(PersonName(PersonName(text).encode(encodings), list(encodings))) == text
    return decode_bytes(encode_string(text, encodings), encodings, _TEXT_DELIMITERS) == text


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

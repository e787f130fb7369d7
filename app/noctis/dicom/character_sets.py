"""The Specific Character Set that fits what is to be sent (PS3.3 C.12.1.1.2)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from pydicom.dataset import Dataset
from pydicom.multival import MultiValue
from pydicom.valuerep import CUSTOMIZABLE_CHARSET_VR

LATIN_1: Final = "ISO_IR 100"
UTF_8: Final = "ISO_IR 192"


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


def declare_character_set(dataset: Dataset) -> None:
    """Set the Specific Character Set of ``dataset`` so that every value fits; ASCII needs none."""
    chosen = fitting_character_set(_texts(dataset))
    if chosen:
        dataset.SpecificCharacterSet = chosen
    elif "SpecificCharacterSet" in dataset:
        del dataset.SpecificCharacterSet


def _texts(dataset: Dataset) -> Iterator[str]:
    for element in dataset:
        if element.VR == "SQ":
            for item in element.value:
                yield from _texts(item)
        elif element.VR in CUSTOMIZABLE_CHARSET_VR:
            yield from (str(value) for value in _values(element.value) if value)


def _values(value: object) -> Iterable[object]:
    return value if isinstance(value, MultiValue | list | tuple) else [value]

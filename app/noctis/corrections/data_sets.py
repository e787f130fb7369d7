"""Corrections applied to a data set, with what it said before (PS3.3 C.12.1.1.9, Original Attributes Sequence)."""

from __future__ import annotations

from copy import deepcopy
from typing import Final

from django.conf import settings
from django.utils import timezone
from pydicom.charset import convert_encodings
from pydicom.datadict import dictionary_VR, tag_for_keyword
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from noctis.corrections.attributes import REQUIRED
from noctis.corrections.overlays import Overlay
from noctis.corrections.references import correct_references
from noctis.dicom.attributes import UNREADABLE, UNREADABLE_SEQUENCE, element, person_name_text, sequence_items, texts
from noctis.dicom.character_sets import UTF_8

ORIGINAL_ATTRIBUTES: Final = "OriginalAttributesSequence"
REASON: Final = "CORRECT"  # the other term, COERCE, is for a system's own changes
LONGEST_SYSTEM: Final = 64


def apply_overlay(dataset: Dataset, overlay: Overlay) -> bool:
    """Correct ``dataset`` in place; False where it says already what it should, and nothing was touched."""
    replaced = {
        keyword: value for keyword, value in overlay.values_for(dataset).items() if _stated(dataset, keyword) != value
    }
    originals = Dataset()
    for keyword in replaced:
        _remember(originals, dataset, keyword)
    _require_characters(dataset, [value for value in replaced.values() if value])
    referenced = correct_references(dataset, overlay, originals)
    if not replaced and not referenced:
        return False
    for keyword, value in replaced.items():
        if value is not None:
            setattr(dataset, keyword, value)
        elif keyword in dataset:
            delattr(dataset, keyword)
    _note(dataset, originals, overlay)
    return True


def _stated(dataset: Dataset, keyword: str) -> str | None:
    """Return what the data set says; None where the attribute is not there."""
    if keyword not in dataset:
        return "" if keyword in REQUIRED else None
    if dictionary_VR(keyword) == "PN":
        return person_name_text(dataset, keyword)
    if dictionary_VR(keyword) == "SQ":
        return "\\"
    return "\\".join(texts(dataset, keyword))


def _remember(originals: Dataset, dataset: Dataset, keyword: str) -> None:
    """Keep what is replaced; what was not there, or cannot be read, as an empty value."""
    tag = tag_for_keyword(keyword)
    if tag is None:
        return
    found = element(dataset, tag) if keyword in dataset else None
    originals.add(deepcopy(found) if found is not None else DataElement(tag, dictionary_VR(keyword), None))


def _require_characters(dataset: Dataset, values: list[str]) -> None:
    """See to it that the data set can hold the values: in UTF-8 where its own has not all letters."""
    if all(value.isascii() for value in values):
        return
    named = texts(dataset, "SpecificCharacterSet")
    try:
        encodings = convert_encodings(named or None)
        if len(named) == 1:
            for value in values:
                value.encode(encodings[0])
            return
    except (LookupError, UnicodeEncodeError):
        pass
    dataset.decode()
    dataset.SpecificCharacterSet = UTF_8


def _note(dataset: Dataset, originals: Dataset, overlay: Overlay) -> None:
    """Add an item to the Original Attributes Sequence, behind those that others left."""
    item = Dataset()
    item.ModifiedAttributesSequence = Sequence([originals])
    item.AttributeModificationDateTime = timezone.localtime(overlay.changed_at).strftime("%Y%m%d%H%M%S.%f%z")
    item.ModifyingSystem = f"Noctis {settings.VERSION}"[:LONGEST_SYSTEM]
    item.ReasonForTheAttributeModification = REASON
    item.SourceOfPreviousValues = ""
    try:
        earlier = sequence_items(dataset, ORIGINAL_ATTRIBUTES)
    except (*UNREADABLE, *UNREADABLE_SEQUENCE):
        earlier = []
    dataset.OriginalAttributesSequence = Sequence([*earlier, item])

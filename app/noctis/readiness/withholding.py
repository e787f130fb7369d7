"""Takes lines out of texts that name a patient of the index: the last look at what is to leave the house.

An identifier counts where it is a word of its own in a line; a name where two of its parts are in one line, or its only
part. Identifiers of three characters and less are not looked for: a line with “100” in it says nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final

from noctis.archive.models import Patient, Study
from noctis.modality_worklist.models import ScheduledProcedureStep

WITHHELD: Final = "[withheld: a patient is named]"
SHORTEST: Final = 4
SHORTEST_PART: Final = 2
ENOUGH_PARTS: Final = 2
_WORDS: Final = re.compile(r"[^\W_]+")
_NAME_SEPARATORS: Final = re.compile(r"[\s^=,]+")


def withhold(texts: dict[str, str]) -> tuple[dict[str, str], int]:
    """Return the texts with such lines replaced, and how many were."""
    words = {word for text in texts.values() for word in _words(text)}
    identifiers, names = _who_may_be_meant(words)
    count = 0
    cleaned = {}
    for name, text in texts.items():
        lines = text.split("\n")
        for at, line in enumerate(lines):
            if _names_somebody(line, identifiers, names):
                lines[at] = WITHHELD
                count += 1
        cleaned[name] = "\n".join(lines)
    return cleaned, count


def _words(text: str) -> set[str]:
    return set(_WORDS.findall(text.casefold()))


def _who_may_be_meant(words: set[str]) -> tuple[set[str], set[frozenset[str]]]:
    """Return the identifiers and the parts of names of the index whose words occur somewhere."""
    identifiers, names = set(), set()
    for identifier in _identifiers():
        folded = identifier.casefold().strip()
        if len(folded) >= SHORTEST and _words(folded) <= words:
            identifiers.add(folded)
    for name in _names():
        parts = frozenset(part for part in _NAME_SEPARATORS.split(name.casefold()) if len(part) >= SHORTEST_PART)
        known = frozenset(part for part in parts if _words(part) <= words)
        is_telling = len(known) >= ENOUGH_PARTS or (len(parts) == 1 and known and len(min(known)) >= SHORTEST)
        if is_telling:
            names.add(known)
    return identifiers, names


def _names_somebody(line: str, identifiers: set[str], names: set[frozenset[str]]) -> bool:
    folded = line.casefold()
    words = _words(folded)
    if any(_words(one) <= words and re.search(rf"(?<!\w){re.escape(one)}(?!\w)", folded) for one in identifiers):
        return True
    return any(sum(_words(part) <= words for part in parts) >= min(len(parts), ENOUGH_PARTS) for parts in names)


def _identifiers() -> Iterator[str]:
    for study in Study.objects.order_by().values_list("patient_identifier", "accession_number").iterator():
        yield from _filled(study)
    yield from _filled(Patient.objects.order_by().values_list("patient_identifier", flat=True).iterator())
    steps = ScheduledProcedureStep.objects.order_by().values_list("patient_identifier", "accession_number")
    for step in steps.iterator():
        yield from _filled(step)


def _names() -> Iterator[str]:
    yield from _filled(Study.objects.order_by().values_list("patient_name", flat=True).distinct().iterator())
    yield from _filled(Patient.objects.order_by().values_list("name", flat=True).distinct().iterator())
    found = ScheduledProcedureStep.objects.order_by().values_list("patient_name", flat=True).distinct()
    yield from _filled(found.iterator())


def _filled(values: Iterable[str]) -> Iterator[str]:
    yield from (value for value in values if value)

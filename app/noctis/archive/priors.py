"""Other studies of a patient: which there are, and which of them a reader most likely compares with.

Nothing here says that two people are one: studies belong together where the archive filed them under one patient of one
facility. Where name, birth date or sex differ all the same, the study is listed as doubtful and put last.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from noctis.accounts.models import User
from noctis.archive.models import Series, Study

MOST_PRIORS: Final = 100
# What accompanies images and says nothing about how they were made (PS3.3 C.7.3.1.1.1).
ACCOMPANYING: Final = frozenset({"SR", "PR", "KO", "SEG", "REG", "RWV", "DOC", "OT", "SC", "AU", "PLAN", "FID"})
SHORTEST_WORD: Final = 4
_WORDS: Final = re.compile(r"[^\W\d_]+")


@dataclass(frozen=True)
class Prior:
    """Another study of the patient of the one that is read."""

    study: Study
    body_parts: tuple[str, ...]
    is_earlier: bool
    is_doubtful: bool
    same_modality: bool
    same_region: bool

    @property
    def relevance(self) -> tuple[bool, bool, int]:
        """What to sort by, the most relevant last: an earlier study of the same person, then what it shows."""
        return not self.is_doubtful, self.is_earlier, 2 * self.same_region + self.same_modality


def priors_of(study: Study, *, user: User) -> list[Prior]:
    """Return the other studies of the patient that ``user`` may see, the most relevant first, then the newest.

    The newest hundred are considered: nobody compares with more, and a test patient may have thousands.
    """
    found = Study.objects.visible_to(user).filter(patient_id=study.patient_id).exclude(pk=study.pk)
    others = list(found.order_by("-study_date", "-study_time", "-id")[:MOST_PRIORS])
    parts = _body_parts([study, *others])
    priors = [_prior(study, other, parts) for other in sorted(others, key=_when, reverse=True)]
    return sorted(priors, key=lambda prior: prior.relevance, reverse=True)


def _prior(study: Study, other: Study, parts: dict[int, tuple[str, ...]]) -> Prior:
    return Prior(
        study=other,
        body_parts=parts.get(other.pk, ()),
        is_earlier=_when(other) <= _when(study),
        is_doubtful=contradict(study, other),
        same_modality=bool(_image_modalities(study) & _image_modalities(other)),
        same_region=_same_region(study, other, parts),
    )


def _when(study: Study) -> tuple[Any, ...]:
    """Return what puts studies in order; one without a date counts as older than any other."""
    date, time = study.study_date, study.study_time
    return date is not None, date and date.toordinal(), time.isoformat() if time else ""


def contradict(one: Study, other: Study) -> bool:
    """Whether name, birth date or sex contradict each other; what is missing contradicts nothing."""
    pairs = (
        (one.patient_name and one.patient_name_index, other.patient_name and other.patient_name_index),
        (one.birth_date, other.birth_date),
        (one.sex, other.sex),
    )
    return any(mine and theirs and mine != theirs for mine, theirs in pairs)


def _image_modalities(study: Study) -> set[str]:
    return set(study.modality_list) - ACCOMPANYING


def _same_region(one: Study, other: Study, parts: dict[int, tuple[str, ...]]) -> bool:
    """Whether both show the same part of the body: as their series say, else by a word of their descriptions."""
    mine, theirs = parts.get(one.pk, ()), parts.get(other.pk, ())
    if mine and theirs:
        return bool(set(mine) & set(theirs))
    return bool(_words(one.description, mine) & _words(other.description, theirs))


def _words(description: str, body_parts: Sequence[str]) -> set[str]:
    text = " ".join((description, *body_parts)).casefold()
    return {word for word in _WORDS.findall(text) if len(word) >= SHORTEST_WORD}


def _body_parts(studies: Iterable[Study]) -> dict[int, tuple[str, ...]]:
    """Return the body parts that the series of each study name, by primary key; studies without one are not there."""
    named = Series.objects.filter(study__in=[study.pk for study in studies]).exclude(body_part="")
    parts: dict[int, set[str]] = {}
    for study_id, body_part in named.values_list("study_id", "body_part").distinct():
        parts.setdefault(study_id, set()).add(body_part.upper())
    return {study_id: tuple(sorted(found)) for study_id, found in parts.items()}

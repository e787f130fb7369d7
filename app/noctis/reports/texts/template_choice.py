"""Which templates fit a study, the best first."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from noctis.archive.models import Series, Study
from noctis.reports.models import ReportTemplate

# Body parts that modalities and writers of templates name in several ways (PS3.16 annex L, Body Part Examined).
SAME_PARTS: Final = (
    frozenset({"HEAD", "BRAIN", "SKULL", "CRANIUM", "NEURO", "CEREBRAL", "HEADNECK"}),
    frozenset({"CHEST", "THORAX", "LUNG", "LUNGS"}),
    frozenset({"ABDOMEN", "ABDOMENPELVIS", "LIVER", "ABDO", "ABDOMINAL", "CHESTABDPELVIS", "CHESTABDOMEN"}),
    frozenset({"SPINE", "CSPINE", "TSPINE", "LSPINE", "LUMBAR", "CERVICAL"}),
    frozenset({"BREAST", "MAMMA", "MAMMOGRAPHY"}),
)
_WORDS: Final = re.compile(r"[^\W_]+")


def best_first(templates: Iterable[ReportTemplate], study: Study) -> list[tuple[ReportTemplate, bool]]:
    """Return all templates with whether each is made for such a study; those come first, the reader's own before."""
    parts, modalities = _parts_of(study), set(study.modality_list)
    rated = [(_fit(template, modalities, parts), template) for template in templates]
    rated.sort(key=lambda row: (-row[0], row[1].owner_id is None, row[1].name.casefold(), row[1].pk))
    return [(template, fit > 0) for fit, template in rated]


def _fit(template: ReportTemplate, modalities: set[str], parts: set[str]) -> int:
    """Return how well a template fits: below zero where it is made for something else."""
    wanted = template.modality_list
    if wanted and not modalities & set(wanted):
        return -1
    if template.body_part and not _alike(template.body_part) & parts:
        return -1 if parts else 0
    return 2 * bool(template.body_part) + bool(wanted)


def _parts_of(study: Study) -> set[str]:
    named = Series.objects.filter(study=study).exclude(body_part="").values_list("body_part", flat=True).distinct()
    words = _WORDS.findall(" ".join((study.description, *named)).upper())
    return {part for word in words for part in _alike(word)}


def _alike(part: str) -> frozenset[str]:
    name = part.upper()
    return next((same for same in SAME_PARTS if name in same), frozenset({name}))

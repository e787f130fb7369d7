"""What changed from one version of a report to the next, for readers: words that went and words that came."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any, Literal

from noctis.reports.content import SECTIONS, as_text

Change = Literal["same", "removed", "added"]


@dataclass(frozen=True)
class ChangedSection:
    """A section that differs, as pieces of text in reading order."""

    title: str
    pieces: list[tuple[Change, str]]


def difference(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[ChangedSection]:
    """Return the sections that say something else."""
    changed = []
    for key, title in SECTIONS.items():
        old, new = as_text(before.get(key)), as_text(after.get(key))
        if old != new:
            changed.append(ChangedSection(title, list(_pieces(_words(old), _words(new)))))
    return changed


def _words(text: str) -> list[str]:
    """Return words and what stands between them; joined they are the text."""
    return re.findall(r"\s+|[^\s]+", text)


def _pieces(old: list[str], new: list[str]) -> Iterator[tuple[Change, str]]:
    for kind, old_from, old_to, new_from, new_to in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if kind == "equal":
            yield "same", "".join(new[new_from:new_to])
            continue
        if old_to > old_from:
            yield "removed", "".join(old[old_from:old_to])
        if new_to > new_from:
            yield "added", "".join(new[new_from:new_to])

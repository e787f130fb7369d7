"""Pages of lists whose newest row comes first: each begins below a primary key, so none of them counts or skips."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeVar

from django.db import models

Row = TypeVar("Row", bound=models.Model)
LONGEST_KEY = 18


@dataclass(frozen=True)
class KeysetPage(Generic[Row]):
    """Rows, the key to continue below (None at the end), and whether newer rows were left out."""

    rows: list[Row]
    next_before: int | None
    is_first: bool


def page_before(rows: models.QuerySet[Row], before: str, size: int) -> KeysetPage[Row]:
    """Return at most ``size`` of ``rows`` below the key ``before``; what is no key means the first page."""
    is_key = before.isascii() and before.isdigit() and len(before) <= LONGEST_KEY
    selected = rows.filter(pk__lt=int(before)) if is_key else rows
    found = list(selected.order_by("-pk")[: size + 1])
    shown = found[:size]
    return KeysetPage(shown, shown[-1].pk if len(found) > size else None, is_first=not is_key)

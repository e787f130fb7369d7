"""Figures of the viewers: medians of several openings, and what part of the other's each one is."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import TYPE_CHECKING, Any, Final

from tests.bench.figures import NOCTIS, aligned

if TYPE_CHECKING:
    from tests.bench.viewers import Measured

MEGABYTE: Final = 1024 * 1024


@dataclass(frozen=True)
class Quantity:
    """Something that is measured at each opening; less is better."""

    name: str
    unit: str
    cold_only: bool = False


FIRST_IMAGE: Final = Quantity("First image", "s")
QUANTITIES: Final = {
    "first_image": FIRST_IMAGE,
    "complete": Quantity("All images received", "s"),
    "received": Quantity("Received", "MB", cold_only=True),
    "requests": Quantity("Requests", "", cold_only=True),
    "js_heap": Quantity("JavaScript heap", "MB", cold_only=True),
    "memory": Quantity("Memory of the page's process", "MB", cold_only=True),
}
IN_MEGABYTES: Final = {"received", "js_heap", "memory"}


@dataclass(frozen=True)
class ViewerRow:
    """One quantity of one contender, as measured each time."""

    situation: str
    quantity: Quantity
    contender: str
    values: tuple[float, ...]

    @property
    def median(self) -> float:
        """The value in the middle."""
        return median(self.values)

    def as_json(self) -> dict[str, Any]:
        """Return the row."""
        return {
            "situation": self.situation,
            "quantity": self.quantity.name,
            "unit": self.quantity.unit,
            "contender": self.contender,
            "median": round(self.median, 3),
            "values": [round(value, 3) for value in self.values],
        }


@dataclass
class ViewerFigures:
    """What was measured so far."""

    _values: dict[tuple[str, str, str], list[float]] = field(default_factory=dict)

    def add(self, contender: str, slices: int, measured: Measured, *, is_cold: bool) -> None:
        """Add one opening; ``is_cold`` where the browser had nothing of the viewer yet."""
        situation = f"{slices} slices, {'first visit' if is_cold else 'viewer in the cache'}"
        for key, quantity in QUANTITIES.items():
            if is_cold or not quantity.cold_only:
                value = getattr(measured, key) / (MEGABYTE if key in IN_MEGABYTES else 1)
                self._values.setdefault((situation, key, contender), []).append(value)

    def rows(self) -> list[ViewerRow]:
        """Return the figures, those of one situation together."""
        ordered = sorted(self._values.items(), key=lambda item: (item[0][0], list(QUANTITIES).index(item[0][1])))
        return [
            ViewerRow(situation, QUANTITIES[key], contender, tuple(values))
            for (situation, key, contender), values in ordered
        ]


def compared(rows: list[ViewerRow]) -> Iterator[tuple[ViewerRow, ViewerRow]]:
    """Yield each row of Noctis with each other contender's row of the same."""
    for own in rows:
        for other in rows:
            same = (own.situation, own.quantity) == (other.situation, other.quantity)
            if same and own.contender == NOCTIS and other.contender != NOCTIS:
                yield own, other


def viewer_ratios(rows: list[ViewerRow]) -> list[dict[str, Any]]:
    """Return for each quantity what part of the other contender's Noctis needs; above 1 the other one is better."""
    return [
        {
            "situation": own.situation,
            "quantity": own.quantity.name,
            "against": other.contender,
            "ratio": round(own.median / other.median, 2),
        }
        for own, other in compared(rows)
    ]


def viewer_table(rows: list[ViewerRow]) -> str:
    """Return the medians side by side, with the ratio."""
    ratios = {(one["situation"], one["quantity"]): f"{one['ratio']:.2f} ×" for one in viewer_ratios(rows)}
    lines: list[Sequence[str]] = [("", "", "", "median", "of", "least", "most", "Noctis needs")]
    for row in rows:
        values = [
            f"{value:.2f} {row.quantity.unit}".strip() for value in (row.median, min(row.values), max(row.values))
        ]
        ratio = ratios.get((row.situation, row.quantity.name), "") if row.contender == NOCTIS else ""
        lines.append(
            (row.situation, row.quantity.name, row.contender, values[0], str(len(row.values)), *values[1:], ratio)
        )
    return aligned(lines, texts=3)

"""Figures of one operation, and how they are shown side by side."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

NOCTIS = "Noctis"
DATABASE = "its queries"  # what the database does of what Noctis does


@dataclass
class Figures:
    """How long each request of an operation took with one contender, in seconds.

    ``seconds`` is how long all of them took together, which is less than their sum where some ran at the same time.
    """

    operation: str
    contender: str
    times: list[float] = field(default_factory=list)
    seconds: float = 0.0

    def add(self, times: Iterable[float], seconds: float) -> None:
        """Add the figures of a round."""
        self.times.extend(times)
        self.seconds += seconds

    @property
    def average(self) -> float:
        """The average time of a request."""
        return sum(self.times) / len(self.times)

    @property
    def rate(self) -> float:
        """Requests per second."""
        return len(self.times) / self.seconds

    def percentile(self, percent: float) -> float:
        """The time that so many percent of the requests did not exceed (nearest rank)."""
        ranked = sorted(self.times)
        return ranked[max(0, math.ceil(len(ranked) * percent / 100) - 1)]

    def as_json(self) -> dict[str, Any]:
        """Return the figures, times in milliseconds."""
        return {
            "operation": self.operation,
            "contender": self.contender,
            "requests": len(self.times),
            "average_ms": round(self.average * 1000, 3),
            **{f"p{percent}_ms": round(self.percentile(percent) * 1000, 3) for percent in (50, 95, 99)},
            "per_second": round(self.rate, 2),
        }


class Measure(Enum):
    """What of the times a promise is about."""

    AVERAGE = "average"
    MEDIAN = "median"

    def of(self, figures: Figures) -> float:
        """Return it, in seconds."""
        return figures.average if self is Measure.AVERAGE else figures.percentile(50)


@dataclass(frozen=True)
class Promise:
    """A time that must not be reached on average, or at the median, in seconds."""

    operation: str
    most: float
    measured: float
    measure: Measure = Measure.AVERAGE

    @property
    def is_held(self) -> bool:
        """Whether the time stays below."""
        return self.measured < self.most

    def __str__(self) -> str:
        verdict = "held" if self.is_held else "MISSED"
        measured, most = f"{self.measured * 1000:.1f} ms", f"{self.most * 1000:.0f} ms"
        how = "on average" if self.measure is Measure.AVERAGE else "at the median"
        return f"{verdict}: {self.operation} takes {measured} {how}, promised are less than {most}"

    def as_json(self) -> dict[str, Any]:
        """Return the promise, times in milliseconds."""
        return {
            "operation": self.operation,
            "most_ms": round(self.most * 1000),
            f"{self.measure.value}_ms": round(self.measured * 1000, 3),
            "is_held": self.is_held,
        }


def ratios(figures: Sequence[Figures]) -> list[dict[str, Any]]:
    """Return for each operation by how much the rate of Noctis exceeds that of each other contender."""
    own = {one.operation: one for one in figures if one.contender == NOCTIS}
    return [
        {"operation": one.operation, "against": one.contender, "ratio": round(own[one.operation].rate / one.rate, 2)}
        for one in figures
        if one.contender not in (NOCTIS, DATABASE) and one.operation in own
    ]


def table(figures: Sequence[Figures]) -> str:
    """Return the figures as a table."""
    head = ("", "", "requests", "average", "p50", "p95", "p99", "per second")
    rows = [
        (
            one.operation,
            one.contender,
            str(len(one.times)),
            *(f"{value * 1000:.1f} ms" for value in (one.average, *(one.percentile(p) for p in (50, 95, 99)))),
            f"{one.rate:.1f}",
        )
        for one in figures
    ]
    return aligned([head, *rows])


def ratio_table(figures: Sequence[Figures]) -> str:
    """Return the ratios as a table."""
    rows = [(str(one["operation"]), str(one["against"]), f"{one['ratio']:.2f} ×") for one in ratios(figures)]
    return aligned([("Rate of Noctis", "against", ""), *rows])


def aligned(rows: Sequence[Sequence[str]], *, texts: int = 2) -> str:
    """Return rows as a table whose first columns, as many as ``texts``, hold words and the others numbers."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return "\n".join(
        "  ".join(
            cell.ljust(width) if column < texts else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    )

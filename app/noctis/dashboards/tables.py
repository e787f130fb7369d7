"""A table of figures: what a chart draws, a page shows and a CSV file holds."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Final

Value = str | int | float | None

# What spreadsheets take for the beginning of a formula (OWASP, CSV injection).
FORMULA_BEGINS: Final = ("=", "+", "-", "@", "\t", "\r")


class Unit(str, Enum):
    """What the values of a column are."""

    TEXT = "text"
    COUNT = "count"
    MINUTES = "minutes"
    PERCENT = "percent"


class Kind(str, Enum):
    """How a table is drawn."""

    LINES = "lines"
    COLUMNS = "columns"
    BARS = "bars"
    STACKED = "stacked"


@dataclass(frozen=True)
class Column:
    """A column; one that is ``drawn`` is a series of the chart."""

    label: str
    unit: Unit = Unit.COUNT
    drawn: bool = False


@dataclass(frozen=True)
class Table:
    """Figures under a title; the first column names the rows, ``note`` says what is counted."""

    key: str
    title: str
    note: str
    kind: Kind
    columns: Sequence[Column]
    rows: Sequence[Sequence[Value]] = field(default_factory=list)

    @property
    def cells(self) -> list[list[tuple[Column, Value]]]:
        """The rows, each value with its column."""
        return [list(zip(self.columns, row, strict=True)) for row in self.rows]

    def as_csv(self) -> str:
        """Return the table as CSV (RFC 4180); durations in minutes, and no cell that a spreadsheet would compute."""
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\r\n")
        writer.writerow([_heading(column) for column in self.columns])
        writer.writerows([[_cell(value) for value in row] for row in self.rows])
        return text.getvalue()


def _heading(column: Column) -> str:
    suffix = {Unit.MINUTES: " (minutes)", Unit.PERCENT: " (%)"}.get(column.unit, "")
    return _cell(column.label + suffix)


def _cell(value: Value) -> str:
    if isinstance(value, str):
        return f"'{value}" if value.startswith(FORMULA_BEGINS) else value
    return "" if value is None else f"{value:.1f}" if isinstance(value, float) else str(value)

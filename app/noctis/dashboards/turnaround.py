"""How long studies wait for their report: from the first image received to the preliminary and the final report.

The database ranks and picks; nothing is read but two rows a group. Percentiles are those of the nearest rank:
times that a study really took.
"""

from __future__ import annotations

from dataclasses import astuple, dataclass
from datetime import timedelta
from typing import Any, Final

from django.db.models import Count, DurationField, ExpressionWrapper, F, Q, Window
from django.db.models.functions import RowNumber

from noctis.dashboards.grouping import Grouping, Rows
from noctis.dashboards.scope import Scope
from noctis.dashboards.tables import Column, Kind, Table, Unit, Value

MINUTE: Final = timedelta(minutes=1)


@dataclass(frozen=True)
class Spread:
    """How many there are, and how many minutes half and nine tenths of them took at most."""

    count: int = 0
    median: float | None = None
    ninetieth: float | None = None


def turnaround(key: str, title: str, scope: Scope, grouping: Grouping) -> Table:
    """Return the turnaround times of the reports signed, and of those released as preliminary, in the period."""
    final, preliminary = _spreads(signed(scope), grouping), _spreads(released(scope), grouping)
    names = grouping.names(final.keys() | preliminary.keys())
    rows: list[list[Value]] = []
    for group in sorted(names, key=lambda one: names[one]):
        spreads = (final.get(group, Spread()), preliminary.get(group, Spread()))
        rows.append([names[group], *(one for spread in spreads for one in astuple(spread))])
    columns = [
        Column(grouping.label, Unit.TEXT),
        Column("Final reports"),
        Column("Final: median", Unit.MINUTES, drawn=True),
        Column("Final: 90th percentile", Unit.MINUTES, drawn=True),
        Column("Preliminary reports"),
        Column("Preliminary: median", Unit.MINUTES, drawn=True),
        Column("Preliminary: 90th percentile", Unit.MINUTES),
    ]
    note = "From the first image received to the report, for reports signed or released in the period."
    return Table(key, title, note, Kind.LINES if grouping.in_time else Kind.BARS, columns, rows)


def signed(scope: Scope) -> Rows:
    """Return the reports signed in the period."""
    return Rows(scope, scope.report_times().filter(scope.within("signed_at")), "signed_at", "study__")


def released(scope: Scope) -> Rows:
    """Return the reports that became preliminary in the period."""
    return Rows(scope, scope.report_times().filter(scope.within("preliminary_at")), "preliminary_at", "study__")


def _spreads(rows: Rows, grouping: Grouping) -> dict[Any, Spread]:
    taken = ExpressionWrapper(F(rows.moment) - F("study__received_at"), output_field=DurationField())
    grouped = rows.found.annotate(group=grouping.expression(rows), taken=taken).values("group", "taken")
    ranked = grouped.annotate(
        place=Window(RowNumber(), partition_by=[F("group")], order_by=F("taken").asc()),
        size=Window(Count("pk"), partition_by=[F("group")]),
    )
    half, nine_tenths = (F("size") + 1) / 2, (F("size") * 9 + 9) / 10  # of whole numbers: rounded up
    picked = ranked.filter(Q(place=half) | Q(place=nine_tenths)).order_by("group", "place")
    found: dict[Any, Spread] = {}
    for group, size, time in picked.values_list("group", "size", "taken"):
        median = found[group].median if group in found else time / MINUTE
        found[group] = Spread(size, median, time / MINUTE)
    return found

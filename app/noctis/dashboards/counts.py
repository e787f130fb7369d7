"""How much there is: studies received, reports signed, and what waits."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final

from django.db.models import Case, Count, IntegerField, Q, Value, When
from django.utils import timezone

from noctis.dashboards.grouping import BY_READER, Grouping, Rows
from noctis.dashboards.scope import Scope
from noctis.dashboards.tables import Column, Kind, Table, Unit
from noctis.dashboards.tables import Value as Cell
from noctis.dashboards.turnaround import signed
from noctis.reading_worklist.models import UNREAD, Urgency

# Upper bounds of the ages of what waits.
AGES: Final = (
    ("Below 1 hour", timedelta(hours=1)),
    ("1 to 4 hours", timedelta(hours=4)),
    ("4 to 24 hours", timedelta(hours=24)),
    ("1 to 3 days", timedelta(days=3)),
    ("3 to 7 days", timedelta(days=7)),
)
OLDEST: Final = "Over 7 days"


def volumes(key: str, title: str, scope: Scope, grouping: Grouping) -> Table:
    """Return how many studies were received in the period, for readers how many reports they signed."""
    if grouping is BY_READER:
        found, counted = signed(scope), "Reports signed"
        note = "Final reports signed in the period."
    else:
        found, counted = Rows(scope, scope.tasks().filter(scope.within("received_at")), "received_at"), "Studies"
        note = "Studies whose first image was received in the period."
    counts = _counts(found, grouping)
    names = grouping.names(counts)
    if grouping.in_time:
        ordered = sorted(counts)
    else:
        ordered = sorted(counts, key=lambda group: (-counts[group], names.get(group, "")))
    rows: list[list[Cell]] = [[names.get(group, ""), counts[group]] for group in ordered]
    kind = Kind.COLUMNS if grouping.in_time else Kind.BARS
    return Table(key, title, note, kind, [Column(grouping.label, Unit.TEXT), Column(counted, drawn=True)], rows)


def _counts(rows: Rows, grouping: Grouping) -> dict[Any, int]:
    grouped = rows.found.order_by().annotate(group=grouping.expression(rows)).values("group")
    return dict(grouped.annotate(count=Count("pk")).values_list("group", "count"))


def backlog(key: str, title: str, scope: Scope, *, now: datetime | None = None) -> Table:
    """Return how many studies wait for a signed report now, by how long they wait and how urgent they are."""
    now = now or timezone.now()
    ages = [When(received_at__gt=now - bound, then=Value(place)) for place, (_, bound) in enumerate(AGES)]
    age = Case(*ages, default=Value(len(AGES)), output_field=IntegerField())
    unread = scope.tasks().filter(UNREAD).order_by().annotate(age=age).values("age", "priority")
    counted = unread.annotate(count=Count("pk"), late=Count("pk", filter=Q(due_at__lt=now)))
    found = {(one["age"], one["priority"]): (one["count"], one["late"]) for one in counted}
    rows: list[list[Cell]] = []
    for place, name in enumerate([*(name for name, _ in AGES), OLDEST]):
        of_age = [found.get((place, urgency.value), (0, 0)) for urgency in Urgency]
        rows.append([name, *(count for count, _ in of_age), sum(late for _, late in of_age)])
    columns = [
        Column("Received", Unit.TEXT),
        *(Column(str(urgency.label), drawn=True) for urgency in Urgency),
        Column("Past the target"),
    ]
    note = "Studies without a signed report, now; the period does not matter."
    return Table(key, title, note, Kind.STACKED, columns, rows)

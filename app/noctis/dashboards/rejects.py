"""Which part of the images was rejected in quality control, and why."""

from __future__ import annotations

from datetime import date
from typing import Final

from django.db.models.functions import TruncDay, TruncMonth, TruncWeek

from noctis.dashboards.grouping import BY_FACILITY, BY_MODALITY, OVER_TIME, WITHOUT, Grouping
from noctis.dashboards.scope import Scope
from noctis.dashboards.tables import Column, Kind, Table, Unit, Value
from noctis.quality_control.statistics import Dimension, RejectCount, Wanted, reject_counts

NOTE: Final = "Of the images whose study was received in the period. An image that was restored does not count."
_BUCKETS: Final = {TruncDay: Dimension.DAY, TruncWeek: Dimension.WEEK, TruncMonth: Dimension.MONTH}


def reject_rate(key: str, title: str, scope: Scope, grouping: Grouping) -> Table:
    """Return how many images were made and rejected; a series counts for its own modality."""
    dimension = {BY_MODALITY: Dimension.MODALITY, BY_FACILITY: Dimension.FACILITY}.get(grouping, _BUCKETS[scope.bucket])
    counts = _counts(scope, dimension)
    if grouping is OVER_TIME:
        counts.sort(key=lambda count: count.key)
    rows: list[list[Value]] = [
        [_name(count), count.images, count.rejected, None if count.rate is None else 100 * count.rate]
        for count in counts
    ]
    columns = [
        Column(grouping.label, Unit.TEXT),
        Column("Images"),
        Column("Rejected"),
        Column("Reject rate", Unit.PERCENT, drawn=True),
    ]
    return Table(key, title, NOTE, Kind.LINES if grouping.in_time else Kind.BARS, columns, rows)


def reject_reasons(key: str, title: str, scope: Scope) -> Table:
    """Return how often each reason was given."""
    rows: list[list[Value]] = [
        [_name(count), count.rejected, count.repeats_requested] for count in _counts(scope, Dimension.REASON)
    ]
    columns = [Column("Reason", Unit.TEXT), Column("Rejected", drawn=True), Column("Repeats requested")]
    return Table(key, title, NOTE, Kind.BARS, columns, rows)


def _counts(scope: Scope, dimension: Dimension) -> list[RejectCount]:
    return reject_counts(scope.user, Wanted(scope.first, scope.last, scope.facility), [dimension])


def _name(count: RejectCount) -> str:
    (value,) = count.key
    return value.isoformat() if isinstance(value, date) else str(value or WITHOUT)

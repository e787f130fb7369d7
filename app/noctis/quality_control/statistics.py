"""How many images were made and how many of them rejected: counted by the database, for the pages and dashboards.

Images count by the day on which the first of their study was received, made and rejected ones alike, so that a rate
never compares different populations. What cannot be rejected for how it looks, such as reports, does not count.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import Enum
from typing import Any, Final

from django.db.models import Count, DateField, F, Q, QuerySet, Sum
from django.db.models.expressions import Combinable
from django.db.models.functions import TruncDay, TruncMonth, TruncWeek
from django.utils import timezone

from noctis.accounts.models import Facility, User
from noctis.archive.models import Series
from noctis.quality_control.models import Rejection

NOT_IMAGES: Final = ("SR", "KO", "PR", "DOC", "SEG", "RTSTRUCT", "RTPLAN", "RTDOSE", "RTRECORD", "REG", "ECG", "AU")


class Dimension(Enum):
    """What counts are told apart by."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    MODALITY = "modality"
    FACILITY = "facility"
    STATION = "station"
    REASON = "reason"
    REJECTED_BY = "rejected_by"


@dataclass(frozen=True)
class Wanted:
    """Which images to count; both days are included, what is empty does not narrow."""

    first_day: date
    last_day: date
    facility: Facility | None = None
    modality: str = ""
    station: str = ""


@dataclass(frozen=True)
class RejectCount:
    """Images of one group: ``key`` holds its dimensions in the order asked for.

    With a dimension that only rejected images have (REASON, REJECTED_BY), ``images`` counts all images of the group's
    other dimensions.
    """

    key: tuple[Any, ...]
    images: int
    rejected: int
    repeats_requested: int

    @property
    def rate(self) -> float | None:
        """The rejected part of the images, from 0 to 1; None where there are none."""
        return self.rejected / self.images if self.images else None


_TRUNCATED: Final = {Dimension.DAY: TruncDay, Dimension.WEEK: TruncWeek, Dimension.MONTH: TruncMonth}
_OF_SERIES: Final = {
    Dimension.MODALITY: "modality",
    Dimension.STATION: "station",
    Dimension.FACILITY: "study__facility__name",
}
_OF_REJECTIONS_ALONE: Final = {Dimension.REASON: "reason__name", Dimension.REJECTED_BY: "rejected_by__username"}


def reject_counts(user: User, wanted: Wanted, by: Iterable[Dimension]) -> list[RejectCount]:
    """Return what ``user`` may see of the counts, in groups by ``by``, the largest number of rejected images first.

    Periods are days of the appliance's time zone: a day, the Monday of a week, the first of a month.
    """
    dimensions = tuple(by)
    shared = [number for number, one in enumerate(dimensions) if one not in _OF_REJECTIONS_ALONE]
    made = _grouped(_series(user, wanted), [dimensions[number] for number in shared], "", images=Sum("instance_count"))
    images = {key: figures["images"] or 0 for key, figures in made}
    rejections = _grouped(
        _rejections(user, wanted),
        dimensions,
        "instance__series__",
        rejected=Count("pk"),
        repeats=Count("pk", filter=Q(is_repeat_requested=True)),
    )
    counts = [
        RejectCount(key, images.get(tuple(key[number] for number in shared), 0), found["rejected"], found["repeats"])
        for key, found in rejections
    ]
    if len(shared) == len(dimensions):
        rejected = {count.key for count in counts}
        counts += [RejectCount(key, number, 0, 0) for key, number in images.items() if key not in rejected]
    return sorted(counts, key=lambda count: (-count.rejected, -count.images, tuple(map(str, count.key))))


def _series(user: User, wanted: Wanted) -> QuerySet[Series]:
    found = Series.objects.visible_to(user).filter(_condition(wanted, ""))
    return found.exclude(modality__in=NOT_IMAGES)


def _rejections(user: User, wanted: Wanted) -> QuerySet[Rejection]:
    found = Rejection.objects.visible_to(user).filter(undone_at=None).filter(_condition(wanted, "instance__series__"))
    return found.exclude(instance__series__modality__in=NOT_IMAGES)


def _condition(wanted: Wanted, series: str) -> Q:
    """Return the condition for what is wanted; ``series`` is the path to the series."""
    begin, end = _start_of(wanted.first_day), _start_of(wanted.last_day + timedelta(days=1))
    condition = Q(**{f"{series}study__received_at__gte": begin, f"{series}study__received_at__lt": end})
    if wanted.facility is not None:
        condition &= Q(**{f"{series}study__facility": wanted.facility})
    if wanted.modality:
        condition &= Q(**{f"{series}modality": wanted.modality})
    if wanted.station:
        condition &= Q(**{f"{series}station": wanted.station})
    return condition


def _start_of(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time.min))


def _grouped(
    rows: QuerySet[Any], dimensions: Iterable[Dimension], series: str, **figures: Combinable
) -> list[tuple[tuple[Any, ...], dict[str, Any]]]:
    names = {f"group_{number}": _expression(one, series) for number, one in enumerate(dimensions)}
    if not names:
        return [((), rows.aggregate(**figures))]
    found = rows.order_by().values(**names).annotate(**figures)
    return [(tuple(row[name] for name in names), row) for row in found]


def _expression(dimension: Dimension, series: str) -> Combinable:
    if dimension in _TRUNCATED:
        return _TRUNCATED[dimension](f"{series}study__received_at", output_field=DateField())
    if dimension in _OF_REJECTIONS_ALONE:
        return F(_OF_REJECTIONS_ALONE[dimension])
    return F(series + _OF_SERIES[dimension])

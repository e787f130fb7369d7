"""What is stored in a day, by every way in: the ground of the forecast for the disk.

Each instance is counted once, by its primary key, so that a large archive is not read again and again.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import Final

from django.db import transaction
from django.db.models import Count, Max, Sum
from django.db.models.functions import TruncDate

from noctis.archive.models import Instance
from noctis.monitoring.models import IntakeDay

KEPT: Final = timedelta(days=60)
LOOKED_AT: Final = timedelta(days=14)
SHORTEST: Final = timedelta(hours=12)


@dataclass(frozen=True)
class Intake:
    """Bytes a day, and from how many days that is known."""

    bytes_per_day: float
    days: float


@transaction.atomic
def count_intake(now: datetime) -> None:
    """Add what came since the last time."""
    last = IntakeDay.objects.aggregate(last=Max("last_instance"))["last"] or 0
    new = Instance.objects.filter(pk__gt=int(last), received_at__gte=now - KEPT).order_by()
    found = new.annotate(day=TruncDate("received_at", tzinfo=timezone.utc)).values("day")
    for row in found.annotate(number=Count("pk"), size=Sum("file_size"), last=Max("pk")):
        day, _ = IntakeDay.objects.select_for_update().get_or_create(day=row["day"])
        day.instances += row["number"]
        day.size += row["size"]
        day.last_instance = max(day.last_instance, row["last"])
        day.save()
    # The newest row also says how far was counted, so it stays.
    newest = IntakeDay.objects.order_by("-last_instance").first()
    if newest is not None:
        IntakeDay.objects.filter(day__lt=(now - KEPT).date()).exclude(pk=newest.pk).delete()


def intake(now: datetime) -> Intake | None:
    """Return what came in the last two weeks, or since the first image; None before half a day is known."""
    first = IntakeDay.objects.order_by("day").first()
    if first is None:
        return None
    begin = max(now - LOOKED_AT, datetime(first.day.year, first.day.month, first.day.day, tzinfo=timezone.utc))
    known = now - begin
    if known < SHORTEST:
        return None
    size = IntakeDay.objects.filter(day__gte=begin.date()).aggregate(size=Sum("size", default=0))["size"]
    days = known / timedelta(days=1)
    return Intake(size / days, days)

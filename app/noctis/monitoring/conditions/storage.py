"""The room for images: what is left, and for how long that is enough."""

from __future__ import annotations

from typing import Final

from django.conf import settings
from django.utils import timezone

from noctis.disk_space import disk_space
from noctis.monitoring.conditions.finding import Finding, too_little, unwatched
from noctis.monitoring.intake import intake

GIGABYTE: Final = 10**9
LONGEST_DAYS: Final = 3650.0


def free_space() -> Finding:
    """Look at the room where studies are stored."""
    disk = disk_space()
    limit = settings.NOCTIS_ALERT_DISK_FREE_PERCENT
    text = f"the disk of the archive is {disk.free_percent:.0f}% free ({disk.free // GIGABYTE} GB). {_outlook()}"
    return too_little(disk.free_percent, limit, text, well_from=limit + 2)


def days_left() -> Finding:
    """Look at when the disk will be full, by what really comes in."""
    left = _days_left()
    if left is None:
        return unwatched(_outlook())
    limit = settings.NOCTIS_ALERT_DISK_DAYS
    return too_little(left, limit, f"the disk of the archive fills up: {_outlook()}", well_from=limit * 1.2)


def _days_left() -> float | None:
    known = intake(timezone.now())
    if known is None:
        return None
    if not known.bytes_per_day:
        return LONGEST_DAYS
    return min(LONGEST_DAYS, disk_space().free / known.bytes_per_day)


def _outlook() -> str:
    known, left = intake(timezone.now()), _days_left()
    if known is None or left is None:
        return "How long it lasts is known after the first day with images"
    if left >= LONGEST_DAYS:
        return "At the present intake it lasts for more than ten years"
    per_day = known.bytes_per_day / GIGABYTE
    days = max(1, round(known.days))
    return f"At the intake of the last {days} days ({per_day:.1f} GB a day) it is full in {left:.0f} days"

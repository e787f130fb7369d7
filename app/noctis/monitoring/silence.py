"""Notices, from the process for outgoing work, that nobody watches: the worker cannot tell of its own end."""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable, Iterable
from datetime import datetime, timedelta
from typing import Final

from django.conf import settings
from django.db.models import Max
from django.utils import timezone

from noctis.monitoring.conditions.catalogue import WATCH
from noctis.monitoring.conditions.finding import Finding
from noctis.monitoring.models import Reading
from noctis.monitoring.watch import note

LOOK_EVERY_SECONDS: Final = 15.0


class WatchKeeper:
    """Looks now and then whether the watch does; see noctis.network.outgoing.Courier."""

    def __init__(self) -> None:
        """Begin; the watch has time until it must have looked the first time."""
        self._next_look = 0.0
        self._began: datetime | None = None

    def due(self) -> Iterable[Hashable]:
        """Return the one thing there is to do, when the watch is silent."""
        if time.monotonic() < self._next_look:
            return []
        self._next_look = time.monotonic() + LOOK_EVERY_SECONDS
        self._began = self._began or timezone.now()
        return [WATCH.key] if silent_since(self._began) else []

    def deliver(self, destination: Hashable, is_stopping: Callable[[], bool]) -> None:
        """Tell the administrators."""
        since = last_look()
        words = f"since {timezone.localtime(since):%Y-%m-%d %H:%M}" if since else "at all"
        note(WATCH, Finding(is_wrong=True, text=f"the watch has not looked {words}: nobody would tell of trouble"))


def silent_since(began: datetime) -> bool:
    """Whether the watch has not looked for too long, counted from ``began`` where that is later."""
    last = max(last_look() or began, began)
    return timezone.now() - last > timedelta(minutes=settings.NOCTIS_ALERT_SILENCE_MINUTES)


def last_look() -> datetime | None:
    """Return when the watch looked the last time."""
    found: datetime | None = Reading.objects.exclude(key=WATCH.key).aggregate(last=Max("looked_at"))["last"]
    return found

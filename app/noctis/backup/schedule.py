"""When the timers run next, from the times that the role gave them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from noctis.backup_state import BackupState

WEEKDAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


def next_backup(state: BackupState, now: datetime) -> datetime | None:
    """Return when the next backup begins; None where no timer is set up."""
    return min(_backups(state, now.astimezone(ZoneInfo(state.time_zone))), default=None)


def next_drill(state: BackupState, now: datetime) -> datetime | None:
    """Return when the next restore drill begins; None where no timer is set up."""
    if not state.drill_at:
        return None
    local = now.astimezone(ZoneInfo(state.time_zone))
    days = (WEEKDAYS.index(state.drill_weekday) - local.weekday()) % 7
    found = _at(local, state.drill_at) + timedelta(days=days)
    return found if found > local else found + timedelta(days=7)


def _backups(state: BackupState, local: datetime) -> Iterator[datetime]:
    if state.nightly_at:
        found = _at(local, state.nightly_at)
        yield found if found > local else found + timedelta(days=1)
    if state.hourly_minute is not None:
        found = local.replace(minute=state.hourly_minute, second=0, microsecond=0)
        yield found if found > local else found + timedelta(hours=1)


def _at(day: datetime, clock: str) -> datetime:
    return datetime.combine(day.date(), time.fromisoformat(clock), day.tzinfo)

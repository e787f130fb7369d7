"""When the last backup succeeded, and when a restore was last rehearsed; what is late stands in their own state."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from django.conf import settings
from django.utils import timezone

from noctis.backup_state import BACKUP, CHECK, DRILL, BackupState, read_backup_state
from noctis.monitoring.conditions.finding import Finding, unwatched

NOT_SET_UP: Final = unwatched("backups are not set up")
DAMAGED: Final = Finding(is_wrong=True, text="the state of the backups cannot be read")


def backup_state() -> BackupState | None:
    """Return what the backups say of themselves; None where none are set up. Raises ValueError for a damaged file."""
    return read_backup_state(settings.NOCTIS_BACKUP_STATE)


def backups() -> Finding:
    """Look at the age of the last good backup, and at the last check of the repository."""
    return _look("backup", BACKUP, CHECK, "the repository of the backups has errors", BackupState.is_backup_late)


def rehearsals() -> Finding:
    """Look at when a restore was rehearsed, and how the last one went."""
    return _look("restore drill", DRILL, DRILL, "the last restore drill failed", BackupState.is_drill_late)


def backup_hours() -> float | None:
    """Return how old the last backup may be; None where none are set up."""
    return _limit("late_after_hours")


def rehearsal_days() -> float | None:
    """Return how old the last drill may be; None where no backups are set up."""
    return _limit("drill_late_after_days")


def last_successes() -> dict[str, datetime]:
    """Return when a backup and a drill succeeded, as far as they did."""
    try:
        state = backup_state()
    except ValueError:
        return {}
    return {kind: run.finished_at for kind, run in state.last_success.items()} if state else {}


def _look(what: str, kind: str, proof: str, failure: str, is_late: Callable[[BackupState, datetime], bool]) -> Finding:
    """Look at the runs of a kind; a failed one of ``proof`` is wrong however young the last good one is."""
    try:
        state = backup_state()
    except ValueError:
        return DAMAGED
    if state is None:
        return NOT_SET_UP
    if failed := state.failed_last(proof):
        return Finding(is_wrong=True, text=f"{failure}: {failed.error}")
    now = timezone.now()
    run = state.last_success.get(kind)
    return _finding(what, run.finished_at if run else None, now, is_late=is_late(state, now))


def _finding(what: str, at: datetime | None, now: datetime, *, is_late: bool) -> Finding:
    if at is None:
        return Finding(is_wrong=is_late, text=f"no {what} has succeeded yet")
    hours = (now - at) / timedelta(hours=1)
    age = f"{hours:.0f} hours" if hours < 2 * 24 else f"{hours / 24:.0f} days"
    return Finding(is_wrong=is_late, text=f"the last good {what} is {age} old", value=hours)


def _limit(name: str) -> float | None:
    try:
        state = backup_state()
    except ValueError:
        return None
    return float(getattr(state, name)) if state else None

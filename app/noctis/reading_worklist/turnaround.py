"""How old a study is against the time that its report may take, in words and as a share for a bar."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from noctis.reading_worklist.models import ReadingTask, Status

SOON_FROM: Final = 75  # percent
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


@dataclass(frozen=True)
class Turnaround:
    """``state`` is 'planned', 'fine', 'soon', 'over', 'met' or 'missed'; ``percent`` how much of the time is used."""

    state: str
    words: str
    percent: int


def turnaround(task: ReadingTask, now: datetime) -> Turnaround | None:
    """Return how a row stands against its target; None for a study that needs no report."""
    if task.status == Status.NO_REPORT:
        return None
    if task.reported_at is not None:
        took = duration(task.reported_at - task.clock_started_at)
        return Turnaround("met" if task.reported_at <= task.due_at else "missed", f"in {took}", 100)
    if task.is_order and now < task.clock_started_at:
        return Turnaround("planned", f"in {duration(task.clock_started_at - now)}", 0)
    left = task.due_at - now
    if left <= timedelta(0):
        return Turnaround("over", f"{duration(-left)} over", 100)
    allowed = max(task.due_at - task.clock_started_at, MINUTE)
    percent = min(max(int(100 * (1 - left / allowed)), 0), 100)
    return Turnaround("soon" if percent >= SOON_FROM else "fine", f"{duration(left)} left", percent)


def duration(span: timedelta) -> str:
    """Return a span as people say it: '40 min', '3 h 05', '2 d 4 h'."""
    if span < HOUR:
        return f"{span // MINUTE} min"
    if span < DAY:
        return f"{span // HOUR} h {span % HOUR // MINUTE:02}"
    days, hours = span // DAY, span % DAY // HOUR
    return f"{days} d {hours} h" if days < 10 and hours else f"{days} d"  # noqa: PLR2004

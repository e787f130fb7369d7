"""What a row of the worklist says of its reader and its time."""

from __future__ import annotations

from django import template
from django.utils import timezone

from noctis.accounts.models import User
from noctis.reading_worklist.models import ReadingTask
from noctis.reading_worklist.turnaround import Turnaround, turnaround

register = template.Library()


@register.filter
def against_target(task: ReadingTask) -> Turnaround | None:
    """Return how a row stands against its turnaround target now."""
    return turnaround(task, timezone.now())


@register.filter
def is_of(task: ReadingTask, user: User) -> bool:
    """Whether a study is held by ``user`` or was given to ``user``."""
    return task.assigned_to_id is not None and task.assigned_to_id == user.pk


@register.filter
def body_part(term: str) -> str:
    """Return a defined term of Body Part Examined as people write it: 'Chest' for 'CHEST'."""
    return term.capitalize()

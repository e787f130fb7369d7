"""One change of many rows, and taking it back while nobody has changed them further."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from django.db import transaction
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from noctis.accounts.models import User
from noctis.audit.actions import record
from noctis.audit.models import Action
from noctis.reading_worklist.actions import Refused
from noctis.reading_worklist.following import targets_of
from noctis.reading_worklist.models import ReadingTask

# What readers decide of a row, and what can be taken back; the rest follows from it.
DECIDED: Final = ("assigned_to_id", "assignee_name", "claimed_at", "held_until", "priority", "needs_no_report")
_MOMENTS: Final = ("claimed_at", "held_until")

State = dict[str, Any]


@dataclass(frozen=True)
class Change:
    """What a row was before and after a change, as values that a session keeps."""

    task_id: int
    before: State
    after: State

    def as_json(self) -> list[Any]:
        """Return what ``of_json`` takes."""
        return [self.task_id, self.before, self.after]

    @classmethod
    def of_json(cls, kept: list[Any]) -> Change:
        """Return what a session kept."""
        return cls(*kept)


@dataclass
class Outcome:
    """What came of a change of many rows: the changes made, and how often each reason stood against one."""

    changes: list[Change] = field(default_factory=list)
    refusals: Counter[str] = field(default_factory=Counter)


@transaction.atomic
def change_all(tasks: Iterable[ReadingTask], change: Callable[[ReadingTask], ReadingTask]) -> Outcome:
    """Make a change of each row that allows it, in the sequence of their keys, so that two of these never deadlock."""
    outcome = Outcome()
    for task in sorted(tasks, key=lambda one: one.pk):
        before = state_of(ReadingTask.objects.select_for_update().get(pk=task.pk))
        try:
            after = state_of(change(task))
        except Refused as refused:
            outcome.refusals[str(refused)] += 1
            continue
        if after != before:
            outcome.changes.append(Change(task.pk, before, after))
    return outcome


@transaction.atomic
def take_back(changes: Iterable[Change], visible: Mapping[int, ReadingTask], *, acting_user: User) -> list[int]:
    """Make the rows what they were, those that are still as the change left them; return which these are."""
    restored = []
    for change in sorted(changes, key=lambda one: one.task_id):
        if change.task_id not in visible:
            continue
        row = ReadingTask.objects.select_for_update(of=("self",)).select_related("facility").get(pk=change.task_id)
        if state_of(row) != change.after:
            continue
        _restore(row, change.before)
        record(
            Action.WORKLIST_CHANGE_UNDONE,
            acting_user=acting_user,
            facility=row.facility,
            study_instance_uid=row.study_instance_uid,
        )
        restored.append(row.pk)
    return restored


def state_of(row: ReadingTask) -> State:
    """Return what readers decided of a row."""
    state = {name: getattr(row, name) for name in DECIDED}
    return {**state, **{name: state[name] and state[name].isoformat() for name in _MOMENTS}}


def _restore(row: ReadingTask, before: State) -> None:
    for name in DECIDED:
        setattr(row, name, parse_datetime(before[name]) if name in _MOMENTS and before[name] else before[name])
    row.due_at = row.clock_started_at + targets_of({row.facility_id})[row.facility_id].time_for(row.priority)
    row.follow_status()
    row.changed_at = timezone.now()
    row.save()

"""Every write of readers to the worklist: claim, release, assign, priority; atomic and in the audit trail.

Callers find the rows by ``visible_to``. A row is locked before it is looked at, so that of two people who want the same
study one gets it and the other is told.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Any, Final

from django.db import transaction
from django.utils import timezone

from noctis.accounts.models import Facility, User
from noctis.archive.models import Study
from noctis.audit.actions import record
from noctis.audit.models import Action
from noctis.notifications.actions import notify
from noctis.notifications.event_kinds import Event
from noctis.notifications.recipients import radiologists
from noctis.reading_worklist.following import follow_facility, follow_studies, targets_of
from noctis.reading_worklist.models import DONE_FROM, ReadingTask, Status, TurnaroundTarget, Urgency
from noctis.reading_worklist.permissions import may_be_given, may_hold, may_prioritise

# Who claims a study, or writes its report, holds it for a working day at most.
CLAIM_LASTS: Final = timedelta(hours=8)
# Who opens it holds it while the viewer is open: it says so every minute.
OPENED_LASTS: Final = timedelta(minutes=10)


class Refused(Exception):
    """The change is not made; the text says why."""


class NotAllowed(Refused):
    """The user's role does not do this."""


class HeldByAnother(Refused):
    """Somebody else holds the study, or it was given to somebody else; ``task`` says who."""

    def __init__(self, task: ReadingTask) -> None:
        """Name who it is."""
        how = "held by" if task.is_held else "assigned to"
        super().__init__(f"This study is {how} {task.assignee_name}.")
        self.task = task


@transaction.atomic
def claim(
    task: ReadingTask, *, acting_user: User, take_over: bool = False, lasts: timedelta = CLAIM_LASTS
) -> ReadingTask:
    """Let ``acting_user`` hold a study, or go on holding it. Raises NotAllowed, HeldByAnother or Refused.

    ``take_over`` is for a study that somebody else holds or was given: the audit trail says from whom it was taken.
    """
    _require(may_hold(acting_user), "Only radiologists and administrators claim studies.")
    row = _locked(task)
    if row.is_order:
        raise Refused("No image of this study has come yet.")
    if row.is_done:
        raise Refused("This study needs no reading any more.")
    if row.is_of_another(acting_user) and not take_over:
        raise HeldByAnother(row)
    return _take(row, acting_user, lasts)


def claim_next(*, acting_user: User) -> ReadingTask | None:
    """Claim the most urgent study that nobody holds and that ``acting_user`` may read; None where nothing waits.

    Two readers who ask at the same moment get different studies: a row that another transaction has locked is passed
    over, and where the database cannot do that, a row that was taken meanwhile is not updated and the next is tried.
    """
    _require(may_hold(acting_user), "Only radiologists and administrators claim studies.")
    while True:
        with transaction.atomic():
            waiting = ReadingTask.objects.waiting_for(acting_user) & ReadingTask.objects.visible_to(acting_user)
            row = waiting.by_urgency().select_for_update(skip_locked=True, of=("self",)).first()
            if row is None:
                return None
            free = ReadingTask.objects.filter(pk=row.pk, claimed_at=None, status=Status.READY)
            if not free.update(changed_at=timezone.now()):
                continue
            _hold(row, acting_user, CLAIM_LASTS)
            _record(Action.STUDY_CLAIMED, row, acting_user, next=True)
            return row


@transaction.atomic
def release(task: ReadingTask, *, acting_user: User) -> ReadingTask:
    """Let a study go, so that anybody may read it. Radiologists release their own, administrators any."""
    _require(may_hold(acting_user), "Only radiologists and administrators release studies.")
    row = _locked(task)
    if row.assigned_to_id is None:
        return row
    if row.assigned_to_id != acting_user.pk and not acting_user.is_administrator:
        raise HeldByAnother(row)
    before = row.assigned_to_id
    _let_go(row)
    _record(Action.STUDY_RELEASED, row, acting_user, **_from(before))
    return row


@transaction.atomic
def assign(task: ReadingTask, reader: User, *, acting_user: User) -> ReadingTask:
    """Give a study to a radiologist to read; who holds it no longer does. Raises NotAllowed or Refused."""
    _require(may_hold(acting_user), "Only radiologists and administrators assign studies.")
    if not may_be_given(reader):
        raise Refused(f"{reader} reads no studies.")
    row = _locked(task)
    if row.is_done:
        raise Refused("This study needs no reading any more.")
    if row.assigned_to_id == reader.pk:
        return row
    before = row.assigned_to_id
    row.claimed_at = row.held_until = None
    row.assigned_to, row.assignee_name = reader, str(reader)
    _save(row)
    _record(Action.STUDY_ASSIGNED, row, acting_user, to_user=reader.pk, **_from(before))
    if row.study is not None:
        notify(Event.STUDY_ASSIGNED, recipients=[reader], study=row.study, acting_user=acting_user)
    return row


@transaction.atomic
def set_priority(task: ReadingTask, urgency: Urgency, *, acting_user: User) -> ReadingTask:
    """Say how urgent a study or an order is; the due time follows."""
    _require(may_prioritise(acting_user), "Facility users do not set priorities.")
    row = _locked(task)
    if row.priority == urgency:
        return row
    before, row.priority = Urgency(row.priority), urgency
    row.due_at = row.clock_started_at + targets_of({row.facility_id})[row.facility_id].time_for(urgency)
    _save(row)
    _record(Action.STUDY_PRIORITISED, row, acting_user, priority={"from": before.key, "to": urgency.key})
    if urgency == Urgency.STAT:
        tell_of_stat(row, acting_user=acting_user)
    return row


@transaction.atomic
def need_no_report(task: ReadingTask, *, acting_user: User, is_needed: bool = False) -> ReadingTask:
    """Say that a study was looked at and gets no report, or that it needs one after all."""
    _require(may_hold(acting_user), "Only radiologists and administrators say which studies need no report.")
    row = _locked(task)
    if row.is_order:
        raise Refused("No image of this study has come yet.")
    if row.report_status is not None:
        raise Refused("A report on this study was begun.")
    if row.needs_no_report is not is_needed:
        return row
    if row.is_held and row.assigned_to_id != acting_user.pk:
        raise HeldByAnother(row)
    row.needs_no_report = not is_needed
    if row.needs_no_report:
        row.claimed_at = row.held_until = None
    _save(row)
    _record(Action.STUDY_REPORT_NEED_CHANGED, row, acting_user, is_needed=is_needed)
    return row


@transaction.atomic
def expire_claims() -> int:
    """Release the studies whose time ran out; what was begun stays assigned to who began it. Returns how many."""
    over = ReadingTask.objects.filter(claimed_at__isnull=False, held_until__lt=timezone.now()).order_by("pk")
    rows = list(over.select_for_update(skip_locked=True, of=("self",)).select_related("facility"))
    for row in rows:
        before = row.assigned_to_id
        if row.report_status is None:
            _let_go(row)
        else:
            row.claimed_at = row.held_until = None
            _save(row)
        _record(Action.STUDY_RELEASED, row, None, expired=True, **_from(before))
    return len(rows)


def report_changed(study: Study, state: str | None, *, acting_user: User) -> None:
    """Follow the report of a study, inside the transaction that changed it; ``state`` None: there is none any more.

    Who writes holds the study: another reader sees it before a word is lost.
    """
    row = _row_of(study)
    status = Status.keyed(state) if state else None
    if status is not None and status == row.report_status and _is_held_long(row, acting_user):
        return  # words alone changed: no page shows that
    if status is not None and status < DONE_FROM:
        _take(row, acting_user, CLAIM_LASTS)
        row.needs_no_report = False
    elif status is not None:
        if row.reported_at is None:
            row.reported_at, row.assigned_to, row.assignee_name = timezone.now(), acting_user, str(acting_user)
        row.claimed_at = row.held_until = None
    row.report_status = status
    _save(row)


@transaction.atomic
def set_target(facility: Facility, minutes: dict[Urgency, int], *, acting_user: User) -> TurnaroundTarget:
    """Set within how many minutes the studies of a facility should be reported; due times follow."""
    values = {urgency.key: minutes[urgency] for urgency in Urgency}
    target, _ = TurnaroundTarget.objects.update_or_create(facility=facility, defaults=values)
    follow_facility(facility)
    record(Action.SETTING_CHANGED, acting_user=acting_user, facility=facility, turnaround_target=values)
    return target


def tell_of_stat(row: ReadingTask, *, acting_user: User | None = None) -> None:
    """Tell who reads that a study must be read at once: whom it was given to, else all radiologists."""
    if row.study is None or row.is_done:
        return
    recipients: Iterable[User] = [row.assigned_to] if row.assigned_to else radiologists()
    notify(Event.STUDY_STAT, recipients=recipients, study=row.study, acting_user=acting_user)


def _row_of(study: Study) -> ReadingTask:
    """Return the locked row of a study, made now where it was missed."""
    rows = ReadingTask.objects.select_for_update(of=("self",)).select_related("facility").filter(study=study)
    row = rows.first()
    if row is None:
        follow_studies([study.pk])
        row = rows.get()
    return row


def _locked(task: ReadingTask) -> ReadingTask:
    rows = ReadingTask.objects.select_for_update(of=("self",)).select_related("facility", "study", "assigned_to")
    return rows.get(pk=task.pk)


def _is_held_long(row: ReadingTask, user: User) -> bool:
    is_own = row.assigned_to_id == user.pk and row.held_until is not None
    return is_own and row.held_until is not None and row.held_until > timezone.now() + CLAIM_LASTS / 2


def _take(row: ReadingTask, user: User, lasts: timedelta) -> ReadingTask:
    """Let ``user`` hold a locked row, with an entry in the audit trail unless that is so already."""
    if row.held_until is not None and row.assigned_to_id == user.pk:
        return _go_on(row, lasts)
    before = row.assigned_to_id if row.is_of_another(user) else None
    _hold(row, user, lasts)
    _record(Action.STUDY_CLAIMED if before is None else Action.STUDY_TAKEN_OVER, row, user, **_from(before))
    return row


def _go_on(row: ReadingTask, lasts: timedelta) -> ReadingTask:
    """Let who holds a study hold it longer; this never shortens the time, and pages need not hear of it."""
    until = timezone.now() + lasts
    if row.held_until is not None and row.held_until < until - lasts / 2:
        row.held_until = until
        ReadingTask.objects.filter(pk=row.pk).update(held_until=until)
    return row


def _hold(row: ReadingTask, user: User, lasts: timedelta) -> ReadingTask:
    """Write that ``user`` holds it; going on never shortens the time."""
    now = timezone.now()
    row.held_until = now + lasts
    row.claimed_at = now
    row.assigned_to, row.assignee_name = user, str(user)
    return _save(row)


def _let_go(row: ReadingTask) -> None:
    row.claimed_at = row.held_until = row.assigned_to = None
    row.assignee_name = ""
    _save(row)


def _save(row: ReadingTask) -> ReadingTask:
    row.follow_status()
    row.changed_at = timezone.now()
    row.save()
    return row


def _require(allowed: bool, otherwise: str) -> None:  # noqa: FBT001
    if not allowed:
        raise NotAllowed(otherwise)


def _from(user_id: int | None) -> dict[str, int]:
    return {} if user_id is None else {"from_user": user_id}


def _record(action: Action, row: ReadingTask, user: User | None, **detail: Any) -> None:
    record(action, acting_user=user, facility=row.facility, study_instance_uid=row.study_instance_uid, **detail)

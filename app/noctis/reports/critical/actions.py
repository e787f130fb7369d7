"""Every step of a critical result: noted, told, acknowledged, passed on when time runs out; each kept and audited."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from noctis.accounts.models import User
from noctis.archive.models import Study
from noctis.audit.actions import record
from noctis.audit.models import Action
from noctis.notifications.actions import notify
from noctis.notifications.event_kinds import Event
from noctis.notifications.recipients import administrators
from noctis.reports.actions import NotAllowed, Refused
from noctis.reports.critical.permissions import may_acknowledge, may_tell
from noctis.reports.models import CriticalAddressee, CriticalCategory, CriticalResult, CriticalStep, Report, StepKind
from noctis.reports.permissions import may_report
from noctis.reports.signals import ReportEvent, announce


@dataclass(frozen=True)
class Addressee:
    """Somebody to tell: a user, or a clinician outside by name alone."""

    user: User | None
    name: str


@transaction.atomic
def note_critical(
    study: Study,
    category: CriticalCategory,
    finding: str,
    addressees: Iterable[Addressee],
    *,
    acting_user: User,
) -> CriticalResult:
    """Note a finding that cannot wait, and tell the first of ``addressees``. Raises NotAllowed."""
    if not may_report(acting_user):
        raise NotAllowed("Only radiologists note critical results.")
    now = timezone.now()
    target = now + timedelta(minutes=category.minutes)
    report, _ = Report.objects.get_or_create(study=study, defaults={"author": acting_user})
    result = CriticalResult.objects.create(
        report=report,
        category=category,
        finding=finding,
        noted_by=acting_user,
        noted_at=now,
        target_at=target,
        due_at=target,
    )
    for position, addressee in enumerate(addressees):
        CriticalAddressee.objects.create(result=result, position=position, user=addressee.user, name=addressee.name)
    _keep(result, StepKind.NOTED, acting_user, category.name)
    _note(Action.CRITICAL_RESULT_NOTED, result, acting_user, minutes=category.minutes)
    _tell_next(result, now, acting_user=acting_user)
    announce(report, ReportEvent.CRITICAL_NOTED, acting_user=acting_user)
    return result


@transaction.atomic
def acknowledge(result: CriticalResult, *, acting_user: User) -> CriticalResult:
    """Take note as one of those who were told. Raises NotAllowed, or Refused where it is too late."""
    held = _held(result)
    if not may_acknowledge(held, acting_user):
        raise NotAllowed("Only those who were told acknowledge a critical result.")
    _close(held, str(acting_user), acting_user)
    return held


@transaction.atomic
def note_call(
    result: CriticalResult, name: str, at: datetime, *, was_read_back: bool, acting_user: User
) -> CriticalResult:
    """Write down that somebody was told by telephone; one who read it back has acknowledged it."""
    if not may_tell(result, acting_user):
        raise NotAllowed("Only radiologists and administrators write down a call.")
    held = _held(result)
    words = f"{name} at {timezone.localtime(at):%Y-%m-%d %H:%M}{', read back' if was_read_back else ''}"
    _keep(held, StepKind.TELEPHONED, acting_user, words)
    _note(Action.CRITICAL_RESULT_TOLD, held, acting_user, read_back=was_read_back)
    if was_read_back:
        _close(held, f"{name} (telephone)", acting_user)
    return held


@transaction.atomic
def withdraw(result: CriticalResult, reason: str, *, acting_user: User) -> CriticalResult:
    """Take back what was noted by mistake, with the reason."""
    if not may_tell(result, acting_user):
        raise NotAllowed("Only radiologists and administrators withdraw a critical result.")
    held = _held(result)
    held.withdrawn_at = timezone.now()
    held.save()
    _keep(held, StepKind.WITHDRAWN, acting_user, reason)
    _note(Action.CRITICAL_RESULT_WITHDRAWN, held, acting_user)
    return held


def pass_on_overdue(now: datetime | None = None) -> int:
    """Tell the next person of everything that nobody acknowledged in time; return of how many results."""
    at = now or timezone.now()
    due = list(CriticalResult.objects.open().filter(due_at__lte=at).values_list("pk", flat=True))
    for pk in due:
        _pass_on(pk, at)
    return len(due)


@transaction.atomic
def save_category(category: CriticalCategory, *, acting_user: User) -> CriticalCategory:
    """Add or change a category; results that were noted keep the times that they got."""
    change = "changed" if category.pk else "added"
    category.save()
    record(Action.CRITICAL_CATEGORY_CHANGED, acting_user=acting_user, id=category.pk, change=change)
    return category


@transaction.atomic
def _pass_on(pk: int, now: datetime) -> None:
    result = CriticalResult.objects.open().select_for_update(of=("self",)).filter(pk=pk, due_at__lte=now).first()
    if result is None:
        return
    told = _tell_next(result, now, acting_user=None)
    if told:
        result.due_at = now + timedelta(minutes=result.category.minutes)
    else:
        result.due_at = None
        _notify(Event.CRITICAL_ESCALATED, result, administrators(), None)
    result.save()
    words = f"Told next: {', '.join(told)}" if told else "Told the administrators"
    _keep(result, StepKind.ESCALATED, None, words)
    _note(Action.CRITICAL_RESULT_ESCALATED, result, None, to_administrators=not told)
    _notify(Event.CRITICAL_ESCALATED, result, [result.noted_by], None)


def _tell_next(result: CriticalResult, now: datetime, *, acting_user: User | None) -> list[str]:
    """Tell the next user in the order; who stands before and is no user has to be told by hand."""
    told = []
    for addressee in result.addressees.filter(told_at=None).select_related("user"):
        addressee.told_at = now
        addressee.save()
        told.append(addressee.name)
        if addressee.user is not None:
            _notify(Event.CRITICAL_RESULT, result, [addressee.user], acting_user)
            break
    if told:
        _keep(result, StepKind.TOLD, acting_user, ", ".join(told))
    return told


def _close(result: CriticalResult, name: str, user: User) -> None:
    result.acknowledged_by, result.acknowledged_at = name, timezone.now()
    result.save()
    _keep(result, StepKind.ACKNOWLEDGED, user, name)
    _note(Action.CRITICAL_RESULT_ACKNOWLEDGED, result, user)
    _notify(Event.CRITICAL_ACKNOWLEDGED, result, [result.noted_by], user)
    announce(result.report, ReportEvent.CRITICAL_ACKNOWLEDGED, acting_user=user)


def _held(result: CriticalResult) -> CriticalResult:
    held = CriticalResult.objects.select_for_update(of=("self",)).get(pk=result.pk)
    if not held.is_open:
        raise Refused("It was acknowledged or withdrawn meanwhile.")
    return held


def _notify(event: Event, result: CriticalResult, recipients: Iterable[User], acting_user: User | None) -> None:
    until = f"{timezone.localtime(result.target_at):%Y-%m-%d %H:%M}"
    notify(
        event,
        recipients=recipients,
        study=result.report.study,
        acting_user=acting_user,
        text=f"{result.category.name}, to be acknowledged until {until}",
        path=reverse("critical_result", args=[result.pk]),
        key=f"critical {result.pk}",
    )


def _keep(result: CriticalResult, kind: StepKind, user: User | None, words: str) -> None:
    CriticalStep.objects.create(result=result, kind=kind, user=user, words=words[:500])


def _note(action: Action, result: CriticalResult, user: User | None, **detail: Any) -> None:
    study = result.report.study
    record(
        action,
        acting_user=user,
        facility=study.facility,
        study_instance_uid=study.study_instance_uid,
        id=result.pk,
        **detail,
    )

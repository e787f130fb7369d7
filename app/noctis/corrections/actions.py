"""Corrections carried out and undone, each in one transaction with its audit record."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import asdict
from datetime import datetime
from functools import partial
from typing import Final

from django.db import transaction
from django.utils import timezone

from noctis.accounts.models import Role, User
from noctis.archive.models import Study
from noctis.archive.signals import announce, series_changed, studies_changed
from noctis.audit.actions import record
from noctis.audit.models import Action
from noctis.corrections.arrivals import lock_facilities
from noctis.corrections.contents import move_back
from noctis.corrections.models import Correction
from noctis.corrections.plans import Plan
from noctis.corrections.settling import settle
from noctis.corrections.state import restore, snapshot

ROLES_THAT_CORRECT: Final = frozenset({Role.ADMINISTRATOR, Role.TECHNICIAN})
ROLES_THAT_SEE_CORRECTIONS: Final = ROLES_THAT_CORRECT | {Role.RADIOLOGIST}


class NotAllowed(Exception):
    """The user's role does not correct."""


class Outdated(Exception):
    """What the preview showed is no longer so."""


class CannotUndo(Exception):
    """The correction cannot be undone now; the text says why."""


def may_correct(user: User) -> bool:
    """Whether a user who sees a study may correct it."""
    return user.role in ROLES_THAT_CORRECT


@transaction.atomic
def apply(make_plan: Callable[[], Plan], *, token: str, reason: str, acting_user: User) -> Correction:
    """Carry out what the preview with ``token`` showed; the plan is made anew, now that nobody else changes anything.

    Raises Objection, NotAllowed, Outdated, and Unreadable where a stored file cannot be read.
    """
    facility = make_plan().facility
    lock_facilities({facility.pk})
    plan = make_plan()
    if (
        not may_correct(acting_user)
        or not type(plan.study).objects.visible_to(acting_user).filter(pk=plan.study.pk).exists()
    ):
        raise NotAllowed
    if plan.token != token or plan.obstacles:
        raise Outdated
    now = timezone.now()
    before = snapshot([one for one in plan.studies if one.pk], [one for one in plan.patients if one.pk])
    instances = plan.instances
    before["moved"] = plan.carry_out(now)
    correction = Correction.objects.create(
        facility=facility,
        kind=plan.kind,
        reason=reason,
        changes=[asdict(row) for row in plan.rows],
        instances=instances,
        before=before,
        made_by=acting_user,
        made_at=now,
    )
    correction.studies.set(plan.studies)
    correction.patients.set([one for one in plan.patients if one.pk])
    _settle(Study.objects.filter(pk__in=[one.pk for one in plan.studies]), now)
    _record(Action.STUDY_CORRECTED, correction, plan.study, acting_user)
    return correction


@transaction.atomic
def undo(correction: Correction, *, reason: str, acting_user: User) -> None:
    """Bring back what was before. Raises NotAllowed, CannotUndo, and Unreadable where a stored file cannot be read."""
    if not may_correct(acting_user):
        raise NotAllowed
    lock_facilities({correction.facility_id})
    if obstacle := obstacle_to_undo(correction):
        raise CannotUndo(obstacle)
    now = timezone.now()
    studies = list(correction.studies.order_by("pk"))
    restore(correction.before, studies, now)
    move_back(correction.before["moved"])
    Correction.objects.filter(pk=correction.pk).update(undone_by=acting_user, undone_at=now, undone_because=reason)
    _settle(studies, now)
    _record(Action.CORRECTION_UNDONE, correction, studies[0], acting_user)


def obstacle_to_undo(correction: Correction) -> str:
    """Return why a correction cannot be undone now, or an empty text."""
    if Correction.objects.filter(pk=correction.pk, undone_at__isnull=False).exists():
        return "It is undone already."
    later = Correction.objects.filter(pk__gt=correction.pk, undone_at=None)
    touches = later.filter(studies__in=correction.studies.all()) | later.filter(patients__in=correction.patients.all())
    if touches.exists():
        return "A later correction of the same study or patient must be undone first."
    return ""


def _settle(studies: Iterable[Study], now: datetime) -> None:
    series_ids = settle(studies, now)
    announce(studies_changed, [study.pk for study in studies])
    transaction.on_commit(partial(series_changed.send_robust, sender=None, series_ids=series_ids))


def _record(action: Action, correction: Correction, study: Study, acting_user: User) -> None:
    record(
        action,
        acting_user=acting_user,
        facility=correction.facility,
        study_instance_uid=study.study_instance_uid,
        correction=correction.pk,
        kind=correction.kind,
        studies=correction.studies.count(),
        instances=correction.instances,
    )

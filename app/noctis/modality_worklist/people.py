"""What a person does to the schedule, on a page or by the management API: with permission, and never unawares.

Whoever changes a step says which version of it they saw, so that nobody overwrites what they have not read.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from django.db import transaction

from noctis.accounts.models import Facility, User
from noctis.accounts.visibility import FacilityScopedQuerySet
from noctis.modality_worklist.actions import (
    SHARED_BY_A_STUDY,
    Origin,
    SchedulingError,
    StepStateError,
    change_step,
    move_step,
    schedule_step,
)
from noctis.modality_worklist.models import (
    NOT_STARTED,
    OPEN,
    ScheduledProcedureStep,
    StepStatus,
)
from noctis.modality_worklist.particulars import StepParticulars, cleaned
from noctis.modality_worklist.permissions import may_read_schedule, require_change_at

# What a person may make of a step; the modality, its images and orders do the rest.
STEPS_BY_PEOPLE: Final = {
    StepStatus.SCHEDULED: (StepStatus.ARRIVED, StepStatus.CANCELLED),
    StepStatus.ARRIVED: (StepStatus.SCHEDULED, StepStatus.CANCELLED),
    StepStatus.IN_PROGRESS: (StepStatus.COMPLETED, StepStatus.DISCONTINUED),
    StepStatus.COMPLETED: (),
    StepStatus.DISCONTINUED: (StepStatus.SCHEDULED, StepStatus.COMPLETED),
    StepStatus.CANCELLED: (StepStatus.SCHEDULED, StepStatus.ARRIVED),
}


class ChangedMeanwhile(SchedulingError):
    """Somebody else changed the step after it was read."""


class AccessionNumberTaken(SchedulingError):
    """The accession number belongs to another patient's order at this facility."""


class OrderExists(SchedulingError):
    """The patient has an order with this accession number already."""


def steps_for(user: User) -> FacilityScopedQuerySet[ScheduledProcedureStep]:
    """Return the steps that ``user`` may see."""
    steps = ScheduledProcedureStep.objects.all()
    return steps.visible_to(user) if may_read_schedule(user) else steps.none()


def version_of(step: ScheduledProcedureStep) -> str:
    """Return what tells one state of a step from another."""
    return step.changed_at.isoformat()


@transaction.atomic
def schedule_for_person(
    facility: Facility,
    particulars: StepParticulars,
    *,
    origin: Origin,
    acting_user: User,
    joins_order: bool = False,
) -> ScheduledProcedureStep:
    """Schedule a step. With ``joins_order`` it may be a further one of an order that the patient has already.

    Raises PermissionDenied, InvalidParticulars, AccessionNumberTaken, OrderExists and StudyOfAnotherPatient.
    """
    require_change_at(acting_user, facility)
    wanted = cleaned(particulars)
    _require_own_accession_number(facility, wanted, joins_order=joins_order)
    if joins_order:
        wanted = _of_the_order(facility, wanted)
    return schedule_step(facility, wanted, origin=origin, acting_user=acting_user)


@transaction.atomic
def change_for_person(
    step: ScheduledProcedureStep,
    particulars: StepParticulars,
    *,
    version: str,
    acting_user: User,
    address: str | None = None,
) -> ScheduledProcedureStep:
    """Change a step that has not begun, and the patient and order of the other steps of its study with it.

    Raises PermissionDenied, ChangedMeanwhile, StepStateError, and what ``schedule_for_person`` raises.
    """
    current = _current(step, version, acting_user)
    if current.status not in NOT_STARTED:
        status = StepStatus(current.status).label.lower()
        raise StepStateError(f"This step is {status}: what was scheduled stays as it is.")
    wanted = cleaned(particulars)
    _require_untouched_order(current, wanted)
    if wanted.accession_number != current.accession_number or wanted.patient_identifier != current.patient_identifier:
        _require_own_accession_number(current.facility, wanted, joins_order=True, but=current)
    return change_step(current, wanted, acting_user=acting_user, address=address)


@transaction.atomic
def move_for_person(
    step: ScheduledProcedureStep,
    status: StepStatus,
    *,
    version: str,
    acting_user: User,
    address: str | None = None,
) -> ScheduledProcedureStep:
    """Note that the patient arrived, cancel a step, take that back, or end one whose modality does not say so.

    Raises PermissionDenied, ChangedMeanwhile and StepStateError.
    """
    current = _current(step, version, acting_user)
    now = StepStatus(current.status)
    if status not in STEPS_BY_PEOPLE[now]:
        raise StepStateError(f"A step that is {now.label.lower()} cannot become {status.label.lower()}.")
    return move_step(current, status, acting_user=acting_user, address=address)


def _current(step: ScheduledProcedureStep, version: str, acting_user: User) -> ScheduledProcedureStep:
    """Return the locked row; raise ChangedMeanwhile where it is not what the person saw."""
    current = ScheduledProcedureStep.objects.select_for_update(of=("self",)).select_related("facility").get(pk=step.pk)
    require_change_at(acting_user, current.facility)
    if version_of(current) != version:
        raise ChangedMeanwhile("Somebody changed this step after you opened it.")
    return current


def _require_untouched_order(step: ScheduledProcedureStep, wanted: StepParticulars) -> None:
    """Patient and order are the same for all steps of a study: none of them may have begun when they change."""
    values = wanted.columns()
    if all(values[name] == getattr(step, name) for name in SHARED_BY_A_STUDY):
        return
    siblings = ScheduledProcedureStep.objects.filter(study_instance_uid=step.study_instance_uid).exclude(pk=step.pk)
    begun = siblings.exclude(status__in=NOT_STARTED | {StepStatus.CANCELLED})
    if begun.exists():
        raise StepStateError("Another step of this order has begun: patient and order stay as they are.")


def _of_the_order(facility: Facility, wanted: StepParticulars) -> StepParticulars:
    """Give a further step the study and the requested procedure of its order, unless it names its own."""
    if wanted.study_instance_uid or not wanted.accession_number:
        return wanted
    same = ScheduledProcedureStep.objects.filter(
        facility=facility,
        accession_number=wanted.accession_number,
        patient_identifier=wanted.patient_identifier,
    )
    if wanted.requested_procedure_id:
        same = same.filter(requested_procedure_id=wanted.requested_procedure_id)
    first = same.exclude(status=StepStatus.CANCELLED).order_by("pk").first()
    if first is None:
        return wanted
    return replace(
        wanted,
        study_instance_uid=first.study_instance_uid,
        requested_procedure_id=first.requested_procedure_id,
    )


def _require_own_accession_number(
    facility: Facility,
    wanted: StepParticulars,
    *,
    joins_order: bool,
    but: ScheduledProcedureStep | None = None,
) -> None:
    """Keep an accession number to one order of a facility; the facility's row is locked until the commit."""
    if not wanted.accession_number:
        return
    Facility.objects.select_for_update().get(pk=facility.pk)
    same = ScheduledProcedureStep.objects.filter(facility=facility, accession_number=wanted.accession_number)
    if but is not None:  # its siblings follow it to the new patient
        same = same.exclude(study_instance_uid=but.study_instance_uid)
    others = same.exclude(status=StepStatus.CANCELLED)
    if others.exclude(patient_identifier=wanted.patient_identifier).exists():
        raise AccessionNumberTaken("Another patient's order at this facility has this accession number.")
    if not joins_order and others.filter(status__in=OPEN).exists():
        raise OrderExists("This patient has an order with this accession number already.")
    if not joins_order and others.exists():
        raise AccessionNumberTaken("An earlier order of this patient has this accession number.")

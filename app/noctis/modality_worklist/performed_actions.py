"""Modality Performed Procedure Steps: begun, changed and ended by the modality; the worklist follows (PS3.4 F.7)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone
from pydicom.dataset import Dataset

from noctis.accounts.models import Facility, User
from noctis.audit.actions import record
from noctis.audit.models import Action
from noctis.dicom.attributes import text
from noctis.dicom.json_model import to_dicom_json
from noctis.dicom.uids import is_valid_uid
from noctis.modality_worklist.actions import set_status
from noctis.modality_worklist.keys import tag_key
from noctis.modality_worklist.models import (
    PerformedProcedureStep,
    PerformedSeries,
    PerformedStatus,
    ScheduledProcedureStep,
    StepStatus,
)
from noctis.modality_worklist.performed_report import (
    NEVER_SET,
    STATUS,
    InvalidValue,
    ScheduledReference,
    check_changes,
    check_new,
    columns_of,
    missing_at_the_end,
    references_of,
    series_of,
)
from noctis.modality_worklist.permissions import require_change_at
from noctis.modality_worklist.signals import performed_step_ended
from noctis.modality_worklist.stored_attributes import data_set_of


class DuplicatePerformedStep(Exception):
    """A performed step with this SOP Instance UID exists already."""


class NoSuchPerformedStep(Exception):
    """The modality's facility has no performed step with this SOP Instance UID."""


class PerformedStepIsOver(Exception):
    """The performed step is completed or discontinued and changes no more (PS3.4 F.7.2.2.3)."""


@dataclass(frozen=True)
class Reporter:
    """The modality that reports; what it reports belongs to its facility."""

    facility: Facility
    ae_title: str = ""
    address: str | None = None


@dataclass(frozen=True)
class Reported:
    """A performed step as it stands, and the attributes that were left out or should have been there."""

    step: PerformedProcedureStep
    not_set: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)


@transaction.atomic
def begin_performed_step(sop_instance_uid: str, report: Dataset, *, reporter: Reporter) -> Reported:
    """Take the report with which a modality begins (N-CREATE); the scheduled steps that it names are in progress.

    Raises MissingAttribute, InvalidValue and DuplicatePerformedStep. A report that names no known step is taken too:
    emergencies are performed before anybody schedules them.
    """
    if not is_valid_uid(sop_instance_uid):
        raise InvalidValue("AffectedSOPInstanceUID")
    check_new(report)
    step = PerformedProcedureStep(
        facility=reporter.facility,
        sop_instance_uid=sop_instance_uid,
        reported_by=reporter.ae_title[:16],
        data_set=to_dicom_json(report).model,
        **columns_of(report),
    )
    try:
        with transaction.atomic():
            step.save()
    except IntegrityError as error:
        raise DuplicatePerformedStep(sop_instance_uid) from error
    _set_series(step, report)
    step.scheduled_steps.set(_scheduled_steps(reporter.facility, references_of(report), step.modality))
    _record(step, reporter)
    _let_schedule_follow(step, reporter)
    return Reported(step)


@transaction.atomic
def change_performed_step(sop_instance_uid: str, changes: Dataset, *, reporter: Reporter) -> Reported:
    """Take what a modality adds to its report, and its end (N-SET).

    Raises InvalidValue, NoSuchPerformedStep and PerformedStepIsOver. What may be given only once is left as it is and
    named in the result, as is what a final report should hold and does not.
    """
    not_set = check_changes(changes)
    steps = PerformedProcedureStep.objects.select_for_update().visible_to_facility(reporter.facility)
    step = steps.filter(sop_instance_uid=sop_instance_uid).first()
    if step is None:
        raise NoSuchPerformedStep(sop_instance_uid)
    if step.status != PerformedStatus.IN_PROGRESS:
        raise PerformedStepIsOver(sop_instance_uid)
    report = _merged(step, changes)
    _write(step, report)
    _record(step, reporter)
    if text(report, STATUS) == PerformedStatus.IN_PROGRESS:
        return Reported(step, not_set)
    _let_schedule_follow(step, reporter)
    _announce_end(step)
    return Reported(step, not_set, missing_at_the_end(report))


@transaction.atomic
def end_performed_step(
    step: PerformedProcedureStep, status: PerformedStatus, *, acting_user: User
) -> PerformedProcedureStep:
    """End a step whose modality cannot do it any more (PS3.4 F.7.2.2.3, note 2). Raises PerformedStepIsOver."""
    current = PerformedProcedureStep.objects.select_for_update().get(pk=step.pk)
    if current.status != PerformedStatus.IN_PROGRESS:
        raise PerformedStepIsOver(current.sop_instance_uid)
    if status == PerformedStatus.IN_PROGRESS:
        raise InvalidValue(STATUS)
    changes = Dataset()
    setattr(changes, STATUS, str(status.value))
    _write(current, _merged(current, changes))
    reporter = Reporter(current.facility)
    _record(current, reporter, acting_user)
    _let_schedule_follow(current, reporter, acting_user)
    _announce_end(current)
    return current


@transaction.atomic
def note_missing(step: PerformedProcedureStep, count_missing: Callable[[PerformedProcedureStep], int]) -> int:
    """Write how many of its instances did not arrive; counting and writing exclude one another."""
    current = PerformedProcedureStep.objects.select_for_update(of=("self",)).select_related("facility").get(pk=step.pk)
    count = count_missing(current)
    if count != current.missing_count:
        PerformedProcedureStep.objects.filter(pk=current.pk).update(missing_count=count)
    return count


@transaction.atomic
def give_up_missing(
    step: PerformedProcedureStep, *, given_up: bool, acting_user: User, address: str | None = None
) -> None:
    """Note that the missing instances will not come, so that nobody is warned any more; or take that back."""
    require_change_at(acting_user, step.facility)
    values = {"missing_given_up_at": timezone.now(), "missing_given_up_by": acting_user}
    if not given_up:
        values = dict.fromkeys(values)
    affected = PerformedProcedureStep.objects.filter(pk=step.pk, missing_given_up_at__isnull=given_up)
    if affected.update(**values):
        reporter = Reporter(step.facility, address=address)
        _record(step, reporter, acting_user, missing_instances_given_up=given_up)


def _merged(step: PerformedProcedureStep, changes: Dataset) -> Dataset:
    """Return the whole report with what may be changed taken from ``changes``."""
    settled = {tag_key(keyword) for keyword in NEVER_SET}
    allowed = {key: value for key, value in to_dicom_json(changes).model.items() if key not in settled}
    step.data_set = {**step.data_set, **allowed}
    return data_set_of(step.data_set)


def _write(step: PerformedProcedureStep, report: Dataset) -> None:
    for name, value in columns_of(report).items():
        setattr(step, name, value)
    step.save()
    _set_series(step, report)


def _set_series(step: PerformedProcedureStep, report: Dataset) -> None:
    step.series.all().delete()
    PerformedSeries.objects.bulk_create(
        PerformedSeries(
            performed_step=step,
            series_instance_uid=uid,
            instance_uids=series.instance_uids,
            instance_count=len(series.instance_uids),
            **series.columns,
        )
        for uid, series in series_of(report).items()
    )


def _scheduled_steps(
    facility: Facility, references: list[ScheduledReference], modality: str
) -> list[ScheduledProcedureStep]:
    """Return the steps that are performed: by study and step ID, else those of the study or order and modality."""
    known = ScheduledProcedureStep.objects.select_for_update().visible_to_facility(facility)
    found: dict[int, ScheduledProcedureStep] = {}
    for reference in references:
        of_study = known.filter(study_instance_uid=reference.study_instance_uid)
        steps = list(of_study.filter(step_id=reference.step_id)) if reference.step_id else []
        if not steps and not reference.step_id:
            steps = list(of_study.filter(modality=modality))
        if not steps and reference.accession_number and reference.step_id:
            steps = list(known.filter(accession_number=reference.accession_number, step_id=reference.step_id))
        found |= {step.pk: step for step in steps}
    return list(found.values())


def _let_schedule_follow(step: PerformedProcedureStep, reporter: Reporter, acting_user: User | None = None) -> None:
    """Move the scheduled steps to where all their performed steps together stand."""
    for scheduled in step.scheduled_steps.select_for_update().order_by("pk"):
        statuses = set(scheduled.performed_steps.values_list("status", flat=True))
        if PerformedStatus.IN_PROGRESS in statuses:
            wanted = StepStatus.IN_PROGRESS
        else:
            wanted = StepStatus.COMPLETED if PerformedStatus.COMPLETED in statuses else StepStatus.DISCONTINUED
        if scheduled.status != wanted:
            set_status(
                scheduled,
                wanted,
                acting_user=acting_user,
                address=reporter.address,
                reason="performed step",
                performed_step=step.sop_instance_uid,
            )


def _announce_end(step: PerformedProcedureStep) -> None:
    transaction.on_commit(lambda: performed_step_ended.send_robust(sender=None, performed_step_id=step.pk))


def _record(step: PerformedProcedureStep, reporter: Reporter, acting_user: User | None = None, **detail: Any) -> None:
    record(
        Action.PROCEDURE_PERFORMED,
        acting_user=acting_user,
        ae_title=reporter.ae_title,
        address=reporter.address,
        facility=step.facility,
        study_instance_uid=step.study_instance_uid,
        sop_instance_uid=step.sop_instance_uid,
        status=step.status,
        **detail,
    )

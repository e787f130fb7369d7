"""Every write to what is scheduled: atomic, recorded in the audit trail without a word about the patient."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from functools import partial
from typing import Any, Final

from django.db import transaction
from django.db.models import Q

from noctis.accounts.models import Facility, User
from noctis.audit.actions import record
from noctis.audit.models import Action
from noctis.dicom.uids import UUID_ROOT
from noctis.modality_worklist.models import OPEN, ScheduledProcedureStep, ScheduledStation, Source, StepStatus
from noctis.modality_worklist.particulars import StepParticulars, cleaned
from noctis.modality_worklist.signals import steps_changed

# What people and outside systems may make of a step; what a modality performs moves it regardless (performed_actions).
TRANSITIONS: Final = {
    StepStatus.SCHEDULED: frozenset(StepStatus) - {StepStatus.SCHEDULED},
    StepStatus.ARRIVED: frozenset(StepStatus) - {StepStatus.ARRIVED},
    StepStatus.IN_PROGRESS: frozenset({StepStatus.COMPLETED, StepStatus.DISCONTINUED}),
    StepStatus.COMPLETED: frozenset[StepStatus](),
    StepStatus.DISCONTINUED: frozenset({StepStatus.SCHEDULED, StepStatus.COMPLETED}),
    StepStatus.CANCELLED: frozenset({StepStatus.SCHEDULED, StepStatus.ARRIVED}),
}
# What all steps of one study say alike.
SHARED_BY_A_STUDY: Final = (
    "patient_identifier",
    "issuer_of_patient_id",
    "patient_name",
    "birth_date",
    "sex",
    "accession_number",
    "referring_physician",
    "requesting_physician",
)


class SchedulingError(Exception):
    """The schedule cannot be changed like this; the text is a sentence that names no patient."""


class StepStateError(SchedulingError):
    """The step has gone too far, or not far enough."""


class StudyOfAnotherPatient(SchedulingError):
    """The Study Instance UID is scheduled for somebody else."""


@dataclass(frozen=True)
class Origin:
    """Who schedules: a source, its own key of the order, and the address that it called from."""

    source: Source
    order: str = ""
    address: str | None = None


@dataclass(frozen=True)
class Imported:
    """A step of an outside system, and that system's key of it."""

    key: str
    particulars: StepParticulars


class Outcome(Enum):
    """What an import made of a step."""

    ADDED = "added"
    CHANGED = "changed"
    UNCHANGED = "unchanged"
    SKIPPED = "skipped"


@transaction.atomic
def schedule_step(
    facility: Facility,
    particulars: StepParticulars,
    *,
    origin: Origin,
    key: str = "",
    acting_user: User | None = None,
) -> ScheduledProcedureStep:
    """Schedule a step. Raises InvalidParticulars, and StudyOfAnotherPatient where its study is somebody else's."""
    step = _insert(facility, cleaned(particulars), origin, key, acting_user)
    _refuse_contradictions([step])
    return step


@transaction.atomic
def change_step(
    step: ScheduledProcedureStep,
    particulars: StepParticulars,
    *,
    acting_user: User | None = None,
    address: str | None = None,
) -> ScheduledProcedureStep:
    """Change a step that is not over, and the patient and order of the other open steps of its study with it."""
    current = _locked(step)
    if not current.is_open:
        raise StepStateError("This step is over and cannot be changed any more.")
    _update(current, cleaned(particulars), acting_user, address)
    _refuse_contradictions([current])
    return current


@transaction.atomic
def move_step(
    step: ScheduledProcedureStep,
    status: StepStatus,
    *,
    acting_user: User | None = None,
    address: str | None = None,
) -> ScheduledProcedureStep:
    """Say that the patient arrived, that the step is cancelled, over, or open again. Raises StepStateError."""
    current = _locked(step)
    if current.status == status:
        return current
    if status not in TRANSITIONS[StepStatus(current.status)]:
        raise StepStateError(f"A step that is {_word(current.status)} cannot become {_word(status)}.")
    set_status(current, status, acting_user=acting_user, address=address)
    return current


def cancel_step(
    step: ScheduledProcedureStep, *, acting_user: User | None = None, address: str | None = None
) -> ScheduledProcedureStep:
    """Take a step that has not begun off the worklist. Raises StepStateError."""
    return move_step(step, StepStatus.CANCELLED, acting_user=acting_user, address=address)


@transaction.atomic
def import_steps(
    facility: Facility, steps: Sequence[Imported], *, origin: Origin, reopen: bool = False
) -> list[tuple[ScheduledProcedureStep, Outcome]]:
    """Make the schedule say what an outside system says, all of it or nothing; the same again changes nothing.

    A step that is over is skipped, or with ``reopen`` one that was cancelled or discontinued is opened again. One that
    another source has scheduled already, by study and step ID, is skipped too. Raises InvalidParticulars and
    StudyOfAnotherPatient.
    """
    outcomes = [_import(facility, Imported(one.key, cleaned(one.particulars)), origin, reopen) for one in steps]
    _refuse_contradictions(step for step, outcome in outcomes if outcome in {Outcome.ADDED, Outcome.CHANGED})
    return outcomes


@transaction.atomic
def cancel_left_out(facility: Facility, kept_keys: Collection[str], *, origin: Origin) -> int:
    """Cancel the steps of an order that its source names no more and that have not begun; return how many."""
    steps = ScheduledProcedureStep.objects.select_for_update().of_order(facility, origin.source, origin.order)
    left_out = [step for step in steps.not_started() if step.source_key not in kept_keys]
    for step in left_out:
        set_status(step, StepStatus.CANCELLED, address=origin.address, reason="left out by its source")
    return len(left_out)


def note_images(facility: Facility, *, study_instance_uid: str, accession_number: str, patient_identifier: str) -> int:
    """Move the steps that arriving images belong to; returns how many began by them.

    A study is matched by its UID, else by accession number and patient; for modalities that report no performed steps.
    """
    of_study = Q(study_instance_uid=study_instance_uid)
    of_order = Q(accession_number=accession_number, patient_identifier=patient_identifier)
    waiting = ScheduledProcedureStep.objects.not_started().visible_to_facility(facility)
    for belongs in (of_study, of_order) if accession_number and patient_identifier else (of_study,):
        if waiting.filter(belongs).exists():  # asked first: most images find nothing that waits
            with transaction.atomic():
                steps = list(waiting.filter(belongs).select_for_update())
                for step in steps:
                    set_status(step, StepStatus.IN_PROGRESS, reason="images arrived")
            return len(steps)
    return 0


def set_status(
    step: ScheduledProcedureStep,
    status: StepStatus,
    *,
    acting_user: User | None = None,
    address: str | None = None,
    **detail: Any,
) -> None:
    """Write a status, whatever it was, inside the caller's transaction."""
    detail["status"] = {"from": step.status, "to": status}
    step.status = status
    step.save(update_fields=["status", "changed_at"])
    _announce(step.study_instance_uid)
    _record(Action.PROCEDURE_CHANGED, step, acting_user, address, **detail)


def _import(
    facility: Facility,
    imported: Imported,
    origin: Origin,
    reopen: bool,  # noqa: FBT001
) -> tuple[ScheduledProcedureStep, Outcome]:
    known = ScheduledProcedureStep.objects.select_for_update().filter(facility=facility)
    step = known.filter(source=origin.source, source_key=imported.key).first()
    if step is None:
        particulars = imported.particulars
        if particulars.study_instance_uid and particulars.step_id:
            same = known.filter(study_instance_uid=particulars.study_instance_uid, step_id=particulars.step_id)
            if twin := same.exclude(source=origin.source).first():
                return twin, Outcome.SKIPPED
        return _insert(facility, particulars, origin, imported.key, None), Outcome.ADDED
    if step.source_order != origin.order:
        step.source_order = origin.order
        step.save(update_fields=["source_order"])
    reopened = reopen and step.status in {StepStatus.CANCELLED, StepStatus.DISCONTINUED}
    if reopened:
        set_status(step, StepStatus.SCHEDULED, address=origin.address)
    if not step.is_open:
        return step, Outcome.SKIPPED
    changed = _update(step, imported.particulars, None, origin.address)
    return step, Outcome.CHANGED if changed or reopened else Outcome.UNCHANGED


def _insert(
    facility: Facility, particulars: StepParticulars, origin: Origin, key: str, acting_user: User | None
) -> ScheduledProcedureStep:
    particulars = _with_study(facility, particulars)
    step = ScheduledProcedureStep(
        facility=facility,
        source=origin.source,
        source_order=origin.order,
        source_key=key,
        **particulars.columns(),
    )
    step.save()
    step.requested_procedure_id = step.requested_procedure_id or step.accession_number or f"RP{step.pk}"
    step.step_id = step.step_id or f"SPS{step.pk}"
    step.save(update_fields=["requested_procedure_id", "step_id"])
    _set_stations(step, particulars.station_ae_titles)
    _announce(step.study_instance_uid)
    _record(Action.PROCEDURE_SCHEDULED, step, acting_user, origin.address, source=origin.source)
    return step


def _with_study(facility: Facility, particulars: StepParticulars) -> StepParticulars:
    """Give a step without a Study Instance UID that of its requested procedure, or a new one (PS3.5 B.2)."""
    if particulars.study_instance_uid:
        return particulars
    sibling = None
    if particulars.accession_number:
        sibling = ScheduledProcedureStep.objects.filter(
            facility=facility,
            accession_number=particulars.accession_number,
            patient_identifier=particulars.patient_identifier,
            issuer_of_patient_id=particulars.issuer_of_patient_id,
            requested_procedure_id=particulars.requested_procedure_id or particulars.accession_number,
        ).first()
    uid = sibling.study_instance_uid if sibling else f"{UUID_ROOT}.{uuid.uuid4().int}"
    return replace(particulars, study_instance_uid=uid)


def _update(
    step: ScheduledProcedureStep, particulars: StepParticulars, acting_user: User | None, address: str | None
) -> bool:
    """Write what differs. An identifier that the source leaves empty stays as it was given to the step."""
    values = particulars.columns()
    for name in ("study_instance_uid", "requested_procedure_id", "step_id"):
        values[name] = values[name] or getattr(step, name)
    changed = sorted(name for name, value in values.items() if getattr(step, name) != value)
    moved = step.study_instance_uid != values["study_instance_uid"]
    if moved:
        _announce(step.study_instance_uid)
    for name in changed:
        setattr(step, name, values[name])
    stations_changed = step.station_ae_titles != list(particulars.station_ae_titles)
    if stations_changed:
        _set_stations(step, particulars.station_ae_titles)
    if not changed and not stations_changed:
        return False
    step.save()
    _announce(step.study_instance_uid)
    named = changed + ["station_ae_titles"] * stations_changed
    _record(Action.PROCEDURE_CHANGED, step, acting_user, address, changed=named)
    shared = [name for name in SHARED_BY_A_STUDY if name in changed]
    if shared and not moved:
        _carry_to_siblings(step, shared, acting_user, address)
    return True


def _carry_to_siblings(
    step: ScheduledProcedureStep, names: list[str], acting_user: User | None, address: str | None
) -> None:
    siblings = ScheduledProcedureStep.objects.select_for_update().open().visible_to_facility(step.facility)
    for sibling in siblings.filter(study_instance_uid=step.study_instance_uid).exclude(pk=step.pk):
        changed = [name for name in names if getattr(sibling, name) != getattr(step, name)]
        for name in changed:
            setattr(sibling, name, getattr(step, name))
        if changed:
            sibling.save()
            _record(Action.PROCEDURE_CHANGED, sibling, acting_user, address, changed=changed)


def _set_stations(step: ScheduledProcedureStep, ae_titles: Sequence[str]) -> None:
    step.stations.all().delete()
    ScheduledStation.objects.bulk_create(ScheduledStation(step=step, ae_title=title) for title in ae_titles)


def _refuse_contradictions(steps: Iterable[ScheduledProcedureStep]) -> None:
    """Raise StudyOfAnotherPatient where an open step of the same study is for another patient or facility."""
    for step in steps:
        same = ScheduledProcedureStep.objects.filter(study_instance_uid=step.study_instance_uid, status__in=OPEN)
        if same.exclude(facility=step.facility, patient_identifier=step.patient_identifier).exists():
            raise StudyOfAnotherPatient("The Study Instance UID is scheduled for another patient.")


def _locked(step: ScheduledProcedureStep) -> ScheduledProcedureStep:
    return ScheduledProcedureStep.objects.select_for_update().get(pk=step.pk)


def _announce(study_instance_uid: str) -> None:
    told = partial(steps_changed.send_robust, sender=None, study_instance_uid=study_instance_uid)
    transaction.on_commit(told)


def _word(status: str) -> str:
    return StepStatus(status).label.lower()


def _record(
    action: Action, step: ScheduledProcedureStep, acting_user: User | None, address: str | None, **detail: Any
) -> None:
    record(
        action,
        acting_user=acting_user,
        address=address,
        facility=step.facility,
        study_instance_uid=step.study_instance_uid,
        step=step.pk,
        **detail,
    )

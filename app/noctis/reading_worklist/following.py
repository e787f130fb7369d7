"""Brings the rows of the worklist in step with studies and orders; run after each of their changes, and again later.

Doing it twice changes nothing. What was missed, because a process ended between a commit and its announcement, is found
by ``catch_up``.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime, timedelta
from typing import Any, Final

from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q
from django.utils import timezone

from noctis.accounts.models import Facility
from noctis.archive.models import Series, Study, StudyStatus
from noctis.dicom.attributes import person_name_display
from noctis.modality_worklist.models import OPEN, ScheduledProcedureStep, StepStatus
from noctis.reading_worklist.models import ReadingTask, TurnaroundTarget, Urgency
from noctis.reading_worklist.priorities import ordered_priority, stated_in_images

CHUNK: Final = 200
# The schedule still shows an order that nobody made images for; the worklist no longer.
ORDERS_STAY: Final = timedelta(days=7)
BODY_PARTS_LENGTH: Final = 130
REPEATED: Final = (
    "patient_name",
    "patient_identifier",
    "birth_date",
    "sex",
    "study_date",
    "study_time",
    "accession_number",
    "description",
    "modalities",
    "search_text",
    "series_count",
    "received_at",
)
RELATED: Final = ("facility", "study")
# What of a row follows from studies and orders; the rest belongs to the readers.
FOLLOWING: Final = (
    *RELATED,
    "study_instance_uid",
    "study_changed_at",
    *REPEATED,
    "instance_count",
    "body_parts",
    "is_arriving",
    "is_unchecked",
    "clock_started_at",
    "priority",
    "stated_priority",
    "due_at",
    "status",
)


def follow_studies(study_ids: Iterable[int]) -> None:
    """Bring the rows of these studies in step; rows are made where there are none."""
    keys = sorted(set(study_ids))
    for start in range(0, len(keys), CHUNK):
        _follow(keys[start : start + CHUNK])


def follow_orders(study_uids: Collection[str]) -> None:
    """Bring the rows of the orders with these Study Instance UIDs in step, and of the studies made for them."""
    steps = list(ScheduledProcedureStep.objects.filter(study_instance_uid__in=study_uids).select_related("facility"))
    made = {study.pk for step in steps for study in _studies_of_order(step)}
    follow_studies(made)
    with_images = Study.objects.filter(study_instance_uid__in=study_uids)
    for uid in sorted(set(study_uids) - set(with_images.values_list("study_instance_uid", flat=True))):
        of_uid = [step for step in steps if step.study_instance_uid == uid and _is_expected(step)]
        if of_uid and not any(_studies_of_order(step) for step in of_uid):
            _follow_order(uid, of_uid)
        else:
            ReadingTask.objects.filter(study_instance_uid=uid, study=None).delete()


def catch_up(since: datetime) -> int:
    """Bring in step what changed after ``since`` and was missed; returns how many rows that were."""
    changed = Study.objects.filter(Q(instance_count__gt=0) | Q(reading_task__isnull=False), changed_at__gte=since)
    studies = list(changed.exclude(reading_task__study_changed_at=F("changed_at")).values_list("pk", flat=True))
    follow_studies(studies)
    rows_of_step = ReadingTask.objects.filter(study_instance_uid=OuterRef("study_instance_uid"))
    waiting = ScheduledProcedureStep.objects.not_started().filter(~Exists(rows_of_step), changed_at__gte=since)
    orders = set(waiting.values_list("study_instance_uid", flat=True))
    follow_orders(orders)
    steps_of_row = ScheduledProcedureStep.objects.open().filter(study_instance_uid=OuterRef("study_instance_uid"))
    outdated = ~Exists(steps_of_row) | Q(clock_started_at__lt=timezone.now() - ORDERS_STAY)
    withdrawn, _ = ReadingTask.objects.filter(outdated, study=None).delete()
    return len(studies) + len(orders) + withdrawn


@transaction.atomic
def _follow(study_ids: list[int]) -> None:
    ReadingTask.objects.filter(study__in=study_ids, study__instance_count=0).delete()  # merged into another study
    present = Study.objects.filter(pk__in=study_ids, instance_count__gt=0)
    studies = list(present.select_related("facility").order_by("pk"))
    orders = _orders_of(studies)
    uids = {study.study_instance_uid for study in studies}
    ordered = {step.study_instance_uid for steps in orders.values() for step in steps}
    rows = ReadingTask.objects.select_for_update().filter(study_instance_uid__in=uids | ordered).order_by("pk")
    known = {row.study_instance_uid: row for row in rows}
    before = {row.pk: _state(row) for row in known.values()}
    targets = targets_of({study.facility_id for study in studies})
    parts = _body_parts(study_ids)
    followed = []
    for study in studies:
        row = _row_of(study, known, orders[study.pk])
        stated = ordered_priority(orders[study.pk])
        if stated is None and row.study_id is None:
            stated = stated_in_images(study)
        _take_study(row, study, parts.get(study.pk, []))
        _take_priority(row, stated)
        _settle(row, targets[study.facility_id])
        followed.append(row)
    _save(followed, before)


def _save(rows: list[ReadingTask], before: dict[int, list[Any]]) -> None:
    """Write the rows that are new or not what they were; the others would only look as if they had changed."""
    new = [row for row in rows if row.pk is None]
    changed = [row for row in rows if row not in new and _state(row) != before[row.pk]]
    for row in (*new, *changed):
        row.changed_at = timezone.now()
    ReadingTask.objects.bulk_create(new, ignore_conflicts=True)  # another process may have been faster
    ReadingTask.objects.bulk_update(changed, [*FOLLOWING, "changed_at"])


def _state(row: ReadingTask) -> list[Any]:
    return [getattr(row, f"{name}_id" if name in RELATED else name) for name in FOLLOWING]


def _row_of(study: Study, known: dict[str, ReadingTask], steps: list[ScheduledProcedureStep]) -> ReadingTask:
    """Return the row of a study: its own, else that of the order it was made for, under its own UID from now on."""
    own = known.get(study.study_instance_uid)
    ordered = [step.study_instance_uid for step in steps if step.study_instance_uid != study.study_instance_uid]
    waiting = next((known[uid] for uid in ordered if uid in known and known[uid].is_order), None)
    if waiting is not None:
        del known[waiting.study_instance_uid]
        if own is not None:
            _withdraw(waiting, own)
    row = own or waiting or ReadingTask()
    row.study_instance_uid = study.study_instance_uid
    return row


@transaction.atomic
def _follow_order(uid: str, steps: list[ScheduledProcedureStep]) -> None:
    row = ReadingTask.objects.select_for_update().filter(study_instance_uid=uid).first()
    row = row or ReadingTask(study_instance_uid=uid)
    if not row.is_order:
        return
    before = {row.pk: _state(row)}
    first = min(steps, key=lambda step: (step.start_date, step.start_time, step.pk))
    row.facility = first.facility
    for name, value in _values_of_order(first, steps).items():
        setattr(row, name, value)
    _take_priority(row, ordered_priority(steps))
    _settle(row, targets_of({first.facility_id})[first.facility_id])
    _save([row], before)


def targets_of(facility_ids: Collection[int]) -> dict[int, TurnaroundTarget]:
    """Return the turnaround target of each facility, the usual one where none was set."""
    stored = {one.facility_id: one for one in TurnaroundTarget.objects.filter(facility__in=facility_ids)}
    return {key: stored.get(key) or TurnaroundTarget(facility_id=key) for key in facility_ids}


def _take_study(row: ReadingTask, study: Study, body_parts: list[str]) -> None:
    row.facility, row.study = study.facility, study
    for name in REPEATED:
        setattr(row, name, getattr(study, name))
    row.body_parts = "\\".join(body_parts)[:BODY_PARTS_LENGTH]
    row.instance_count = study.accepted_count
    row.is_arriving, row.is_unchecked = (study.status == one for one in (StudyStatus.ARRIVING, StudyStatus.UNCHECKED))
    row.clock_started_at = study.received_at
    row.study_changed_at = study.changed_at


def _take_priority(row: ReadingTask, stated: Urgency | None) -> None:
    """Follow what the order says, or else the images, unless somebody set another priority by hand.

    A priority set by hand stays, but an order that becomes more urgent than that is followed.
    """
    before = row.stated_priority
    if stated is None or stated == before:
        return
    row.stated_priority = stated
    if row.priority == (before or Urgency.ROUTINE) or stated < row.priority:
        row.priority = stated


def _settle(row: ReadingTask, target: TurnaroundTarget) -> None:
    row.due_at = row.clock_started_at + target.time_for(row.priority)
    row.follow_status()


def _withdraw(order: ReadingTask, row: ReadingTask) -> None:
    """Take the row of an order away whose study has a row of its own, which gets what people decided of it."""
    row.priority = min(row.priority, order.priority)
    if row.assigned_to_id is None and order.assigned_to_id is not None:
        row.assigned_to_id, row.assignee_name = order.assigned_to_id, order.assignee_name
        row.save(update_fields=["assigned_to", "assignee_name"])
    order.delete()


def _orders_of(studies: list[Study]) -> dict[int, list[ScheduledProcedureStep]]:
    """Return the steps that each study was made for: by its UID, else by accession number and patient."""
    uids = [study.study_instance_uid for study in studies]
    numbers = [study.accession_number for study in studies if study.accession_number]
    living = ScheduledProcedureStep.objects.exclude(status=StepStatus.CANCELLED)
    facilities = {study.facility_id for study in studies}
    steps = list(
        living.filter(facility__in=facilities).filter(Q(study_instance_uid__in=uids) | Q(accession_number__in=numbers))
    )
    return {study.pk: [step for step in steps if _belongs(step, study)] for study in studies}


def _belongs(step: ScheduledProcedureStep, study: Study) -> bool:
    if step.facility_id != study.facility_id:
        return False
    if step.study_instance_uid == study.study_instance_uid:
        return True
    order = (study.accession_number, study.patient_identifier)
    return all(order) and order == (step.accession_number, step.patient_identifier)


def _studies_of_order(step: ScheduledProcedureStep) -> list[Study]:
    of_step = Q(study_instance_uid=step.study_instance_uid)
    if step.accession_number:
        of_step |= Q(accession_number=step.accession_number, patient_identifier=step.patient_identifier)
    return list(Study.objects.visible_to_facility(step.facility).filter(of_step))


def _body_parts(study_ids: list[int]) -> dict[int, list[str]]:
    series = Series.objects.filter(study__in=study_ids).exclude(body_part="").order_by("study_id", "body_part")
    found: dict[int, list[str]] = {}
    for study_id, part in series.values_list("study_id", "body_part").distinct():
        found.setdefault(study_id, []).append(part)
    return found


def _is_expected(step: ScheduledProcedureStep) -> bool:
    return step.status in OPEN and _start(step) > timezone.now() - ORDERS_STAY


def _start(step: ScheduledProcedureStep) -> datetime:
    return timezone.make_aware(datetime.combine(step.start_date, step.start_time))


def _values_of_order(first: ScheduledProcedureStep, steps: list[ScheduledProcedureStep]) -> dict[str, Any]:
    description = first.procedure_description or first.step_description
    name = first.patient_name
    words = (name, person_name_display(name), first.patient_identifier, first.accession_number, description)
    return {
        "patient_name": name,
        "patient_identifier": first.patient_identifier,
        "birth_date": first.birth_date,
        "sex": first.sex,
        "study_date": first.start_date,
        "study_time": first.start_time,
        "accession_number": first.accession_number,
        "description": description,
        "modalities": "\\".join(sorted({step.modality for step in steps})),
        "search_text": " ".join(words).lower(),
        "received_at": min(step.created_at for step in steps),
        "clock_started_at": _start(first),
    }


def follow_facility(facility: Facility) -> int:
    """Set the due times of what is not done to the facility's target; returns how many rows that were."""
    target = targets_of({facility.pk})[facility.pk]
    changed = 0
    for urgency in Urgency:
        rows = ReadingTask.objects.filter(facility=facility, priority=urgency, reported_at=None)
        due_at = F("clock_started_at") + target.time_for(urgency)
        changed += rows.update(due_at=due_at, changed_at=timezone.now())
    return changed

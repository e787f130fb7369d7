"""Arriving images and what was scheduled: images start their step, and a performed step's images are looked for.

What is missing is counted after a commit of either side, the modality's last report or the images: whichever comes last
sees both. What went wrong meanwhile is made good by ``look_again``.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from typing import Any

from django.db import Error as DatabaseFailure
from django.db.models import QuerySet
from django.dispatch import receiver

from noctis.accounts.models import User
from noctis.archive.models import Instance, Study
from noctis.archive.signals import series_changed
from noctis.modality_worklist.actions import note_images
from noctis.modality_worklist.models import PerformedProcedureStep, ScheduledProcedureStep
from noctis.modality_worklist.performed_actions import note_missing
from noctis.modality_worklist.signals import performed_step_ended

logger = logging.getLogger(__name__)


@receiver(series_changed, dispatch_uid="images_start_scheduled_steps")
def start_scheduled_steps(series_ids: list[int], **_: Any) -> None:
    """Move the scheduled steps whose images came; what cannot be written now is written with the next images."""
    try:
        studies = Study.objects.filter(pk__in=Study.objects.filter(series__in=series_ids).values("pk"))
        for study in studies.select_related("facility"):
            note_images(
                study.facility,
                study_instance_uid=study.study_instance_uid,
                accession_number=study.accession_number,
                patient_identifier=study.patient_identifier,
            )
    except DatabaseFailure as error:
        logger.error("scheduled steps could not follow their images: %s", type(error).__name__)  # noqa: TRY400  (no values)


def studies_of(steps: Iterable[ScheduledProcedureStep], user: User) -> dict[int, Study]:
    """Return the study of each of ``steps`` that has images, by the step's key; matched as ``note_images`` does."""
    listed = list(steps)
    visible = Study.objects.visible_to(user)
    uids = [step.study_instance_uid for step in listed]
    by_uid = {(one.facility_id, one.study_instance_uid): one for one in visible.filter(study_instance_uid__in=uids)}
    found = {step.pk: by_uid.get((step.facility_id, step.study_instance_uid)) for step in listed}
    numbers = [step.accession_number for step in listed if step.accession_number and not found[step.pk]]
    orders = visible.filter(accession_number__in=numbers) if numbers else visible.none()
    by_order = {(one.facility_id, one.accession_number, one.patient_identifier): one for one in orders.order_by("-pk")}
    for step in listed:
        order = (step.facility_id, step.accession_number, step.patient_identifier)
        found[step.pk] = found[step.pk] or by_order.get(order)
    return {key: study for key, study in found.items() if study is not None}


@receiver(series_changed, dispatch_uid="images_are_missed_no_more")
def look_for_arrived(series_ids: list[int], **_: Any) -> None:
    """Count anew what the performed steps of these studies miss."""
    studies = Study.objects.filter(series__in=series_ids).values("study_instance_uid")
    steps = PerformedProcedureStep.objects.over().exclude(missing_count=0)
    _count(steps.filter(study_instance_uid__in=studies))


@receiver(performed_step_ended, dispatch_uid="images_are_looked_for")
def look_for_made(performed_step_id: int, **_: Any) -> None:
    """Count what did not arrive of the instances that a modality says at the end to have made."""
    _count(PerformedProcedureStep.objects.filter(pk=performed_step_id))


def look_again() -> int:
    """Count anew wherever something is missing or was not counted; returns how many steps were looked at."""
    return _count(PerformedProcedureStep.objects.over().exclude(missing_count=0))


def missing_instances(step: PerformedProcedureStep) -> list[str]:
    """Return the SOP Instance UIDs that the modality says to have made and that its facility's archive lacks."""
    expected = list(dict.fromkeys(uid for series in step.expected_instances.values() for uid in series))
    stored: set[str] = set()
    for first in range(0, len(expected), 500):  # databases bound the number of parameters
        known = Instance.objects.visible_to_facility(step.facility)
        uids = known.filter(sop_instance_uid__in=expected[first : first + 500])
        stored.update(uids.values_list("sop_instance_uid", flat=True))
    return [uid for uid in expected if uid not in stored]


def _count(steps: QuerySet[PerformedProcedureStep]) -> int:
    keys = []
    try:
        keys = list(steps.order_by("pk").values_list("pk", flat=True))
        for key in keys:
            note_missing(PerformedProcedureStep(pk=key), lambda step: len(missing_instances(step)))
    except DatabaseFailure as error:
        logger.error("missing images could not be counted: %s", type(error).__name__)  # noqa: TRY400  (no values)
    return len(keys)

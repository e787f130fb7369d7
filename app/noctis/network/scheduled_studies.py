"""Arriving images and what was scheduled: images start their step, and a performed step's images are looked for.

What is missing is counted after a commit of either side, the modality's last report or the images: whichever comes last
sees both. What went wrong meanwhile is made good by ``look_again``.
"""

from __future__ import annotations

import logging
from typing import Any

from django.db import Error as DatabaseFailure
from django.db.models import QuerySet
from django.dispatch import receiver

from noctis.archive.models import Instance, Study
from noctis.archive.signals import series_changed
from noctis.modality_worklist.actions import note_images
from noctis.modality_worklist.models import PerformedProcedureStep
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

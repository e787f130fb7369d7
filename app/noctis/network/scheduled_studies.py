"""Arriving images and what was scheduled: images start their step, and a performed step's images are counted."""

from __future__ import annotations

import logging
from typing import Any

from django.db import Error as DatabaseFailure
from django.dispatch import receiver

from noctis.archive.models import Instance, Study
from noctis.archive.signals import series_changed
from noctis.modality_worklist.actions import note_images
from noctis.modality_worklist.models import PerformedProcedureStep

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


def missing_instances(step: PerformedProcedureStep) -> list[str]:
    """Return the SOP Instance UIDs that the modality says to have made and that its facility's archive lacks."""
    expected = [uid for series in step.expected_instances.values() for uid in series]
    stored: set[str] = set()
    for first in range(0, len(expected), 500):  # databases bound the number of parameters
        known = Instance.objects.visible_to_facility(step.facility)
        uids = known.filter(sop_instance_uid__in=expected[first : first + 500])
        stored.update(uids.values_list("sop_instance_uid", flat=True))
    return [uid for uid in expected if uid not in stored]

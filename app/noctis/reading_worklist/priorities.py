"""How urgent orders and images say that they are."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from django.conf import settings
from pydicom.dataset import Dataset

from noctis.archive.header import NotStorable, read_header
from noctis.archive.models import Instance, Study
from noctis.dicom.attributes import text
from noctis.modality_worklist.models import Priority, ScheduledProcedureStep
from noctis.reading_worklist.models import Urgency

logger = logging.getLogger(__name__)

_OF_ORDERS: Final = {
    Priority.STAT: Urgency.STAT,
    Priority.HIGH: Urgency.URGENT,
    Priority.ROUTINE: Urgency.ROUTINE,
    Priority.MEDIUM: Urgency.ROUTINE,
    Priority.LOW: Urgency.ROUTINE,
}
# Requested Procedure Priority (0040,1003), and of older modalities the retired Study Priority ID (0032,000C).
_ATTRIBUTES: Final = ("RequestedProcedurePriority", "StudyPriorityID")
_OF_IMAGES: Final = {
    "STAT": Urgency.STAT,
    "HIGH": Urgency.URGENT,
    "ROUTINE": Urgency.ROUTINE,
    "MEDIUM": Urgency.ROUTINE,
    "MED": Urgency.ROUTINE,
    "LOW": Urgency.ROUTINE,
}


def ordered_priority(steps: Iterable[ScheduledProcedureStep]) -> Urgency | None:
    """Return the most urgent priority of some scheduled steps, None where none has any."""
    return min((_OF_ORDERS[Priority(step.priority)] for step in steps if step.priority), default=None)


def stated_in_images(study: Study) -> Urgency | None:
    """Return the priority that the first stored object of a study states; its header is read for that."""
    first = Instance.objects.filter(series__study=study).order_by("pk").values_list("path", flat=True).first()
    if first is None:
        return None
    path: Path = settings.NOCTIS_DATA.storage / first
    try:
        return priority_in(read_header(path).dataset)
    except (NotStorable, OSError) as error:
        logger.warning("the priority of %s was not read: %s", study.study_instance_uid, type(error).__name__)
        return None


def priority_in(dataset: Dataset) -> Urgency | None:
    """Return the priority that an object states."""
    for keyword in _ATTRIBUTES:
        if urgency := _OF_IMAGES.get(text(dataset, keyword).strip().upper()):
            return urgency
    return None

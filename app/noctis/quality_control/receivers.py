"""Quality control follows the archive: rejected images are counted in the study where they are."""

from __future__ import annotations

import logging
from typing import Any

from django.db import Error as DatabaseFailure
from django.db.models import Exists, OuterRef, Q
from django.dispatch import receiver

from noctis.archive.models import Study
from noctis.archive.signals import series_changed
from noctis.quality_control.actions import recount
from noctis.quality_control.models import Rejection

logger = logging.getLogger(__name__)


@receiver(series_changed, dispatch_uid="quality_control_counts_anew")
def count_anew(series_ids: list[int], **_: Any) -> None:
    """Count again where images with rejections came into a study or left it."""
    try:
        changed = Study.objects.filter(series__in=series_ids)
        with_rejections = Rejection.objects.standing().filter(instance__series__study=OuterRef("pk"))
        concerned = changed.filter(Q(rejected_count__gt=0) | Exists(with_rejections)).distinct()
        counted = [(study, Rejection.objects.of_study(study).count()) for study in concerned]
        recount(study for study, count in counted if count != study.rejected_count)
    except DatabaseFailure as error:
        logger.error("rejected images are not counted anew: %s", type(error).__name__)  # noqa: TRY400  (no values)

"""The worklist follows what happens to studies and orders."""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.db import Error as DatabaseFailure
from django.db.models.signals import post_save
from django.dispatch import receiver

from noctis.accounts.models import User
from noctis.archive.models import Study
from noctis.archive.signals import series_changed, studies_changed, studies_ready
from noctis.modality_worklist.signals import steps_changed
from noctis.reading_worklist.actions import tell_of_stat
from noctis.reading_worklist.following import follow_orders, follow_studies
from noctis.reading_worklist.models import ReadingTask, Urgency

logger = logging.getLogger(__name__)


def _made_good_later(follow: Callable[..., None]) -> Callable[..., None]:
    """Let a database that is away only delay the worklist: ``catch_up`` finds what was missed."""

    @wraps(follow)
    def followed(**arguments: Any) -> None:
        try:
            follow(**arguments)
        except DatabaseFailure as error:
            logger.error("the worklist could not follow: %s", type(error).__name__)  # noqa: TRY400  (no values)

    return followed


@receiver(series_changed, dispatch_uid="the_worklist_follows_images")
@_made_good_later
def follow_images(series_ids: list[int], **_: Any) -> None:
    """Show what arrived."""
    follow_studies(Study.objects.filter(series__in=series_ids).values_list("pk", flat=True).distinct())


@receiver([studies_changed, studies_ready], dispatch_uid="the_worklist_follows_studies")
@_made_good_later
def follow_changes(study_ids: list[int], **_: Any) -> None:
    """Show what changed."""
    follow_studies(study_ids)


@receiver(studies_ready, dispatch_uid="readers_hear_of_stat_studies")
@_made_good_later
def tell_readers(study_ids: list[int], **_: Any) -> None:
    """Ring for what must be read at once, now that it is complete."""
    stat = ReadingTask.objects.filter(study__in=study_ids, priority=Urgency.STAT)
    for row in stat.select_related("study", "assigned_to"):
        tell_of_stat(row)


@receiver(steps_changed, dispatch_uid="the_worklist_follows_orders")
@_made_good_later
def follow_schedule(study_instance_uid: str, **_: Any) -> None:
    """Show what was scheduled, or more urgently."""
    follow_orders({study_instance_uid})


@receiver(post_save, sender=User, dispatch_uid="the_worklist_follows_names")
def follow_name(instance: User, **_: Any) -> None:
    """Show readers under the name they have now."""
    rows = ReadingTask.objects.filter(assigned_to=instance).exclude(assignee_name=str(instance))
    rows.update(assignee_name=str(instance))

"""What the worker does for the watch by the clock."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from django.utils import timezone
from huey import crontab
from huey.contrib.djhuey import db_periodic_task, db_task

from noctis.monitoring.models import QueueMark
from noctis.monitoring.watch import look_at_everything

BEFORE_ALL_OTHERS: Final = 100


@db_periodic_task(crontab(), priority=BEFORE_ALL_OTHERS)  # type: ignore[untyped-decorator]  # Huey has no types
def watch_the_appliance() -> None:
    """Look at everything, before other jobs; and send a mark after them, which tells how long they wait."""
    look_at_everything()
    mark_the_queue(timezone.now())


@db_task()  # type: ignore[untyped-decorator]  # Huey has no types
def mark_the_queue(queued_at: datetime) -> None:
    """Note that the worker has come to what was queued at this moment."""
    QueueMark.objects.update_or_create(defaults={"queued_at": queued_at})

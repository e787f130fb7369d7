"""Housekeeping of reports that are handed out, run by the worker."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from django.utils import timezone
from huey import crontab
from huey.contrib.djhuey import db_periodic_task

from noctis.reports.models import SIGNED_STATES, Report
from noctis.reports.output.queue import enqueue, without_edition

LOOKS_BACK: Final = timedelta(days=2)


@db_periodic_task(crontab(minute="*/10"))  # type: ignore[untyped-decorator]  # Huey has no types
def queue_what_was_missed() -> None:
    """Queue what was signed while nobody listened: the process ended between the signature and its listeners."""
    recent = Report.objects.filter(state__in=SIGNED_STATES, changed_at__gt=timezone.now() - LOOKS_BACK)
    for report in recent.select_related("study__facility", "signed_by", "author").iterator():
        if without_edition(report):
            enqueue(report)

"""Housekeeping of the quarantine, run by the worker."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.utils import timezone
from huey import crontab
from huey.contrib.djhuey import db_periodic_task

from noctis.archive.quarantine_actions import remove_discarded, send_again


@db_periodic_task(crontab(hour="3", minute="41"))  # type: ignore[untyped-decorator]  # Huey has no types
def remove_what_was_discarded() -> None:
    """Remove discarded objects whose time is over."""
    remove_discarded(timezone.now() - timedelta(days=settings.NOCTIS_QUARANTINE_DISCARD_DAYS))


@db_periodic_task(crontab(minute="*/5"))  # type: ignore[untyped-decorator]  # Huey has no types
def file_what_was_decided() -> None:
    """Send on what was decided to be filed and did not get to the spool: an interrupted decision is made good here."""
    send_again()

"""Housekeeping of accounts, run by the worker."""

from __future__ import annotations

from django.core.management import call_command
from huey import crontab
from huey.contrib.djhuey import db_periodic_task


@db_periodic_task(crontab(hour="3", minute="17"))  # type: ignore[untyped-decorator]  # Huey has no types
def remove_ended_sessions() -> None:
    """Remove the sessions that have ended: the table would grow for ever."""
    call_command("clearsessions")

"""Housekeeping of the network services, run by the worker."""

from __future__ import annotations

from huey import crontab
from huey.contrib.djhuey import db_periodic_task

from noctis.network.scheduled_studies import look_again


@db_periodic_task(crontab(minute="*/5"))  # type: ignore[untyped-decorator]  # Huey has no types
def look_for_missing_images() -> None:
    """Count again what modalities say to have made and did not send: an interrupted count is made good here."""
    look_again()

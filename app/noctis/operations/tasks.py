"""What the worker does for the operation of the appliance by the clock."""

from __future__ import annotations

from huey import crontab
from huey.contrib.djhuey import db_periodic_task

from noctis.operations.troubles import look_for_trouble


@db_periodic_task(crontab(minute="*/2"))  # type: ignore[untyped-decorator]  # Huey has no types
def watch_the_appliance() -> None:
    """Tell administrators of trouble, and when it is over."""
    look_for_trouble()

"""Work of the background process for reports."""

from __future__ import annotations

from huey import crontab
from huey.contrib.djhuey import db_periodic_task

from noctis.reports.critical.actions import pass_on_overdue


@db_periodic_task(crontab(minute="*"))  # type: ignore[untyped-decorator]  # Huey has no types
def pass_on_critical_results() -> None:
    """Tell the next person of critical results that nobody acknowledged in time."""
    pass_on_overdue()

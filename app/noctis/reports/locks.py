"""One writer at a time: a lease on the report, renewed while its editor is open."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from django.utils import timezone

from noctis.accounts.models import User
from noctis.reports.models import Report

LEASE: Final = timedelta(seconds=90)


class Locked(Exception):
    """Somebody else writes on the report."""

    def __init__(self, holder: User) -> None:
        """Name who."""
        super().__init__(f"{holder.full_name or holder.username} is writing on this report.")
        self.holder = holder


def holder_of(report: Report, now: datetime | None = None) -> User | None:
    """Return who writes on the report now; a lease that was not renewed is over."""
    if report.locked_until is None or report.locked_until <= (now or timezone.now()):
        return None
    return report.locked_by


def take(report: Report, user: User) -> None:
    """Give ``user`` the lease, or renew it; the caller holds the row. Raises Locked."""
    holder = holder_of(report)
    if holder is not None and holder != user:
        raise Locked(holder)
    report.locked_by, report.locked_until = user, timezone.now() + LEASE


def let_go(report: Report) -> None:
    """End the lease."""
    report.locked_by = report.locked_until = None

"""What reports announce after a commit."""

from __future__ import annotations

from functools import partial

from django.db import models, transaction
from django.dispatch import Signal

from noctis.accounts.models import User
from noctis.reports.models import Report

# Arguments: report, a Report as it was saved; happened, a ReportEvent; acting_user, a User.
report_changed = Signal()


class ReportEvent(models.TextChoices):
    """What happened to a report."""

    WRITTEN = "written", "Written"
    RELEASED = "released", "Released as preliminary"
    SIGNED = "signed", "Signed"
    ADDED_TO = "added_to", "Addendum signed"
    CRITICAL_NOTED = "critical_noted", "Critical result noted"
    CRITICAL_ACKNOWLEDGED = "critical_acknowledged", "Critical result acknowledged"


def announce(report: Report, happened: ReportEvent, *, acting_user: User) -> None:
    """Tell whoever listens once the transaction is committed; a listener that fails undoes nothing."""
    told = partial(report_changed.send, sender=Report, report=report, happened=happened, acting_user=acting_user)
    transaction.on_commit(told, robust=True)

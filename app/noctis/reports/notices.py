"""Who is told of a signed report: the users of the facility that the study belongs to."""

from __future__ import annotations

from noctis.accounts.models import User
from noctis.notifications.actions import notify
from noctis.notifications.event_kinds import Event
from noctis.notifications.recipients import facility_users
from noctis.reports.models import Report


def tell_of_signature(report: Report, event: Event, *, acting_user: User) -> None:
    """Tell them of a final report, or of an addendum, in the transaction that signs it."""
    study = report.study
    recipients = [*facility_users(study.facility), *([report.signed_by] if report.signed_by else [])]
    notify(event, recipients=recipients, study=study, acting_user=acting_user)

"""The editions of a report for its page: what was handed out, each with its file."""

from __future__ import annotations

from typing import Any

from django import template

from noctis.accounts.models import User
from noctis.reports.models import Report
from noctis.reports.output.models import Edition

register = template.Library()


@register.inclusion_tag("report_output/_editions.html")
def report_editions(report: Report, user: User) -> dict[str, Any]:
    """Show the editions that ``user`` may read, the latest first."""
    editions = Edition.objects.readable_by(user).filter(report=report).order_by("-version", "-addendum")
    return {"editions": list(editions), "study_uid": report.study.study_instance_uid}

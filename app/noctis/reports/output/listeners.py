"""What happens when a report is released, signed or added to."""

from __future__ import annotations

from typing import Any, Final

from noctis.reports.models import Report
from noctis.reports.output.queue import enqueue
from noctis.reports.signals import ReportEvent

HANDED_OUT: Final = frozenset({ReportEvent.RELEASED, ReportEvent.SIGNED, ReportEvent.ADDED_TO})


def queue_output(*, report: Report, happened: ReportEvent, **_: Any) -> None:
    """Queue what is made of the report; receives report_changed."""
    if happened in HANDED_OUT:
        enqueue(Report.objects.select_related("study__facility", "signed_by", "author").get(pk=report.pk))

"""Notes when reports become preliminary and final, in the transaction that makes them so."""

from __future__ import annotations

from typing import Any

from django.db.models.signals import post_save
from django.dispatch import receiver

from noctis.dashboards.models import ReportTimes
from noctis.reports.models import ReportState, ReportVersion


@receiver(post_save, sender=ReportVersion, dispatch_uid="dashboards_note_report_times")
def note_times(instance: ReportVersion, created: bool, **_: Any) -> None:  # noqa: FBT001  (Django's)
    """Keep the first preliminary version's time, and the signed one's with its author."""
    if not created or instance.state not in (ReportState.PRELIMINARY, ReportState.FINAL):
        return
    times, _new = ReportTimes.objects.get_or_create(study_id=instance.report.study_id)
    if instance.state == ReportState.FINAL:
        times.signed_at, times.signed_by_id = instance.made_at, instance.author_id
    elif times.preliminary_at is None:
        times.preliminary_at = instance.made_at
    times.save()

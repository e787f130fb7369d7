"""What the DICOM service did within the last minutes, from what it had counted at several moments."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Final

from django.conf import settings

from noctis.monitoring.models import ServiceSample
from noctis.network.statistics_layout import Service
from noctis.network.statistics_report import Report, read_report

KEPT: Final = timedelta(hours=3)


@dataclass
class Activity:
    """Figures of a stretch of time; the service's own checks of itself are not among them."""

    connections: int = 0
    failed_connections: int = 0
    stores: int = 0
    failed_stores: int = 0
    store_microseconds: int = 0


def take_sample(now: datetime) -> None:
    """Write down what the service has counted."""
    report = read_report(settings.NOCTIS_DATA)
    if report.record is not None:
        figures = _figures(report)
        values = {one.name: getattr(figures, one.name) for one in fields(Activity)}
        ServiceSample.objects.create(at=now, run=report.record.started_at, **values)
    ServiceSample.objects.filter(at__lt=now - KEPT).delete()


def recent_activity(now: datetime) -> Activity:
    """Return what happened since the last sample before the window of the settings, across restarts of the service."""
    begin = now - timedelta(minutes=settings.NOCTIS_ALERT_WINDOW_MINUTES)
    before = ServiceSample.objects.filter(at__lt=begin).order_by("-at").first()
    samples = [*([before] if before else []), *ServiceSample.objects.filter(at__gte=begin).order_by("at")]
    found = Activity()
    for earlier, later in pairwise(samples):
        for one in fields(Activity):
            counted = getattr(later, one.name)
            known = getattr(earlier, one.name) if earlier.run == later.run else 0
            setattr(found, one.name, getattr(found, one.name) + max(0, counted - known))
    return found


def _figures(report: Report) -> Activity:
    title = report.record.ae_title if report.record else ""
    own = report.peers.get(title)
    stores = report.services[Service.C_STORE]
    return Activity(
        connections=max(0, report.total - (own.admitted if own else 0)),
        failed_connections=report.failed,
        stores=stores.requests,
        failed_stores=stores.failure,
        store_microseconds=stores.microseconds,
    )

"""What the DICOM service has done since its start."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from noctis.accounts.permissions import administrators_only
from noctis.network.statistics_layout import Service
from noctis.network.statistics_report import NAMES, PeerFigures, Report, ServiceFigures, read_report

ALWAYS_LISTED = (Service.C_ECHO, Service.C_STORE, Service.C_FIND)


@dataclass(frozen=True)
class Peer:
    """An application entity and what it asked for, or was sent."""

    figures: PeerFigures
    requests: int
    failures: int

    @property
    def connections(self) -> int:
        """Associations that it asked for."""
        return self.figures.admitted + self.figures.rejected

    @property
    def failed_connections(self) -> int:
        """Those that were refused or broken off."""
        return self.figures.rejected + self.figures.aborted


@administrators_only
@require_safe
def statistics(request: HttpRequest) -> HttpResponse:
    """Show the figures; the page asks for them again every few seconds."""
    return render(request, "operations/statistics.html", _context())


@administrators_only
@require_safe
def statistics_figures(request: HttpRequest) -> HttpResponse:
    """Return the figures alone."""
    return render(request, "operations/_statistics.html", _context())


def _context() -> dict[str, Any]:
    report = read_report(settings.NOCTIS_DATA)
    return {
        "report": report,
        "record": report.record,
        "started_at": datetime.fromtimestamp(report.record.started_at, timezone.utc) if report.record else None,
        "uptime": _in_words(report.uptime),
        "received": report.services[Service.C_STORE].success,
        "sent": report.services[Service.C_STORE_SENT].success,
        "services": list(_services(report)),
        "peers": [_peer(figures) for _, figures in sorted(report.peers.items())],
    }


def _services(report: Report) -> Iterator[tuple[str, ServiceFigures, list[tuple[str, float | None]]]]:
    """Yield what was used: name, figures, and durations in milliseconds by their column."""
    for service, figures in report.services.items():
        if figures.requests or service in ALWAYS_LISTED:
            durations = {"Mean": figures.mean, **{name.upper(): value for name, value in figures.percentiles.items()}}
            yield NAMES[service], figures, list(durations.items())


def _peer(figures: PeerFigures) -> Peer:
    services = figures.services.values()
    return Peer(figures, sum(one.requests for one in services), sum(one.failure for one in services))


def _in_words(seconds: float | None) -> str:
    """Return a duration in its two largest units."""
    if seconds is None:
        return ""
    whole = timedelta(seconds=int(seconds))
    hours, minutes = whole.seconds // 3600, whole.seconds % 3600 // 60
    if whole.days:
        return f"{whole.days} d {hours} h"
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {whole.seconds % 60} s"

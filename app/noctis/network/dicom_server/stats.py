"""``dicom-server stats``: what the service has done since its start, for people and for programs."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Sequence
from typing import Final

from noctis.network.dicom_server.place import known_service
from noctis.network.statistics_layout import Service
from noctis.network.statistics_report import NAMES, PeerFigures, Report, ServiceFigures, read_report

UNITS: Final = ("B", "kB", "MB", "GB", "TB", "PB")
THOUSAND: Final = 1000
MINUTE, HOUR, DAY = 60, 3600, 86400


def stats(options: argparse.Namespace) -> int:
    """Print the figures."""
    data, _ = known_service(options)
    report = read_report(data)
    if options.json:
        print(json.dumps(report.as_json(per_peer=options.verbose), indent=2))  # noqa: T201
    else:
        print("\n".join(lines(report, per_peer=options.verbose)))  # noqa: T201
    return 0


def lines(report: Report, *, per_peer: bool) -> Iterator[str]:
    """Yield the figures for people."""
    record = report.record
    if record is not None:
        how_long = f"running for {duration(report.uptime)}" if report.uptime is not None else "not running"
        yield f"{record.ae_title} on {record.host} port {record.port}: {how_long}"
    yield (
        f"Connections: {report.total} in all, {report.active} active, {report.failed} failed"
        f" ({report.rejected} rejected, {report.aborted} broken off)"
    )
    stored, sent = report.services[Service.C_STORE].success, report.services[Service.C_STORE_SENT].success
    yield f"Instances:   {stored} received, {sent} sent"
    yield f"Data:        {size(report.bytes_in)} received, {size(report.bytes_out)} sent"
    yield ""
    yield from table(_service_rows(report))
    if per_peer:
        yield ""
        yield from table(_peer_rows(report))


def _service_rows(report: Report) -> Iterator[Sequence[str]]:
    yield ("service", "requests", "success", "failure", "last minute", "mean ms", "p50", "p95", "p99")
    for service, figures in report.services.items():
        if figures.requests or service in {Service.C_ECHO, Service.C_STORE, Service.C_FIND}:
            yield (NAMES[service], *_counts(figures), str(figures.last_minute), *_latencies(figures))


def _peer_rows(report: Report) -> Iterator[Sequence[str]]:
    yield (
        "application entity",
        "service",
        "requests",
        "success",
        "failure",
        "mean ms",
        "connections",
        "failed",
        "data",
    )
    for title, peer in sorted(report.peers.items()):
        yield (title, "", "", "", "", "", *_connections(peer))
        for service, figures in peer.services.items():
            yield ("", NAMES[service], *_counts(figures), milliseconds(figures.mean), "", "", "")


def _connections(peer: PeerFigures) -> tuple[str, str, str]:
    failed = peer.rejected + peer.aborted
    return str(peer.admitted + peer.rejected), str(failed), f"{size(peer.bytes_in)} in, {size(peer.bytes_out)} out"


def _counts(figures: ServiceFigures) -> tuple[str, str, str]:
    return str(figures.requests), str(figures.success), str(figures.failure)


def _latencies(figures: ServiceFigures) -> tuple[str, ...]:
    return tuple(milliseconds(value) for value in (figures.mean, *figures.percentiles.values()))


def table(rows: Iterator[Sequence[str]]) -> Iterator[str]:
    """Yield rows in columns: words to the left, numbers to the right."""
    cells = list(rows)
    widths = [max(len(row[column]) for row in cells) for column in range(len(cells[0]))]
    words = [any(not _is_number(row[column]) for row in cells[1:]) for column in range(len(cells[0]))]
    for row in cells:
        places = zip(row, widths, words, strict=True)
        yield "  ".join(cell.ljust(width) if is_word else cell.rjust(width) for cell, width, is_word in places).rstrip()


def _is_number(text: str) -> bool:
    return not text or text == "–" or text.replace(".", "", 1).isdigit()


def milliseconds(value: float | None) -> str:
    """Return a duration as people read it."""
    return "–" if value is None else f"{value:.1f}"


def size(count: int) -> str:
    """Return a number of bytes as people read it."""
    value, unit = float(count), 0
    while value >= THOUSAND and unit < len(UNITS) - 1:
        value, unit = value / THOUSAND, unit + 1
    return f"{value:.1f} {UNITS[unit]}" if unit else f"{count} B"


def duration(seconds: float) -> str:
    """Return a duration in its two largest units."""
    whole = int(seconds)
    days, hours, minutes = whole // DAY, whole % DAY // HOUR, whole % HOUR // MINUTE
    if days:
        return f"{days} d {hours} h"
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {whole % MINUTE} s" if minutes else f"{whole} s"

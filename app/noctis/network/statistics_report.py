"""The statistics of the running service, added up over its processes: for the command line, pages and monitoring.

Reading needs neither the service's help nor its database. The JSON form keeps its keys; new ones may come.
"""

from __future__ import annotations

import fcntl
import time
from array import array
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timezone
from pathlib import Path
from typing import Any, Final

from noctis.data_directory import DataDirectory
from noctis.network import statistics_layout as layout
from noctis.network.service_record import ServiceRecord
from noctis.network.statistics import SUFFIX, read_title
from noctis.network.statistics_layout import OTHERS, SERVICES, Service

NAMES: Final = {
    Service.C_ECHO: "C-ECHO",
    Service.C_STORE: "C-STORE",
    Service.C_FIND: "C-FIND",
    Service.C_FIND_WORKLIST: "C-FIND (worklist)",
    Service.C_GET: "C-GET",
    Service.C_MOVE: "C-MOVE",
    Service.N_CREATE: "N-CREATE (MPPS)",
    Service.N_SET: "N-SET (MPPS)",
    Service.N_ACTION: "N-ACTION (storage commitment)",
    Service.N_EVENT_REPORT: "N-EVENT-REPORT, sent",
    Service.C_STORE_SENT: "C-STORE, sent",
    Service.OTHER: "other",
}
PERCENTILES: Final = {"p50": 0.50, "p95": 0.95, "p99": 0.99}


@dataclass
class ServiceFigures:
    """Requests for one service that were answered, or never would be; durations in milliseconds.

    A request takes from the moment it has come completely to its last response. ``warning`` is among ``success``.
    """

    success: int = 0
    warning: int = 0
    failure: int = 0
    microseconds: int = 0
    last_minute: int = 0
    rate: float = 0.0
    percentiles: dict[str, float | None] = field(default_factory=lambda: dict.fromkeys(PERCENTILES))

    @property
    def requests(self) -> int:
        """All of them."""
        return self.success + self.failure

    @property
    def mean(self) -> float | None:
        """How long one took on average."""
        return self.microseconds / self.requests / 1000 if self.requests else None

    def add(self, slots: Sequence[int]) -> None:
        """Add what a row says."""
        self.success += slots[layout.AT_SUCCESS] + slots[layout.AT_WARNING]
        self.warning += slots[layout.AT_WARNING]
        self.failure += slots[layout.AT_FAILURE]
        self.microseconds += slots[layout.AT_MICROSECONDS]

    def as_json(self) -> dict[str, Any]:
        """Return the counts and the mean."""
        counts = {"requests": self.requests, "success": self.success, "warning": self.warning, "failure": self.failure}
        return {**counts, "mean_ms": _rounded(self.mean)}


@dataclass
class PeerFigures:
    """What happened with one application entity; ``admitted`` associations that it opened, bytes on the wire."""

    ae_title: str
    admitted: int = 0
    rejected: int = 0
    aborted: int = 0
    bytes_in: int = 0
    bytes_out: int = 0
    services: dict[Service, ServiceFigures] = field(default_factory=dict)

    def add(self, row: Sequence[int]) -> None:
        """Add the row of one process."""
        self.admitted += row[layout.AT_ADMITTED]
        self.rejected += row[layout.AT_ROW_REJECTED]
        self.aborted += row[layout.AT_ROW_ABORTED]
        self.bytes_in += row[layout.AT_BYTES_IN]
        self.bytes_out += row[layout.AT_BYTES_OUT]
        for position, service in enumerate(SERVICES):
            first = layout.AT_ROW_SERVICES + position * layout.SERVICE_SLOTS
            if any(slots := row[first : first + layout.SERVICE_SLOTS]):
                self.services.setdefault(service, ServiceFigures()).add(slots)

    @property
    def instances_in(self) -> int:
        """Instances that it stored here."""
        return self._succeeded(Service.C_STORE)

    @property
    def instances_out(self) -> int:
        """Instances that were stored there."""
        return self._succeeded(Service.C_STORE_SENT)

    def as_json(self) -> dict[str, Any]:
        """Return the form for programs."""
        return {
            "ae_title": self.ae_title,
            "connections": {
                "total": self.admitted + self.rejected,
                "failed": self.rejected + self.aborted,
                "rejected": self.rejected,
                "aborted": self.aborted,
            },
            "bytes": {"received": self.bytes_in, "sent": self.bytes_out},
            "instances": {"received": self.instances_in, "sent": self.instances_out},
            "services": {service.value: figures.as_json() for service, figures in self.services.items()},
        }

    def _succeeded(self, service: Service) -> int:
        figures = self.services.get(service)
        return figures.success if figures else 0


@dataclass
class Report:
    """All figures since the service began; ``record`` is None where none ever ran in the data directory."""

    record: ServiceRecord | None
    at: float
    total: int = 0
    active: int = 0
    rejected: int = 0
    aborted: int = 0
    services: dict[Service, ServiceFigures] = field(default_factory=lambda: {one: ServiceFigures() for one in SERVICES})
    peers: dict[str, PeerFigures] = field(default_factory=dict)

    @property
    def is_running(self) -> bool:
        """Whether the service runs at this moment."""
        return self.record is not None and self.record.is_running

    @property
    def uptime(self) -> float | None:
        """For how many seconds it has run; None where it does not."""
        return self.at - self.record.started_at if self.record and self.is_running else None

    @property
    def failed(self) -> int:
        """Connections that were not let in, or did not end with a release."""
        return self.rejected + self.aborted

    @property
    def bytes_in(self) -> int:
        """Bytes received."""
        return sum(peer.bytes_in for peer in self.peers.values())

    @property
    def bytes_out(self) -> int:
        """Bytes sent."""
        return sum(peer.bytes_out for peer in self.peers.values())

    def as_json(self, *, per_peer: bool = False) -> dict[str, Any]:
        """Return the form for programs."""
        answer: dict[str, Any] = {
            "service": self._service(),
            "connections": {
                "total": self.total,
                "active": self.active,
                "failed": self.failed,
                "rejected": self.rejected,
                "aborted": self.aborted,
            },
            "bytes": {"received": self.bytes_in, "sent": self.bytes_out},
            "instances": {
                "received": self.services[Service.C_STORE].success,
                "sent": self.services[Service.C_STORE_SENT].success,
            },
            "services": {service.value: _with_latencies(figures) for service, figures in self.services.items()},
        }
        if per_peer:
            answer["application_entities"] = [peer.as_json() for _, peer in sorted(self.peers.items())]
        return answer

    def _service(self) -> dict[str, Any]:
        record = self.record
        return {
            "running": self.is_running,
            "ae_title": record.ae_title if record else None,
            "host": record.host if record else None,
            "port": record.port if record else None,
            "tls_port": record.tls_port if record else None,
            "pid": record.pid if record else None,
            "started_at": datetime.fromtimestamp(record.started_at, timezone.utc).isoformat() if record else None,
            "uptime_seconds": _rounded(self.uptime),
        }


def read_report(data: DataDirectory) -> Report:
    """Return the figures of the service that runs, or ran last, in a data directory."""
    report = Report(ServiceRecord.read(data), time.time())
    files = list(_read_files(data.statistics))
    for slots, is_alive in files:
        report.total += slots[layout.AT_TOTAL]
        report.rejected += slots[layout.AT_REJECTED]
        report.aborted += slots[layout.AT_ABORTED]
        report.active += slots[layout.AT_ACTIVE] if is_alive else 0
        for row in range(slots[layout.AT_ROWS]):
            title = read_title(slots, row) if row else OTHERS
            cells = slots[layout.row_at(row) : layout.row_at(row + 1)]
            if any(cells[2:]):
                report.peers.setdefault(title, PeerFigures(title)).add(cells)
    _add_up(report, [slots for slots, _ in files])
    return report


def _add_up(report: Report, files: Sequence[Sequence[int]]) -> None:
    for peer in report.peers.values():
        for service, figures in peer.services.items():
            of_all = report.services[service]
            of_all.success += figures.success
            of_all.warning += figures.warning
            of_all.failure += figures.failure
            of_all.microseconds += figures.microseconds
    seconds = min(layout.WINDOW_SECONDS, max(1.0, report.uptime or layout.WINDOW_SECONDS))
    for position, service in enumerate(SERVICES):
        figures = report.services[service]
        ring, first = layout.AT_RINGS + position * layout.RING, layout.AT_HISTOGRAMS + position * layout.BUCKETS
        figures.last_minute = sum(_within(slots[ring : ring + layout.RING], int(report.at)) for slots in files)
        figures.rate = figures.last_minute / seconds
        histogram = [
            sum(counts) for counts in zip(*(slots[first : first + layout.BUCKETS] for slots in files), strict=True)
        ]
        figures.percentiles = percentiles(histogram)


def percentiles(histogram: Sequence[int]) -> dict[str, float | None]:
    """Return the durations in milliseconds that a histogram of microseconds tells."""
    found = {name: layout.percentile(histogram, share) for name, share in PERCENTILES.items()}
    return {name: None if value is None else value / 1000 for name, value in found.items()}


def _within(ring: Iterable[int], now: int) -> int:
    """Return the requests of the last minute, the present second among them."""
    return sum(
        slot & ((1 << layout.COUNT_BITS) - 1)
        for slot in ring
        if now - layout.WINDOW_SECONDS < slot >> layout.COUNT_BITS <= now + 1
    )


def _read_files(folder: Path) -> Iterable[tuple[Sequence[int], bool]]:
    """Yield the slots of each file, and whether the process that writes it lives."""
    for path in sorted(folder.glob(f"*{SUFFIX}")):
        try:
            with path.open("rb") as file:
                content = file.read()
                is_alive = _is_locked(file.fileno())
        except OSError:
            continue  # a new run begins at this moment
        slots = array("Q")
        if len(content) == layout.SLOTS * layout.SLOT_BYTES:
            slots.frombytes(content)
            if slots[layout.AT_VERSION] == layout.VERSION:
                yield slots, is_alive


def _is_locked(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    fcntl.flock(descriptor, fcntl.LOCK_UN)
    return False


def _with_latencies(figures: ServiceFigures) -> Mapping[str, Any]:
    latencies = {"mean": _rounded(figures.mean), **{name: _rounded(v) for name, v in figures.percentiles.items()}}
    counts = figures.as_json()
    del counts["mean_ms"]
    return {**counts, "last_minute": figures.last_minute, "per_second": round(figures.rate, 3), "latency_ms": latencies}


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 3)

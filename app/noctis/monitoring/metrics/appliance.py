"""The figures that are not counted by the process that answers: they are read where they stand, at each request.

No label says anything of a patient. Of peers only those are named that an administrator entered: a caller may put
anything into its AE title.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from django.conf import settings
from django.db.models import Count, Sum
from huey.contrib.djhuey import HUEY
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, SummaryMetricFamily
from prometheus_client.registry import Collector

from noctis.archive.models import QuarantinedObject, Study
from noctis.backup_state import BACKUP, DRILL
from noctis.disk_space import disk_space
from noctis.monitoring.conditions.backups import last_successes
from noctis.monitoring.conditions.catalogue import CONDITIONS
from noctis.monitoring.conditions.certificates import Unreadable, expiries
from noctis.monitoring.conditions.queues import spool_backlog
from noctis.monitoring.models import Reading
from noctis.monitoring.silence import last_look
from noctis.network.models import RemoteApplicationEntity
from noctis.network.statistics_report import Report, read_report
from noctis.notifications.models import Alert, Mail, MailState
from noctis.routing.models import Transmission, TransmissionState

Metric = CounterMetricFamily | GaugeMetricFamily | SummaryMetricFamily
MICROSECONDS: Final = 1_000_000


class ApplianceCollector(Collector):
    """Asks the DICOM service's counters, the disk, the database and the queue."""

    def collect(self) -> Iterator[Metric]:
        """Yield everything."""
        yield _gauge("noctis_info", "The release that answers.", {("version", settings.VERSION): 1})
        report = read_report(settings.NOCTIS_DATA)
        yield from _dicom(report)
        yield from _peers(report)
        yield from _disk()
        yield from _archive()
        yield from _queues()
        yield from _dates()
        yield from _watch()


def _gauge(name: str, help_text: str, values: dict[tuple[str, str], float]) -> GaugeMetricFamily:
    """Return a gauge with one label; the keys are its name and value."""
    label = next((key[0] for key in values), "of")
    family = GaugeMetricFamily(name, help_text, labels=[label])
    for (_, value), figure in values.items():
        family.add_metric([value], figure)
    return family


def _dicom(report: Report) -> Iterator[Metric]:
    yield GaugeMetricFamily("noctis_dicom_up", "Whether the DICOM service runs.", value=float(report.is_running))
    yield GaugeMetricFamily("noctis_dicom_associations_active", "Associations at this moment.", value=report.active)
    connections = CounterMetricFamily(
        "noctis_dicom_connections",
        "Connections since the start, by how they ended or were refused.",
        labels=["outcome"],
    )
    connections.add_metric(["rejected"], report.rejected)
    connections.add_metric(["aborted"], report.aborted)
    connections.add_metric(["other"], max(0, report.total - report.failed))
    yield connections
    transferred = CounterMetricFamily("noctis_dicom_bytes", "Bytes on the wire.", labels=["direction"])
    transferred.add_metric(["received"], report.bytes_in)
    transferred.add_metric(["sent"], report.bytes_out)
    yield transferred
    requests = CounterMetricFamily("noctis_dicom_requests", "DIMSE requests.", labels=["service", "outcome"])
    seconds = SummaryMetricFamily(
        "noctis_dicom_request_duration_seconds", "From a complete request to its last response.", labels=["service"]
    )
    for service, figures in report.services.items():
        requests.add_metric([service.value, "success"], figures.success)
        requests.add_metric([service.value, "failure"], figures.failure)
        seconds.add_metric([service.value], figures.requests, figures.microseconds / MICROSECONDS)
    yield requests
    yield seconds


def _peers(report: Report) -> Iterator[Metric]:
    stored = CounterMetricFamily(
        "noctis_dicom_peer_instances", "Instances by device.", labels=["ae_title", "direction"]
    )
    for title in RemoteApplicationEntity.objects.values_list("ae_title", flat=True):
        if figures := report.peers.get(title):
            stored.add_metric([title, "received"], figures.instances_in)
            stored.add_metric([title, "sent"], figures.instances_out)
    yield stored


def _disk() -> Iterator[Metric]:
    disk = disk_space()
    yield GaugeMetricFamily("noctis_disk_size_bytes", "The file system of the archive.", value=disk.total)
    yield GaugeMetricFamily("noctis_disk_free_bytes", "What is left of it.", value=disk.free)


def _archive() -> Iterator[Metric]:
    stored = Study.objects.aggregate(studies=Count("pk"), instances=Sum("instance_count", default=0))
    yield GaugeMetricFamily("noctis_studies", "Studies in the archive.", value=stored["studies"])
    yield GaugeMetricFamily("noctis_instances", "Instances in the archive.", value=stored["instances"])
    undecided = QuarantinedObject.objects.undecided().count()
    yield GaugeMetricFamily("noctis_quarantined_objects", "Objects that wait for a decision.", value=undecided)


def _queues() -> Iterator[Metric]:
    count, seconds = spool_backlog()
    yield GaugeMetricFamily("noctis_spool_files", "Acknowledged objects that wait for the indexer.", value=count)
    yield GaugeMetricFamily("noctis_spool_oldest_seconds", "How long the oldest of them waits.", value=seconds)
    yield GaugeMetricFamily("noctis_jobs_waiting", "Jobs in the worker's queue.", value=HUEY.pending_count())
    transmissions = Transmission.objects
    yield _gauge(
        "noctis_transmissions",
        "Studies on the way to other devices.",
        {
            ("state", "open"): transmissions.open().count(),
            ("state", "failed"): transmissions.filter(state=TransmissionState.FAILED).count(),
        },
    )
    states = (MailState.WAITING, MailState.FAILED)
    counts = {("state", state.value): float(Mail.objects.filter(state=state).count()) for state in states}
    yield _gauge("noctis_mails", "E-mails that were not sent yet, or never will be.", counts)


def _dates() -> Iterator[Metric]:
    try:
        ends = {("path", path): end for path, end in expiries().items()}
    except Unreadable:
        ends = {}
    yield _gauge("noctis_certificate_expiry_timestamp_seconds", "When a certificate ends.", ends)
    names = ((BACKUP, "backup"), (DRILL, "restore_drill"))
    succeeded = last_successes()
    moments = {("kind", name): succeeded[kind].timestamp() for kind, name in names if kind in succeeded}
    yield _gauge("noctis_backup_last_success_timestamp_seconds", "When a backup, or a drill, succeeded.", moments)


def _watch() -> Iterator[Metric]:
    firing = set(Alert.objects.filter(resolved_at=None).values_list("key", flat=True))
    values = {reading.key: reading.value for reading in Reading.objects.all() if reading.value is not None}
    yield _gauge(
        "noctis_alert_firing",
        "Whether administrators were told that it is wrong, and not yet that it is over.",
        {("alert", condition.key): float(condition.key in firing) for condition in CONDITIONS},
    )
    yield _gauge(
        "noctis_alert_value", "What the watch found.", {("alert", key): value for key, value in values.items()}
    )
    limits = {("alert", one.key): limit for one in CONDITIONS if (limit := one.limit) is not None}
    yield _gauge("noctis_alert_threshold", "What it is compared with.", limits)
    if looked := last_look():
        help_text = "When the watch looked."
        yield GaugeMetricFamily("noctis_watch_last_look_timestamp_seconds", help_text, value=looked.timestamp())

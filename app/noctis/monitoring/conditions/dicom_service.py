"""The DICOM service: whether it answers, and how what it does ends."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.utils import timezone

from noctis.monitoring.conditions.finding import Finding, too_much
from noctis.monitoring.sampling import recent_activity
from noctis.network.outgoing_transport import Address
from noctis.network.service_record import ALL_ADDRESSES, ServiceRecord
from noctis.network.verification_scu import echo


def answers() -> Finding:
    """Ask the service on this machine for an echo, as a modality would."""
    result = echo(own_address())
    patience = timedelta(minutes=settings.NOCTIS_ALERT_ECHO_MINUTES)
    if result.milliseconds is None:
        text = f"the DICOM service does not answer C-ECHO: {result.trouble}. Nobody can send or fetch images"
        return Finding(is_wrong=True, text=text, patience=patience)
    text = f"the DICOM service answers C-ECHO in {result.milliseconds:.0f} ms"
    return Finding(is_wrong=False, text=text, value=result.milliseconds, patience=patience)


def own_address() -> Address:
    """Return where the service listens, as it wrote down, else as the settings say."""
    record = ServiceRecord.read(settings.NOCTIS_DATA)
    if record is not None and record.is_running:
        return Address(record.ae_title, record.reachable_host, record.port)
    host = settings.NOCTIS_DICOM_HOST
    return Address(settings.NOCTIS_AE_TITLE, ALL_ADDRESSES.get(host, host), settings.NOCTIS_DICOM_PORT)


def connections() -> Finding:
    """Look at how many connections were refused or broken off."""
    seen = recent_activity(timezone.now())
    limit = settings.NOCTIS_ALERT_CONNECTION_FAILURE_PERCENT
    return _share("connections", seen.failed_connections, seen.connections, limit)


def stores() -> Finding:
    """Look at how many images were not taken."""
    seen = recent_activity(timezone.now())
    return _share("C-STORE requests", seen.failed_stores, seen.stores, settings.NOCTIS_ALERT_STORE_FAILURE_PERCENT)


def store_duration() -> Finding:
    """Look at how long it takes until an image is safe."""
    seen = recent_activity(timezone.now())
    if not seen.stores:
        return Finding(is_wrong=False, text=f"no C-STORE {_window()}")
    mean = seen.store_microseconds / seen.stores / 1000
    text = f"C-STORE took {mean:.0f} ms on average over {seen.stores} requests {_window()}"
    return _unless_few(too_much(mean, settings.NOCTIS_ALERT_STORE_MILLISECONDS, text), seen.stores)


def _share(what: str, failed: int, total: int, limit: int) -> Finding:
    """Judge how many of ``total`` failed; of few requests one failure says nothing."""
    if not failed:
        return Finding(is_wrong=False, text=f"none of {total} {what} failed {_window()}", value=0.0)
    percent = 100 * failed / max(total, failed)
    text = f"{failed} of {total} {what} ({percent:.1f}%) failed {_window()}"
    return _unless_few(too_much(percent, limit, text), total)


def _unless_few(finding: Finding, number: int) -> Finding:
    if number >= settings.NOCTIS_ALERT_LEAST_REQUESTS:
        return finding
    return Finding(is_wrong=None, text=f"{finding.text}, too few to judge", value=finding.value)


def _window() -> str:
    return f"in the last {settings.NOCTIS_ALERT_WINDOW_MINUTES} minutes"

"""What waits: acknowledged images for the indexer, jobs for the worker, images and e-mail for others."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any, Final

from django.conf import settings
from django.db.models import QuerySet
from django.utils import timezone

from noctis.monitoring.conditions.finding import Finding, too_much, unwatched
from noctis.monitoring.models import QueueMark
from noctis.notifications.models import Mail, MailState
from noctis.routing.models import Transmission, TransmissionState

FAILURES_IN_A_ROW: Final = 4  # the waits between them add up to some minutes
STILL_FRESH: Final = timedelta(hours=1)


def spool() -> Finding:
    """Look at how long acknowledged images wait to be listed."""
    count, seconds = spool_backlog()
    text = f"{count} acknowledged images wait for the indexer, the oldest for {seconds / 60:.0f} minutes"
    if not count:
        return Finding(is_wrong=False, text="no acknowledged image waits for the indexer", value=0.0)
    return too_much(seconds / 60, settings.NOCTIS_ALERT_QUEUE_MINUTES, text)


def spool_backlog() -> tuple[int, float]:
    """Return how many files wait for the indexer, and the seconds that the oldest has waited."""
    times = list(_spool_times())
    return len(times), max(0.0, time.time() - min(times)) if times else 0.0


def _spool_times() -> Iterator[float]:
    with os.scandir(settings.NOCTIS_DATA.ready) as entries:
        for entry in entries:
            try:
                yield entry.stat().st_mtime
            except FileNotFoundError:
                continue  # indexed at this moment


def jobs() -> Finding:
    """Look at how long jobs of ordinary priority wait for the worker."""
    mark = QueueMark.objects.first()
    if mark is None:
        return unwatched("no job was queued yet")
    minutes = (timezone.now() - mark.queued_at) / timedelta(minutes=1)
    text = f"the worker has come to the jobs that were queued {minutes:.0f} minutes ago"
    # The watch comes before the mark, so that after a rest of the worker the mark is old once.
    return replace(too_much(minutes, settings.NOCTIS_ALERT_QUEUE_MINUTES, text), patience=timedelta(minutes=2))


def outgoing_images() -> Finding:
    """Look at what cannot be sent to other devices."""
    return _queue(
        "images",
        waiting=Transmission.objects.open().filter(attempts__gt=0),
        failed=Transmission.objects.filter(state=TransmissionState.FAILED),
    )


def outgoing_mail() -> Finding:
    """Look at e-mail that cannot be sent."""
    if not settings.NOCTIS_SMTP_HOST:
        return unwatched("no mail server is set up: alerts show here and in the bell alone")
    return _queue(
        "e-mails",
        waiting=Mail.objects.filter(state=MailState.WAITING, attempts__gt=0),
        failed=Mail.objects.filter(state=MailState.FAILED),
    )


def _queue(what: str, *, waiting: QuerySet[Any], failed: QuerySet[Any]) -> Finding:
    """Judge a queue whose rows count their ``attempts`` in a row and say when they are ``finished_at``."""
    stuck = waiting.filter(attempts__gte=FAILURES_IN_A_ROW).count()
    given_up = failed.filter(finished_at__gte=timezone.now() - STILL_FRESH).count()
    if stuck or given_up:
        parts = [f"{stuck} wait after several attempts"] if stuck else []
        parts += [f"{given_up} failed in the last hour"] if given_up else []
        text = f"{what} do not go out: {' and '.join(parts)}"
        return Finding(is_wrong=True, text=text, value=float(stuck + given_up))
    return Finding(is_wrong=None if waiting.exists() else False, text=f"{what} go out", value=0.0)

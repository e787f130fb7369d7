"""Looks for trouble of the appliance itself: each has a bound where it begins and another where it is over.

Between the two nothing is told, so that a figure that swings around a bound rings once. The delivery of reports tells
of its own trouble, receiver by receiver.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from django.conf import settings
from django.db.models import QuerySet
from django.urls import reverse
from django.utils import timezone

from noctis.notifications.alerts import raise_alert, resolve_alert
from noctis.notifications.models import Mail, MailState
from noctis.operations.views.overview import LITTLE_SPACE, disk_space
from noctis.routing.models import Transmission, TransmissionState

ENOUGH_SPACE: Final = LITTLE_SPACE + 0.02
FAILURES_IN_A_ROW: Final = 4  # the waits between them add up to some minutes
STILL_FRESH: Final = timedelta(hours=1)


@dataclass(frozen=True)
class Finding:
    """How something stands: wrong, well again, or between the two (None). ``text`` says it to administrators."""

    is_wrong: bool | None
    text: str
    path: str


def free_space() -> Finding:
    """Look at the room where studies are stored."""
    disk = disk_space()
    share = disk.free / disk.total if disk.total else 0.0
    path = reverse("operations:overview")
    text = f"the disk of the archive is {share:.0%} free ({disk.free // 10**9} GB)"
    if share < LITTLE_SPACE:
        return Finding(is_wrong=True, text=f"{text}. When it is full, no image is taken any more.", path=path)
    return Finding(is_wrong=False if share >= ENOUGH_SPACE else None, text=text, path=path)


def outgoing_images() -> Finding:
    """Look at what cannot be sent to other devices."""
    return _queue(
        "images",
        waiting=Transmission.objects.open().filter(attempts__gt=0),
        failed=Transmission.objects.filter(state=TransmissionState.FAILED),
        path=reverse("routing:transmissions"),
    )


def outgoing_mail() -> Finding:
    """Look at e-mail that cannot be sent."""
    queue = Mail.objects.all() if settings.NOCTIS_SMTP_HOST else Mail.objects.none()
    return _queue(
        "e-mails",
        waiting=queue.filter(state=MailState.WAITING, attempts__gt=0),
        failed=queue.filter(state=MailState.FAILED),
        path=reverse("mail"),
    )


def _queue(what: str, *, waiting: QuerySet[Any], failed: QuerySet[Any], path: str) -> Finding:
    """Judge a queue whose rows count their ``attempts`` in a row and say when they are ``finished_at``."""
    stuck = waiting.filter(attempts__gte=FAILURES_IN_A_ROW).count()
    given_up = failed.filter(finished_at__gte=timezone.now() - STILL_FRESH).count()
    if stuck or given_up:
        parts = [f"{stuck} wait after several attempts"] if stuck else []
        parts += [f"{given_up} failed in the last hour"] if given_up else []
        return Finding(is_wrong=True, text=f"{what} do not go out: {' and '.join(parts)}.", path=path)
    return Finding(is_wrong=None if waiting.exists() else False, text=f"{what} go out again.", path=path)


WATCHED: Final[dict[str, Callable[[], Finding]]] = {
    "disk": free_space,
    "outgoing images": outgoing_images,
    "outgoing e-mail": outgoing_mail,
}


def look_for_trouble() -> None:
    """Look at everything, and tell the administrators what began and what is over."""
    for key, look in WATCHED.items():
        finding = look()
        sentence = finding.text[:1].upper() + finding.text[1:]
        if finding.is_wrong:
            raise_alert(key, sentence, path=finding.path)
        elif finding.is_wrong is False:
            resolve_alert(key, finding.text, path=finding.path)

"""System alerts: what is wrong with the appliance itself is told when it begins, now and then, and when it is over."""

from __future__ import annotations

from django.db import IntegrityError, transaction
from django.utils import timezone

from noctis.notifications.actions import notify
from noctis.notifications.event_kinds import Event
from noctis.notifications.models import LONGEST_TEXT, Alert
from noctis.notifications.recipients import administrators


def raise_alert(key: str, text: str, *, path: str = "") -> None:
    """Tell the administrators that something is wrong; nothing happens where they know it already.

    ``text`` may go out by e-mail: it is about the appliance, never about a patient.
    """
    if Alert.objects.filter(key=key, resolved_at=None).exists():
        return
    try:
        with transaction.atomic():
            alert = Alert.objects.create(key=key, text=text[:LONGEST_TEXT])
            _tell(alert, alert.text, path, "raised")
    except IntegrityError:  # another process found the same at this moment
        return


@transaction.atomic
def resolve_alert(key: str, text: str, *, path: str = "") -> None:
    """Tell the administrators that it is over; nothing happens where nothing was wrong."""
    alert = Alert.objects.select_for_update().filter(key=key, resolved_at=None).first()
    if alert is None:
        return
    alert.resolved_at = timezone.now()
    alert.save(update_fields=["resolved_at"])
    _tell(alert, f"Resolved: {text}", path, "resolved")


def remind_of_alert(key: str, text: str, *, path: str = "") -> None:
    """Tell the administrators that it is still wrong; nothing happens where nothing is."""
    alert = Alert.objects.filter(key=key, resolved_at=None).first()
    if alert is not None:
        _tell(alert, f"Still: {text}", path, "reminded")


def _tell(alert: Alert, text: str, path: str, state: str) -> None:
    notify(
        Event.SYSTEM_ALERT,
        recipients=administrators(),
        text=text,
        path=path,
        key=f"alert {alert.pk} {state}",
    )

"""Looks at everything once, and tells administrators what began, what goes on and what is over."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from typing import Final

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from noctis.monitoring.conditions.catalogue import CONDITIONS
from noctis.monitoring.conditions.finding import Condition, Finding
from noctis.monitoring.intake import count_intake
from noctis.monitoring.models import Reading, State
from noctis.monitoring.sampling import take_sample
from noctis.network import outgoing
from noctis.network.defects import log_defect
from noctis.network.service_record import ServiceRecord
from noctis.notifications.alerts import raise_alert, remind_of_alert, resolve_alert
from noctis.notifications.delivery import EVERYTHING, MailCourier
from noctis.notifications.models import LONGEST_TEXT, Alert, Mail

logger = logging.getLogger(__name__)

TEST_KEY: Final = "test"
TEST_LASTS: Final = timedelta(seconds=30)
LONGEST_SENTENCE: Final = LONGEST_TEXT - 50
MAIL_IS_LATE: Final = timedelta(minutes=1)


def look_at_everything() -> None:
    """Look at every condition; one that cannot be looked at does not keep the others from it."""
    now = timezone.now()
    take_sample(now)
    count_intake(now)
    for condition in CONDITIONS:
        note(condition, _look(condition))
    for test in Alert.objects.filter(key=TEST_KEY, resolved_at=None, raised_at__lt=now - TEST_LASTS):
        resolve_alert(test.key, "this was the test alert")
    send_late_mail()


def _look(condition: Condition) -> Finding:
    try:
        return condition.look()
    except Exception as error:  # noqa: BLE001  (the others are still to be looked at)
        log_defect(logger, error)
        return Finding(is_wrong=None, text=f"it could not be looked at ({type(error).__name__})")


@transaction.atomic
def note(condition: Condition, finding: Finding) -> None:
    """Write down how a condition stands, and tell of what began, goes on or is over."""
    now = timezone.now()
    reading, _ = Reading.objects.select_for_update().get_or_create(key=condition.key, defaults={"looked_at": now})
    reading.state = _state(finding)
    reading.value, reading.text, reading.looked_at = finding.value, _sentence(finding.text), now
    if finding.is_wrong:
        reading.wrong_since = reading.wrong_since or now
        if now - reading.wrong_since >= finding.patience:
            _tell(condition, reading, now)
    elif finding.is_wrong is False or not finding.is_watched:
        reading.wrong_since = reading.reminded_at = None
        resolve_alert(condition.key, finding.text, path=condition.path)
    reading.save()


def _tell(condition: Condition, reading: Reading, now: datetime) -> None:
    text = f"{reading.text}. {condition.advice}"
    if len(text) > LONGEST_TEXT:
        text = f"{reading.text}. The page of alerts says what to do."
    alert = Alert.objects.filter(key=condition.key, resolved_at=None).first()
    if alert is None:
        raise_alert(condition.key, text, path=condition.path)
    elif now - (reading.reminded_at or alert.raised_at) >= timedelta(hours=settings.NOCTIS_ALERT_REMINDER_HOURS):
        reading.reminded_at = now
        remind_of_alert(condition.key, text, path=condition.path)


def _state(finding: Finding) -> State:
    if not finding.is_watched:
        return State.UNWATCHED
    return {True: State.WRONG, False: State.FINE, None: State.BETWEEN}[finding.is_wrong]


def _sentence(text: str) -> str:
    return (text[:1].upper() + text[1:])[:LONGEST_SENTENCE]


def send_late_mail() -> None:
    """Send e-mail from here where the process that sends it is not there: its end is what has to be told."""
    record = ServiceRecord.read(settings.NOCTIS_DATA)
    patience = timedelta(0) if record is None or not record.is_running else MAIL_IS_LATE
    if settings.NOCTIS_SMTP_HOST and Mail.objects.due(timezone.now() - patience).exists():
        MailCourier(outgoing.retry_after).deliver(EVERYTHING, lambda: False)

"""What administrators do about alerts."""

from __future__ import annotations

from django.db import transaction
from django.urls import reverse

from noctis.accounts.models import User
from noctis.audit.actions import record
from noctis.audit.models import Action
from noctis.monitoring.watch import TEST_KEY
from noctis.notifications.alerts import raise_alert


@transaction.atomic
def raise_test_alert(*, acting_user: User) -> None:
    """Raise an alert that goes the way of all others; the watch ends it when it looks next."""
    text = f"This is a test alert, asked for by {acting_user.username}. Nothing is wrong."
    raise_alert(TEST_KEY, text, path=reverse("monitoring:alerts"))
    record(Action.ALERT_TRIED, acting_user=acting_user)

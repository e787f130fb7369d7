"""The page of alerts: how everything stands that is watched, what to do, and what was."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from noctis.accounts.permissions import administrators_only, signed_in_user
from noctis.keyset import page_before
from noctis.monitoring.actions import raise_test_alert
from noctis.monitoring.conditions.catalogue import CONDITIONS
from noctis.monitoring.conditions.finding import Condition
from noctis.monitoring.models import Reading, State
from noctis.monitoring.silence import last_look, silent_since
from noctis.notifications.models import Alert

PAGE_SIZE = 50


@dataclass(frozen=True)
class Row:
    """One condition as the page shows it; ``firing_since`` is None where no alert is open."""

    condition: Condition
    state: State
    text: str
    firing_since: datetime | None

    @property
    def is_firing(self) -> bool:
        """Whether administrators were told."""
        return self.firing_since is not None


@administrators_only
@require_safe
def alerts(request: HttpRequest) -> HttpResponse:
    """Show how everything stands, and the history."""
    history = page_before(Alert.objects.all(), request.GET.get("before", ""), PAGE_SIZE)
    titles = {condition.key: condition.title for condition in CONDITIONS}
    lines = [(alert, titles.get(alert.key, alert.key.capitalize())) for alert in history.rows]
    return render(request, "monitoring/alerts.html", {**_figures(), "page": history, "lines": lines})


@administrators_only
@require_safe
def alert_figures(request: HttpRequest) -> HttpResponse:
    """Return how everything stands alone."""
    return render(request, "monitoring/_figures.html", _figures())


@administrators_only
@require_POST
def test_alert(request: HttpRequest) -> HttpResponse:
    """Raise a test alert."""
    raise_test_alert(acting_user=signed_in_user(request))
    told = "the bell and by e-mail" if settings.NOCTIS_SMTP_HOST else "the bell; e-mail is not set up"
    messages.success(
        request, f"A test alert is raised. Administrators hear of it in {told}. It ends within two minutes."
    )
    return redirect("monitoring:alerts")


test_alert.__test__ = False  # type: ignore[attr-defined]  # no test, whatever its name begins with


def _figures() -> dict[str, Any]:
    readings = {reading.key: reading for reading in Reading.objects.all()}
    firing = dict(Alert.objects.filter(resolved_at=None).values_list("key", "raised_at"))
    last = last_look()
    rows = [_row(condition, readings.get(condition.key), firing.get(condition.key)) for condition in CONDITIONS]
    order = [State.WRONG, State.BETWEEN, State.FINE, State.UNWATCHED]
    return {
        "rows": sorted(rows, key=lambda row: (not row.is_firing, order.index(row.state))),
        "firing": sum(row.is_firing for row in rows),
        "last_look": last,
        "is_silent": last is not None and silent_since(last),
        "states": State,
        "now": timezone.now(),
    }


def _row(condition: Condition, reading: Reading | None, firing_since: datetime | None) -> Row:
    if reading is None:
        return Row(condition, State.UNWATCHED, "Not looked at yet", firing_since)
    return Row(condition, State(reading.state), reading.text, firing_since)

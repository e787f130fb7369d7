"""What is made of reports and where it goes: the list for administrators, and what they can do about it."""

from __future__ import annotations

from typing import Any, Final

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST, require_safe

from noctis.accounts.permissions import administrators_only, signed_in_user
from noctis.reports.output import queue
from noctis.reports.output.models import OPEN_STATES, DeliveryState, ReportDelivery

PAGE_SIZE: Final = 50
LONGEST_KEY: Final = 18
FILTERS: Final = (
    ("", "All", ()),
    ("open", "Open", OPEN_STATES),
    ("waiting", "Waiting to try again", (DeliveryState.WAITING,)),
    ("failed", "Failed", (DeliveryState.FAILED,)),
    ("done", "Done", (DeliveryState.DONE,)),
    ("cancelled", "Stopped", (DeliveryState.CANCELLED,)),
)


@administrators_only
@require_safe
def report_deliveries(request: HttpRequest) -> HttpResponse:
    """List what was and is made of reports, the newest first."""
    return render(request, "report_output/deliveries.html", _page(request))


@administrators_only
@require_safe
def delivery_list(request: HttpRequest) -> HttpResponse:
    """Give the list anew, for a page that shows it."""
    return render(request, "report_output/_deliveries.html", _page(request))


@administrators_only
@require_POST
def send(request: HttpRequest, pk: int) -> HttpResponse:
    """Do a delivery at once, or once more."""
    found = get_object_or_404(ReportDelivery.objects.visible_to(signed_in_user(request)), pk=pk)
    queue.send_again(found, acting_user=signed_in_user(request))
    messages.success(request, "It is done within moments.")
    return redirect("report_deliveries")


@administrators_only
@require_POST
def stop(request: HttpRequest, pk: int) -> HttpResponse:
    """Stop a delivery."""
    found = get_object_or_404(ReportDelivery.objects.visible_to(signed_in_user(request)), pk=pk)
    stopped = queue.stop(found, acting_user=signed_in_user(request))
    messages.success(request, "Stopped." if stopped else "There was nothing left to stop.")
    return redirect("report_deliveries")


def _page(request: HttpRequest) -> dict[str, Any]:
    state, before = request.GET.get("state", ""), request.GET.get("before", "")
    wanted = next((states for key, _, states in FILTERS if key == state), ())
    related = ("receiver", "edition__report__study__facility")
    found = ReportDelivery.objects.visible_to(signed_in_user(request)).select_related(*related)
    if wanted:
        found = found.filter(state__in=wanted)
    is_key = before.isascii() and before.isdigit() and len(before) <= LONGEST_KEY
    below = found.filter(pk__lt=int(before)) if is_key else found
    rows = list(below.order_by("-pk")[: PAGE_SIZE + 1])
    shown = rows[:PAGE_SIZE]
    return {
        "rows": shown,
        "next_before": shown[-1].pk if len(rows) > PAGE_SIZE else None,
        "is_first": not is_key,
        "state": state if wanted else "",
        "filters": [(key, label) for key, label, _ in FILTERS],
        "query": request.GET.urlencode(),
        "is_moving": any(row.is_open for row in shown),
    }

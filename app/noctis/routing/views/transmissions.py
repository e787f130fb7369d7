"""What is on its way: the list, one transmission, and what a person can do about it."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, Final

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST, require_safe

from noctis.accounts.client_address import client_address
from noctis.accounts.models import User
from noctis.accounts.permissions import signed_in_user
from noctis.routing.actions import NotAllowed, cancel_transmission, retry_transmission
from noctis.routing.models import OPEN_STATES, ItemState, Transmission, TransmissionState
from noctis.routing.permissions import may_manage

PAGE_SIZE: Final = 50
LISTED_FAILURES: Final = 100
LONGEST_KEY: Final = 18
FILTERS: Final = (
    ("", "All", ()),
    ("open", "On the way", OPEN_STATES),
    ("waiting", "Waiting to try again", (TransmissionState.WAITING,)),
    ("failed", "Failed", (TransmissionState.FAILED,)),
    ("sent", "Sent", (TransmissionState.SENT,)),
    ("cancelled", "Cancelled", (TransmissionState.CANCELLED,)),
)


@require_safe
def transmissions(request: HttpRequest) -> HttpResponse:
    """List what was and is sent of the studies that the user may see, the newest first."""
    return render(request, "routing/transmissions.html", _page(request))


@require_safe
def transmission_list(request: HttpRequest) -> HttpResponse:
    """Give the list anew, for a page that shows it."""
    return render(request, "routing/_list.html", _page(request))


@require_safe
def transmission(request: HttpRequest, pk: int) -> HttpResponse:
    """Show one transmission and which objects were refused."""
    return render(request, "routing/transmission.html", _details(request, pk))


@require_safe
def progress(request: HttpRequest, pk: int) -> HttpResponse:
    """Give the progress anew, for a page or dialog that shows it."""
    return render(request, "routing/_progress.html", _details(request, pk))


@require_POST
def cancel(request: HttpRequest, pk: int) -> HttpResponse:
    """Stop what is not sent yet."""
    return _change(request, pk, cancel_transmission, "Cancelled.", "There was nothing left to cancel.")


@require_POST
def retry(request: HttpRequest, pk: int) -> HttpResponse:
    """Try again now."""
    return _change(request, pk, retry_transmission, "It is tried again now.", "It is on its way already.")


def _change(request: HttpRequest, pk: int, action: Callable[..., bool], done: str, nothing: str) -> HttpResponse:
    user = signed_in_user(request)
    found = get_object_or_404(_visible(user), pk=pk)
    try:
        text = done if action(found, acting_user=user, address=client_address(request)) else nothing
    except NotAllowed as error:
        raise PermissionDenied from error
    if not request.headers.get("HX-Request"):
        messages.success(request, text)
        return redirect("routing:transmission", pk=pk)
    is_row = request.headers.get("HX-Target", "").startswith("row-")
    response = render(request, "routing/_row.html" if is_row else "routing/_progress.html", _details(request, pk))
    response["HX-Trigger"] = json.dumps({"noctis:toast": {"text": text, "kind": "success"}})
    return response


def _visible(user: User) -> QuerySet[Transmission]:
    related = ("study__facility", "series", "destination", "destination_facility", "requested_by", "rule")
    return Transmission.objects.visible_to(user).select_related(*related)


def _page(request: HttpRequest) -> dict[str, Any]:
    user = signed_in_user(request)
    state = request.GET.get("state", "")
    wanted = next((states for key, _, states in FILTERS if key == state), ())
    before = request.GET.get("before", "")
    found = _visible(user)
    if wanted:
        found = found.filter(state__in=wanted)
    is_key = before.isascii() and before.isdigit() and len(before) <= LONGEST_KEY
    below = found.filter(pk__lt=int(before)) if is_key else found
    rows = list(below.order_by("-pk")[: PAGE_SIZE + 1])
    shown = rows[:PAGE_SIZE]
    return {
        "rows": [{"transmission": row, "may_manage": may_manage(user, row)} for row in shown],
        "next_before": shown[-1].pk if len(rows) > PAGE_SIZE else None,
        "is_first": not is_key,
        "state": state if wanted else "",
        "filters": [(key, label) for key, label, _ in FILTERS],
        "query": request.GET.urlencode(),
        "is_moving": any(row.is_open for row in shown),
        "shows_facility": user.sees_all_facilities,
    }


def _details(request: HttpRequest, pk: int) -> dict[str, Any]:
    user = signed_in_user(request)
    found = get_object_or_404(_visible(user), pk=pk)
    troubled = found.items.exclude(state=ItemState.SENT).exclude(error="").select_related("instance__series")
    return {
        "transmission": found,
        "may_manage": may_manage(user, found),
        "troubled": list(troubled.order_by("-refusals", "pk")[:LISTED_FAILURES]),
        "shows_facility": user.sees_all_facilities,
    }

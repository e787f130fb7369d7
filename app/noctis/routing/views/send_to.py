"""Send to: a dialog on the worklist, a page everywhere else."""

from __future__ import annotations

import json
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods

from noctis.accounts.client_address import client_address
from noctis.accounts.models import User
from noctis.accounts.permissions import signed_in_user
from noctis.archive.models import Study
from noctis.routing.actions import NotAllowed, request_transmission
from noctis.routing.forms import SendForm
from noctis.routing.models import Transmission
from noctis.routing.permissions import may_manage, may_send

LISTED_BEFORE = 5


@require_http_methods(["GET", "HEAD", "POST"])
def send_to(request: HttpRequest, study_uid: str) -> HttpResponse:
    """Ask what to send where, or queue it; a study that the user may not see does not exist."""
    user = signed_in_user(request)
    if not may_send(user):
        raise PermissionDenied
    study = get_object_or_404(Study.objects.visible_to(user).select_related("facility"), study_instance_uid=study_uid)
    initial = {"series": request.GET.get("series", "")}
    form = SendForm(request.POST or None, study=study, user=user, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            transmission = _request(request, form, study, user)
        except NotAllowed as error:
            form.add_error(None, str(error))
        else:
            return _queued(request, transmission, user)
    context = {"form": form, "study": study, **_before(study, user)}
    return render(request, _template(request), context)


def _request(request: HttpRequest, form: SendForm, study: Study, user: User) -> Transmission:
    return request_transmission(
        study,
        form.chosen_destination,
        series=form.chosen_series,
        may_leave_facility=form.cleaned_data.get("may_leave_facility", False),
        acting_user=user,
        address=client_address(request),
    )


def _queued(request: HttpRequest, transmission: Transmission, user: User) -> HttpResponse:
    text = f"Queued for {transmission.destination.ae_title}."
    if not request.headers.get("HX-Request"):
        messages.success(request, text)
        return redirect("routing:transmission", pk=transmission.pk)
    context = {"transmission": transmission, "may_manage": may_manage(user, transmission)}
    response = render(request, "routing/_queued.html", context)
    response["HX-Trigger"] = json.dumps({"noctis:toast": {"text": text, "kind": "success"}})
    return response


def _before(study: Study, user: User) -> dict[str, Any]:
    """Return the latest transmissions of the study."""
    before = Transmission.objects.visible_to(user).filter(study=study).select_related("study", "destination", "series")
    return {"before": before.order_by("-pk")[:LISTED_BEFORE]}


def _template(request: HttpRequest) -> str:
    return "routing/_send_to.html" if request.headers.get("HX-Request") else "routing/send_to.html"

"""The pages of HL7 receivers."""

from __future__ import annotations

from django.contrib import messages
from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from noctis.accounts.permissions import administrators_only, signed_in_user
from noctis.reports.output.forms import Hl7ReceiverForm
from noctis.reports.output.models import OPEN_STATES, DeliveryState, Hl7Receiver
from noctis.reports.output.receivers import save_receiver


@administrators_only
@require_safe
def receivers(request: HttpRequest) -> HttpResponse:
    """List the receivers and how their messages fare."""
    rows = Hl7Receiver.objects.select_related("facility").annotate(
        open_count=Count("deliveries", filter=Q(deliveries__state__in=OPEN_STATES)),
        failed_count=Count("deliveries", filter=Q(deliveries__state=DeliveryState.FAILED)),
    )
    return render(request, "report_output/receivers.html", {"receivers": rows})


@administrators_only
@require_http_methods(["GET", "HEAD", "POST"])
def new_receiver(request: HttpRequest) -> HttpResponse:
    """Add a receiver."""
    return _edited(request, None)


@administrators_only
@require_http_methods(["GET", "HEAD", "POST"])
def edit_receiver(request: HttpRequest, pk: int) -> HttpResponse:
    """Change a receiver."""
    return _edited(request, get_object_or_404(Hl7Receiver, pk=pk))


def _edited(request: HttpRequest, receiver: Hl7Receiver | None) -> HttpResponse:
    form = Hl7ReceiverForm(request.POST or None, instance=receiver)
    if request.method == "POST" and form.is_valid():
        kept = form.save(commit=False)
        save_receiver(kept, acting_user=signed_in_user(request))
        messages.success(request, f"{kept.name} is saved.")
        return redirect("hl7_receivers")
    return render(request, "report_output/receiver_form.html", {"form": form, "receiver": receiver})

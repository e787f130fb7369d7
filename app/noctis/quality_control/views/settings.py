"""What administrators decide about quality control: the reasons, and which facilities check before reading."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from noctis.accounts.models import Facility
from noctis.accounts.permissions import administrators_only, signed_in_user
from noctis.archive.actions import check_before_reading
from noctis.archive.models import FacilityRule
from noctis.quality_control.actions import save_reason
from noctis.quality_control.forms import ReasonForm
from noctis.quality_control.models import RejectReason


@administrators_only
@require_safe
def settings(request: HttpRequest) -> HttpResponse:
    """Show the reasons and the facilities."""
    checking = set(FacilityRule.objects.filter(checks_before_reading=True).values_list("facility", flat=True))
    context = {
        "reasons": RejectReason.objects.all(),
        "facilities": [(facility, facility.pk in checking) for facility in Facility.objects.all()],
    }
    return render(request, "quality_control/settings.html", context)


@administrators_only
@require_http_methods(["GET", "HEAD", "POST"])
def new_reason(request: HttpRequest) -> HttpResponse:
    """Add a reason at the end of the list."""
    last = RejectReason.objects.order_by("-position").first()
    reason = RejectReason(position=last.position + 1 if last else 1)
    return _reason(request, ReasonForm(request.POST or None, reason=reason), {})


@administrators_only
@require_http_methods(["GET", "HEAD", "POST"])
def edit_reason(request: HttpRequest, pk: int) -> HttpResponse:
    """Change a reason; images that were given it follow its name."""
    reason = get_object_or_404(RejectReason, pk=pk)
    return _reason(request, ReasonForm(request.POST or None, reason=reason), {"edited": reason.name})


@administrators_only
@require_POST
def facility_rule(request: HttpRequest, pk: int) -> HttpResponse:
    """Let the studies of a facility wait until they are accepted, or no more."""
    facility = get_object_or_404(Facility, pk=pk)
    is_wanted = request.POST.get("wanted") == "yes"
    check_before_reading(facility, is_wanted=is_wanted, acting_user=signed_in_user(request))
    if is_wanted:
        messages.success(request, f"Studies of {facility.name} wait until they are accepted.")
    else:
        messages.success(request, f"Studies of {facility.name} are ready as soon as they are complete.")
    return redirect("quality_control:settings")


def _reason(request: HttpRequest, form: ReasonForm, context: dict[str, Any]) -> HttpResponse:
    if request.method == "POST" and form.is_valid():
        save_reason(form.reason, acting_user=signed_in_user(request))
        messages.success(request, "The reason is saved.")
        return redirect("quality_control:settings")
    return render(request, "quality_control/reason_form.html", {"form": form, **context})

"""The pages of go-live and of capacity."""

from __future__ import annotations

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from noctis.accounts.permissions import administrators_only, signed_in_user
from noctis.readiness import actions
from noctis.readiness.capacity import CapacityForm, forecast, free_gigabytes, measured_intake
from noctis.readiness.checklist import Item, item_named, steps
from noctis.readiness.models import LONGEST_NOTE, ClinicalRelease


@administrators_only
@require_safe
def go_live(request: HttpRequest) -> HttpResponse:
    """Show the ten steps as they stand now, and the release."""
    return _page(request)


@administrators_only
@require_POST
def go_live_item(request: HttpRequest, key: str) -> HttpResponse:
    """Confirm an item, leave it out, or take that back."""
    item = _item(key)
    user = signed_in_user(request)
    if "take_back" in request.POST:
        actions.take_back(item, acting_user=user)
        return redirect(f"{request.path.rpartition('/')[0]}#{key}")
    note = request.POST.get("note", "")[:LONGEST_NOTE]
    try:
        actions.confirm(item, note=note, is_waiver="waive" in request.POST, acting_user=user)
    except actions.NotReady as error:
        return _page(request, trouble={key: str(error)}, notes={key: note})
    return redirect(f"{request.path.rpartition('/')[0]}#{key}")


@administrators_only
@require_POST
def go_live_release(request: HttpRequest) -> HttpResponse:
    """Release the appliance for clinical use, or withdraw the release."""
    user = signed_in_user(request)
    try:
        if "withdraw" in request.POST:
            actions.withdraw(reason=request.POST.get("reason", "")[:LONGEST_NOTE], acting_user=user)
            messages.success(request, "The release for clinical use is withdrawn.")
        else:
            actions.go_live(acting_user=user)
            messages.success(request, "Noctis is released for clinical use.")
    except actions.NotReady as error:
        return _page(request, trouble={"release": str(error)})
    return redirect("go_live")


@administrators_only
@require_safe
def capacity(request: HttpRequest) -> HttpResponse:
    """Show for how long there is room, at the intake that was measured or at what the address asks for."""
    measured = measured_intake(signed_in_user(request))
    form = CapacityForm(request.GET.dict() or None, measured=measured, free_gb=free_gigabytes())
    plan = form.plan()
    context = {"form": form, "measured": measured, "forecast": forecast(plan) if plan else None, "plan": plan}
    return render(request, "readiness/capacity.html", context)


def _page(
    request: HttpRequest, *, trouble: dict[str, str] | None = None, notes: dict[str, str] | None = None
) -> HttpResponse:
    now = steps()
    items = [item for step in now for item in step.items]
    context = {
        "steps": now,
        "open": sum(not item.is_done for item in items),
        "done": sum(item.is_done for item in items),
        "count": len(items),
        "release": ClinicalRelease.objects.current().select_related("released_by").first(),
        "former": ClinicalRelease.objects.filter(is_current=False).select_related("withdrawn_by").first(),
        "trouble": trouble or {},
        "notes": notes or {},
        "is_embedded": settings.NOCTIS_EMBEDDED,
        "longest_note": LONGEST_NOTE,
    }
    return render(request, "readiness/go_live.html", context, status=422 if trouble else 200)


def _item(key: str) -> Item:
    item = item_named(key)
    if item is None:
        raise Http404
    return item

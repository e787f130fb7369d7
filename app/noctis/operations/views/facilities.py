"""Facilities: whose studies are whose."""

from __future__ import annotations

from django.contrib import messages
from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from noctis.accounts.actions import add_facility, rename_facility
from noctis.accounts.models import Facility
from noctis.accounts.permissions import administrators_only, signed_in_user
from noctis.operations.forms import FacilityNameForm, NewFacilityForm


@administrators_only
@require_safe
def facilities(request: HttpRequest) -> HttpResponse:
    """List the facilities with their users and devices."""
    rows = Facility.objects.annotate(
        user_count=Count("users", filter=Q(users__is_active=True), distinct=True),
        entity_count=Count("application_entities", filter=Q(application_entities__is_active=True), distinct=True),
    )
    return render(request, "operations/facilities.html", {"facilities": rows})


@administrators_only
@require_http_methods(["GET", "HEAD", "POST"])
def new_facility(request: HttpRequest) -> HttpResponse:
    """Add a facility."""
    form = NewFacilityForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        code, name = form.cleaned_data["code"], form.cleaned_data["name"]
        facility = add_facility(code, name, acting_user=signed_in_user(request))
        messages.success(request, f"{facility.name} is added.")
        return redirect("operations:facilities")
    return render(request, "operations/facility_form.html", {"form": form})


@administrators_only
@require_http_methods(["GET", "HEAD", "POST"])
def edit_facility(request: HttpRequest, pk: int) -> HttpResponse:
    """Rename a facility."""
    facility = get_object_or_404(Facility, pk=pk)
    form = FacilityNameForm(request.POST or None, facility=facility, initial={"name": facility.name})
    if request.method == "POST" and form.is_valid():
        rename_facility(facility, form.cleaned_data["name"], acting_user=signed_in_user(request))
        messages.success(request, f"{facility.name} is saved.")
        return redirect("operations:facilities")
    return render(request, "operations/facility_form.html", {"form": form, "edited": facility})

"""Application entities: which devices may send, and under which facility."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.db.models import Exists, OuterRef, Subquery
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from noctis.accounts.permissions import administrators_only, signed_in_user
from noctis.dicom_address import dicom_address
from noctis.network.actions import (
    AccessRules,
    add_application_entity,
    change_application_entity,
    set_application_entity_active,
)
from noctis.network.entity_rules import IdentityRules, SendingRules
from noctis.network.models import (
    UNKNOWN_AE_TITLE,
    RefusedAssociation,
    RemoteApplicationEntity,
    UnknownDestination,
)
from noctis.operations.forms import ApplicationEntityForm

FIELDS = ("ae_title", "facility", "description", "networks", "host", "port")
RULES = (
    *("requires_tls", "certificate_sha256", "uses_tls", "server_certificate_sha256"),
    *("required_identity", "identity_username", "identity_over_plain"),
)
LISTED_REFUSALS = 200


@administrators_only
@require_safe
def application_entities(request: HttpRequest) -> HttpResponse:
    """List the devices, deactivated ones last, and the titles to which images could not be sent."""
    entities = RemoteApplicationEntity.objects.select_related("facility").order_by("-is_active", "ae_title")
    known = RemoteApplicationEntity.objects.filter(ae_title=OuterRef("ae_title")).values("pk")
    destinations = UnknownDestination.objects.select_related("facility").annotate(entity=Subquery(known))
    context = {"entities": entities, "destinations": destinations, "dicom": dicom_address(request)}
    return render(request, "operations/application_entities.html", context)


@administrators_only
@require_safe
def refused_associations(request: HttpRequest) -> HttpResponse:
    """List who was refused and why, the last first; an unknown title can be added from here."""
    known = RemoteApplicationEntity.objects.filter(ae_title=OuterRef("ae_title"))
    refusals = RefusedAssociation.objects.annotate(is_known=Exists(known))[:LISTED_REFUSALS]
    context = {"refusals": refusals, "unknown_title": UNKNOWN_AE_TITLE}
    return render(request, "operations/refused_associations.html", context)


@administrators_only
@require_http_methods(["GET", "HEAD", "POST"])
def new_application_entity(request: HttpRequest) -> HttpResponse:
    """Add a device; ``refused`` or ``destination`` names what the form is to be filled in from."""
    initial = {**_of_refused(request.GET.get("refused", "")), **_of_destination(request.GET.get("destination", ""))}
    form = ApplicationEntityForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        entity = add_application_entity(**_values(form), acting_user=signed_in_user(request))
        messages.success(request, f"{entity.ae_title} is added.")
        return redirect("operations:application_entities")
    return render(request, "operations/application_entity_form.html", {"form": form})


@administrators_only
@require_http_methods(["GET", "HEAD", "POST"])
def edit_application_entity(request: HttpRequest, pk: int) -> HttpResponse:
    """Change a device's entry."""
    entity = get_object_or_404(RemoteApplicationEntity, pk=pk)
    initial = {name: getattr(entity, name) for name in (*FIELDS, *RULES)}
    initial["services"] = sorted(entity.allowed_services)
    form = ApplicationEntityForm(request.POST or None, entity=entity, initial=initial)
    if request.method == "POST" and form.is_valid():
        change_application_entity(entity, **_values(form), acting_user=signed_in_user(request))
        messages.success(request, f"{entity.ae_title} is saved.")
        return redirect("operations:application_entities")
    return render(request, "operations/application_entity_form.html", {"form": form, "edited": entity})


@administrators_only
@require_POST
def application_entity_active(request: HttpRequest, pk: int) -> HttpResponse:
    """Deactivate a device, or let it call again."""
    entity = get_object_or_404(RemoteApplicationEntity, pk=pk)
    active = request.POST.get("active") == "yes"
    set_application_entity_active(entity, active=active, acting_user=signed_in_user(request))
    messages.success(request, f"{entity.ae_title} is {'active again' if active else 'deactivated'}.")
    return redirect("operations:application_entities")


def _values(form: ApplicationEntityForm) -> dict[str, Any]:
    values = {name: form.cleaned_data[name] for name in FIELDS}
    access = AccessRules.of(
        form.cleaned_data["services"],
        requires_tls=form.cleaned_data["requires_tls"],
        certificate=form.cleaned_data["certificate_sha256"],
    )
    return {
        **values,
        "networks": values["networks"].replace(",", " ").split(),
        "access": access,
        "sending": SendingRules(form.cleaned_data["uses_tls"], form.cleaned_data["server_certificate_sha256"]),
        "identity": IdentityRules(
            form.cleaned_data["required_identity"],
            form.cleaned_data["identity_username"],
            form.cleaned_data["identity_passcode"],
            form.cleaned_data["identity_over_plain"],
        ),
    }


def _of_refused(pk: str) -> dict[str, str]:
    refused = RefusedAssociation.objects.filter(pk=pk, reason=UNKNOWN_AE_TITLE).first() if pk.isdecimal() else None
    return {"ae_title": refused.ae_title, "networks": refused.address} if refused is not None else {}


def _of_destination(pk: str) -> dict[str, Any]:
    wanted = UnknownDestination.objects.filter(pk=pk).first() if pk.isdecimal() else None
    if wanted is None:
        return {}
    host = wanted.address or "" if wanted.requested_by == wanted.ae_title else ""  # who moves to itself is there
    return {"ae_title": wanted.ae_title, "facility": wanted.facility_id, "host": host}

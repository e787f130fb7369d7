"""Application entities: which devices may send, and under which facility."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.contrib import messages
from django.db.models import Exists, OuterRef, Subquery
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from noctis.accounts.models import Facility
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
    AssociationAttempt,
    RefusedAssociation,
    RemoteApplicationEntity,
    UnknownDestination,
)
from noctis.operations.forms import ApplicationEntityForm
from noctis.operations.views.onboarding import attempts_of
from noctis.storage_commitment.models import CommitmentRequest

FIELDS = ("ae_title", "facility", "description", "networks", "host", "port")
RULES = (
    *("requires_tls", "certificate_sha256", "uses_tls", "server_certificate_sha256"),
    *("required_identity", "identity_username", "identity_over_plain"),
)
LISTED_REFUSALS = 200
LISTED_ATTEMPTS = 5


@administrators_only
@require_safe
def application_entities(request: HttpRequest) -> HttpResponse:
    """List the devices, deactivated ones last, and the titles to which images could not be sent."""
    entities = RemoteApplicationEntity.objects.select_related("facility").order_by("-is_active", "ae_title")
    known = RemoteApplicationEntity.objects.filter(ae_title=OuterRef("ae_title")).values("pk")
    destinations = UnknownDestination.objects.select_related("facility").annotate(entity=Subquery(known))
    context = {"entities": entities, "destinations": destinations, "dicom": dicom_address(request)}
    lists = {
        "allowed_titles": settings.NOCTIS_DICOM_ALLOWED_CALLING_AE_TITLES,
        "blocked_titles": settings.NOCTIS_DICOM_BLOCKED_CALLING_AE_TITLES,
    }
    return render(request, "operations/application_entities.html", {**context, **lists})


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
    """Add a device; a parameter such as ``refused`` or ``attempt`` names what the form is to be filled in from."""
    attempt = _attempt(request.GET.get("attempt", ""))
    initial = {
        **_of_refused(request.GET.get("refused", "")),
        **_of_destination(request.GET.get("destination", "")),
        **_of_commitment(request.GET.get("commitment", "")),
        **_of_attempt(attempt),
    }
    form = ApplicationEntityForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        entity = add_application_entity(**_values(form), acting_user=signed_in_user(request))
        messages.success(request, f"{entity.ae_title} is added.")
        if attempt is not None:
            return redirect(f"{reverse('operations:connect_modality')}?{urlencode({'title': entity.ae_title})}")
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
    last = attempts_of(entity, LISTED_ATTEMPTS)
    context = {"form": form, "edited": entity, "stories": last}
    return render(request, "operations/application_entity_form.html", context)


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


def _attempt(pk: str) -> AssociationAttempt | None:
    return AssociationAttempt.objects.filter(pk=pk).first() if pk.isascii() and pk.isdecimal() else None


def _of_attempt(attempt: AssociationAttempt | None) -> dict[str, Any]:
    """Return what is known of a device that has tried: who came over TLS shall go on to."""
    if attempt is None:
        return {}
    return {
        "ae_title": attempt.calling_ae_title,
        "networks": attempt.address,
        "facility": _facility_at(attempt.address),
        "requires_tls": attempt.is_tls,
        "certificate_sha256": attempt.certificate_sha256,
    }


def _facility_at(address: str) -> int | None:
    """Return the facility whose devices alone may call from ``address``, or the only one there is."""
    neighbours = RemoteApplicationEntity.objects.exclude(networks="")
    found = {entity.facility_id for entity in neighbours if entity.may_call_from(address)}
    found = found or set(Facility.objects.values_list("pk", flat=True)[:2])
    return found.pop() if len(found) == 1 else None


def _of_destination(pk: str) -> dict[str, Any]:
    wanted = UnknownDestination.objects.filter(pk=pk).first() if pk.isdecimal() else None
    if wanted is None:
        return {}
    host = wanted.address or "" if wanted.requested_by == wanted.ae_title else ""  # who moves to itself is there
    return {"ae_title": wanted.ae_title, "facility": wanted.facility_id, "host": host}


def _of_commitment(pk: str) -> dict[str, Any]:
    asked = CommitmentRequest.objects.filter(pk=pk).first() if pk.isdecimal() else None
    if asked is None:
        return {}
    return {"ae_title": asked.ae_title, "facility": asked.facility_id, "host": asked.address or ""}

"""Quarantine: what was acknowledged and kept, but not filed."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from noctis.accounts.permissions import administrators_only, signed_in_user
from noctis.archive.models import QuarantinedObject
from noctis.operations.keyset import page_before

PAGE_SIZE = 50


@administrators_only
@require_safe
def quarantine(request: HttpRequest) -> HttpResponse:
    """List quarantined objects, the last first."""
    visible = QuarantinedObject.objects.visible_to(signed_in_user(request)).select_related("facility", "reception")
    page = page_before(visible, request.GET.get("before", ""), PAGE_SIZE)
    return render(request, "operations/quarantine.html", {"page": page})

"""The state of the appliance at a glance."""

from __future__ import annotations

from django.conf import settings
from django.db.models import Count, Sum
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from noctis.accounts.models import Facility, User
from noctis.accounts.permissions import administrators_only, signed_in_user
from noctis.archive.models import QuarantinedObject, Study
from noctis.dicom_address import dicom_address
from noctis.disk_space import disk_space
from noctis.network.models import RemoteApplicationEntity


@administrators_only
@require_safe
def overview(request: HttpRequest) -> HttpResponse:
    """Show what is stored, how much room is left and what to type into a modality."""
    user = signed_in_user(request)
    stored = Study.objects.visible_to(user).aggregate(
        studies=Count("pk"), series=Sum("series_count", default=0), images=Sum("instance_count", default=0)
    )
    context = {
        "stored": stored,
        "quarantined": QuarantinedObject.objects.undecided().visible_to(user).count(),
        "users": User.objects.filter(is_active=True).count(),
        "facilities": Facility.objects.count(),
        "application_entities": RemoteApplicationEntity.objects.filter(is_active=True).count(),
        "disk": disk_space(),
        "little_space": settings.NOCTIS_ALERT_DISK_FREE_PERCENT,
        "dicom": dicom_address(request),
        "accepts_unknown_callers": settings.NOCTIS_UNKNOWN_CALLERS != "refuse",
        "version": settings.VERSION,
    }
    return render(request, "operations/overview.html", context)

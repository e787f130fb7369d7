"""What people inside do with links: make, list, extend, revoke."""

from __future__ import annotations

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import cache_control
from django.views.decorators.debug import sensitive_variables
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from noctis.accounts.client_address import client_address
from noctis.accounts.models import Facility, User
from noctis.accounts.permissions import administrators_only, signed_in_user
from noctis.archive.models import Study
from noctis.reports.models import SIGNED_STATES, Report
from noctis.sharing import actions
from noctis.sharing.forms import ShareForm
from noctis.sharing.models import FacilitySharing, Share, ShareQuerySet
from noctis.sharing.permissions import may_share
from noctis.sharing.secrets import in_groups

ROWS = 50


@sensitive_variables("opener")
@require_http_methods(["GET", "HEAD", "POST"])
@cache_control(private=True, no_store=True)
def share_study(request: HttpRequest, study_uid: str) -> HttpResponse:
    """Ask what to share with whom; show link and code once."""
    user = signed_in_user(request)
    study = get_object_or_404(Study.objects.visible_to(user).select_related("facility"), study_instance_uid=study_uid)
    if not may_share(user):
        raise PermissionDenied
    is_signed = Report.objects.filter(study=study, state__in=SIGNED_STATES).exists()
    form = ShareForm(request.POST or None, is_signed=is_signed)
    if request.method == "POST" and form.is_valid():
        opener = actions.make_share(study, form.terms, acting_user=user, address=client_address(request))
        return _show(request, opener)
    before = Share.objects.managed_by(user).filter(study=study)
    context = {"study": study, "form": form, "shares": _shown(before), "share_days": _days()}
    return render(request, "sharing/share_study.html", context)


@require_safe
@cache_control(private=True, no_store=True)
def shares(request: HttpRequest) -> HttpResponse:
    """List the own links; all of them to an administrator, who also says which facilities' staff may share."""
    user = signed_in_user(request)
    found = Share.objects.managed_by(user)
    before = request.GET.get("before", "")
    if before.isascii() and before.isdigit() and len(before) < 19:  # noqa: PLR2004
        found = found.filter(pk__lt=int(before))
    page = _shown(found, ROWS + 1)
    context = {
        "shares": page[:ROWS],
        "share_days": _days(),
        "next_before": page[ROWS - 1].pk if len(page) > ROWS else None,
        "is_first": not before,
        "facilities": _facilities() if user.is_administrator else [],
    }
    return render(request, "sharing/shares.html", context)


@require_POST
def revoke_share(request: HttpRequest, pk: int) -> HttpResponse:
    """End a link at once."""
    user = signed_in_user(request)
    share = _share(user, pk)
    actions.revoke(share, acting_user=user)
    messages.success(request, f"The link for {share.recipient} is revoked. Who had it open sees nothing more.")
    return redirect("shares")


@require_POST
def extend_share(request: HttpRequest, pk: int) -> HttpResponse:
    """Let a link stand for longer."""
    user = signed_in_user(request)
    share = _share(user, pk)
    try:
        actions.extend(share, _days(), acting_user=user)
    except actions.NotAllowed as refused:
        messages.error(request, str(refused))
    else:
        messages.success(request, f"The link for {share.recipient} stands until {share.expires_at:%Y-%m-%d %H:%M}.")
    return redirect("shares")


@sensitive_variables("opener")
@require_POST
@cache_control(private=True, no_store=True)
def renew_share_code(request: HttpRequest, pk: int) -> HttpResponse:
    """Give a link a new code, shown once."""
    user = signed_in_user(request)
    try:
        opener = actions.issue_code(_share(user, pk), acting_user=user)
    except actions.NotAllowed as refused:
        messages.error(request, str(refused))
        return redirect("shares")
    return _show(request, opener)


@administrators_only
@require_POST
def facility_sharing(request: HttpRequest, pk: int) -> HttpResponse:
    """Say whether a facility's own staff may share."""
    facility = get_object_or_404(Facility, pk=pk)
    allowed = request.POST.get("allowed") == "yes"
    actions.let_staff_share(facility, allowed=allowed, acting_user=signed_in_user(request))
    verb = "may now" if allowed else "may no longer"
    messages.success(request, f"Technicians and facility users of {facility} {verb} share studies.")
    return redirect("shares")


def _days() -> int:
    usual: int = settings.NOCTIS_SHARE_DAYS
    return min(usual, settings.NOCTIS_SHARE_MOST_DAYS)


def _share(user: User, pk: int) -> Share:
    return get_object_or_404(Share.objects.managed_by(user).select_related("study__facility", "made_by"), pk=pk)


def _shown(found: ShareQuerySet, most: int = ROWS) -> list[Share]:
    return list(found.select_related("study__facility", "made_by__facility")[:most])


def _show(request: HttpRequest, opener: actions.Opener) -> HttpResponse:
    context = {
        "share": opener.share,
        "study": opener.share.study,
        "link": opener.address,
        "code": in_groups(opener.code),
    }
    return render(request, "sharing/opener.html", context)


def _facilities() -> list[tuple[Facility, bool]]:
    allowed = set(FacilitySharing.objects.filter(staff_may_share=True).values_list("facility_id", flat=True))
    return [(facility, facility.pk in allowed) for facility in Facility.objects.all()]

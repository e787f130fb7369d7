"""Reports as the viewer writes them, in JSON, and as everybody reads and prints them, as a page."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from noctis.accounts.client_address import client_address
from noctis.accounts.models import User
from noctis.accounts.permissions import signed_in_user
from noctis.archive.models import Instance, Study
from noctis.audit.actions import record
from noctis.audit.models import Action
from noctis.reports import actions
from noctis.reports.assistance import assistance_for
from noctis.reports.models import Report
from noctis.reports.permissions import may_report
from noctis.reports.pictures import holds, picture
from noctis.reports.presentation import page_of, written
from noctis.reports.requests import (
    acknowledged_in,
    body_of,
    explains_refusals,
    password_in,
    study_for,
    version_in,
)
from noctis.reports.warnings import as_values, warnings_before_signing


@require_safe
@cache_control(private=True, no_store=True)
def report_page(request: HttpRequest, study_uid: str) -> HttpResponse:
    """Show the report for reading and printing; one that the user may not read does not exist."""
    user = signed_in_user(request)
    report = _readable(study_for(user, study_uid), user)
    if report is None or report.version == 0:
        raise Http404
    if request.method == "GET":
        record(
            Action.REPORT_READ,
            acting_user=user,
            address=client_address(request),
            facility=report.study.facility,
            study_instance_uid=study_uid,
            version=report.version,
        )
    return render(request, "reports/report.html", page_of(report, user))


@require_safe
@cache_control(private=True, no_store=True)
def report_picture(request: HttpRequest, study_uid: str, instance_uid: str, frame_number: int) -> HttpResponse:
    """Send a key image of the report as a PNG, in the window of ``?center=&width=`` or else in its own.

    Who writes the report sees any image of the study; who reads it those that it holds.
    """
    user = signed_in_user(request)
    study = study_for(user, study_uid)
    instance = get_object_or_404(Instance, series__study=study, sop_instance_uid=instance_uid)
    if not may_report(user) and not holds(_readable(study, user), instance_uid, frame_number):
        raise Http404
    return picture(request, instance, frame_number)


@require_http_methods(["GET", "PUT"])
@cache_control(private=True, no_store=True)
@explains_refusals
def report_content(request: HttpRequest, study_uid: str) -> HttpResponse:
    """Give what the report says and what stands in the way of signing it; or keep what was written."""
    user = signed_in_user(request)
    study = study_for(user, study_uid)
    if request.method == "PUT":
        body = body_of(request)
        return JsonResponse(written(actions.save(study, body.get("content"), version_in(body), acting_user=user), user))
    report = _readable(study, user)
    return JsonResponse({**written(report, user), "warnings": as_values(warnings_before_signing(study, user, report))})


@require_safe
@cache_control(private=True, no_store=True)
@explains_refusals
def report_assistance(request: HttpRequest, study_uid: str) -> HttpResponse:
    """Give what helps to write: the order, templates, macros and priors, to those who write reports."""
    user = signed_in_user(request)
    study = study_for(user, study_uid)
    if not may_report(user):
        raise actions.NotAllowed("Only radiologists write reports.")
    return JsonResponse(assistance_for(study, user))


@require_http_methods(["POST", "DELETE"])
@cache_control(private=True, no_store=True)
@explains_refusals
def report_lock(request: HttpRequest, study_uid: str) -> HttpResponse:
    """Begin or go on writing, by force if the body says so; or stop."""
    user = signed_in_user(request)
    study = study_for(user, study_uid)
    if request.method == "DELETE":
        actions.let_go(study, acting_user=user)
        return JsonResponse({})
    by_force = body_of(request).get("byForce") is True
    return JsonResponse(written(actions.take_lock(study, acting_user=user, by_force=by_force), user))


@require_POST
@cache_control(private=True, no_store=True)
@explains_refusals
def release_report(request: HttpRequest, study_uid: str) -> HttpResponse:
    """Make the report preliminary."""
    user = signed_in_user(request)
    report = actions.release(study_for(user, study_uid), version_in(body_of(request)), acting_user=user)
    return JsonResponse(written(report, user))


@require_POST
@cache_control(private=True, no_store=True)
@explains_refusals
def sign_report(request: HttpRequest, study_uid: str) -> HttpResponse:
    """Make the report final; the body holds the signer's password, and the keys of the acknowledged warnings."""
    user = signed_in_user(request)
    study = study_for(user, study_uid)
    body = body_of(request)
    values = version_in(body), password_in(body)
    report = actions.sign(study, *values, acknowledged=acknowledged_in(body), acting_user=user)
    return JsonResponse(written(report, user))


@require_POST
@cache_control(private=True, no_store=True)
@explains_refusals
def add_to_report(request: HttpRequest, study_uid: str) -> HttpResponse:
    """Sign an addendum; the body holds its document and the signer's password."""
    user = signed_in_user(request)
    study = study_for(user, study_uid)
    body = body_of(request)
    report = actions.add(study, body.get("document"), password_in(body), acting_user=user)
    return JsonResponse(written(report, user))


def _readable(study: Study, user: User) -> Report | None:
    reports = Report.objects.readable_by(user).filter(study=study)
    return reports.select_related("author", "signed_by", "locked_by", "study__facility").first()

"""Measurement reports of a study as the viewer asks for them."""

from __future__ import annotations

from dataclasses import asdict
from http import HTTPStatus
from typing import Final

from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from pydicom.dataset import Dataset

from noctis.accounts.client_address import client_address
from noctis.accounts.models import User
from noctis.accounts.permissions import signed_in_user
from noctis.archive.models import Study
from noctis.viewer.annotation_actions import NotAllowed, Refused, TooMany
from noctis.viewer.structured_reports import actions
from noctis.viewer.structured_reports.listing import reports_of, stored_report

LARGEST_REPORT: Final = 64 * 1024 * 1024
STATUSES: Final = {NotAllowed: HTTPStatus.FORBIDDEN, TooMany: HTTPStatus.UNPROCESSABLE_ENTITY}


@require_safe
@cache_control(private=True, no_store=True)
def list_reports(request: HttpRequest, study_uid: str) -> JsonResponse:
    """List the structured reports of a study."""
    user = signed_in_user(request)
    reports = reports_of(_study(user, study_uid), user)
    return JsonResponse({"reports": [asdict(report) for report in reports]})


@require_http_methods(["GET", "POST"])
@cache_control(private=True, no_store=True)
def measurement_report(request: HttpRequest, study_uid: str) -> HttpResponse:
    """Give a study's annotations as a file, or store them in the study."""
    user = signed_in_user(request)
    study, address = _study(user, study_uid), client_address(request)
    try:
        if request.method == "POST":
            saved = actions.save_into_study(study, acting_user=user, address=address)
            uid = str(saved.report.SOPInstanceUID)
            return JsonResponse({"sopInstanceUid": uid, "leftOut": saved.left_out}, status=HTTPStatus.ACCEPTED)
        written, content = actions.export(study, acting_user=user, address=address)
    except Refused as refused:
        return _refusal(refused)
    except OSError:
        detail = "The report could not be stored: the archive cannot write. Your measurements are kept."
        return JsonResponse({"detail": detail}, status=HTTPStatus.INSUFFICIENT_STORAGE)
    response = HttpResponse(content, content_type="application/dicom")
    response["Content-Disposition"] = f'attachment; filename="measurements-{written.report.SOPInstanceUID}.dcm"'
    response["X-Left-Out"] = str(written.left_out)
    return response


@require_POST
@cache_control(private=True, no_store=True)
def import_report(request: HttpRequest, study_uid: str) -> JsonResponse:
    """Take over the measurements of a report: one of the study, named by its UID, or an uploaded file."""
    user = signed_in_user(request)
    study = _study(user, study_uid)
    try:
        actions.require_permission(user)
        report = _given(request, study, user)
        imported = actions.take_over(study, report, acting_user=user, address=client_address(request))
    except Refused as refused:
        return _refusal(refused)
    return JsonResponse(
        {
            "takenOver": imported.taken_over,
            "alreadyThere": imported.already_there,
            "keptAsChanged": imported.kept_as_changed,
            "notUnderstood": [asdict(one) for one in imported.not_understood],
        }
    )


def _given(request: HttpRequest, study: Study, user: User) -> Dataset:
    """Return the report that the request names or brings. Raises Refused."""
    upload = request.FILES.get("file")
    if isinstance(upload, UploadedFile):
        if (upload.size or 0) > LARGEST_REPORT:
            raise actions.NoReport(f"The file is larger than {LARGEST_REPORT // 2**20} MB.")
        return actions.parsed(upload.read())
    uid = request.POST.get("sopInstanceUid", "")
    report = stored_report(study, user, uid)
    if report is None:
        raise actions.NoReport("The study has no such report. Reload the list.")
    return report


def _study(user: User, study_uid: str) -> Study:
    return get_object_or_404(Study.objects.visible_to(user).select_related("facility"), study_instance_uid=study_uid)


def _refusal(refused: Refused) -> JsonResponse:
    status = STATUSES.get(type(refused), HTTPStatus.BAD_REQUEST)
    return JsonResponse({"detail": str(refused)}, status=status)

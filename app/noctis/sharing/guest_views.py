"""What a guest sees: the door, what was shared, the viewer, the report."""

from __future__ import annotations

import json
from functools import partial
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import urlencode

from django.contrib.auth.models import AnonymousUser
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.http import content_disposition_header
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from noctis.accounts.client_address import client_address
from noctis.archive.models import Instance
from noctis.quality_control.rejected import rejected_of
from noctis.reports.models import SIGNED_STATES, Report
from noctis.reports.output.editions import current_edition, file_of
from noctis.reports.output.rendering import PdfUnavailable
from noctis.reports.pictures import holds, picture
from noctis.reports.presentation import page_of
from noctis.sharing import visits
from noctis.sharing.guests import closed_page, for_guests, forget, public, remember, unknown_page
from noctis.sharing.models import MOST_WRONG_CODES, GuestVisit, Share, ShareState
from noctis.sharing.visits import NotOpened
from noctis.stored_files import stored_file

NO_PDF: Final = "Read the report on its page, or try again in a while."


@public
@sensitive_post_parameters()
@sensitive_variables("token", "secret", "code")
@require_http_methods(["GET", "HEAD", "POST"])
def shared(request: HttpRequest, token: str) -> HttpResponseBase:
    """Ask for the code of a link, or say why it does not open; who gives the code comes in."""
    share = visits.share_of(token)
    request.user = AnonymousUser()  # who is signed in here looks through a guest's eyes
    if share is None:
        return unknown_page(request)
    if (state := share.state) != ShareState.OPEN:
        return closed_page(request, share, state)
    if request.method != "POST":
        return render(request, "sharing/door.html", {"facility": share.study.facility})
    try:
        secret = visits.open_share(share, request.POST.get("code", ""), address=client_address(request))
    except NotOpened as refused:
        if refused.state != ShareState.OPEN:
            return closed_page(request, share, refused.state)
        tries = MOST_WRONG_CODES - share.wrong_codes
        context = {"facility": share.study.facility, "tries": tries}
        return render(request, "sharing/door.html", context, status=HTTPStatus.FORBIDDEN)
    response = redirect("guest", share.uid)
    remember(response, share, secret)
    return response


@for_guests()
@require_safe
def guest(request: HttpRequest, visit: GuestVisit) -> HttpResponse:
    """Show what was shared."""
    return render(request, "sharing/guest.html", {"share": visit.share, "report": _report(visit.share)})


@for_guests("images")
@require_safe
def guest_viewer(request: HttpRequest, visit: GuestVisit) -> HttpResponse:
    """Show the images in a viewer that writes nothing and knows no other study."""
    if request.method == "GET":
        visits.note_read(visit, "images", address=client_address(request))
    study = visit.share.study
    rejected = rejected_of(study).as_json(study, None)
    context = {"share": visit.share, "study": study, "rejected": json.dumps(rejected) if rejected["count"] else ""}
    return render(request, "sharing/guest_viewer.html", context)


@for_guests("report")
@require_safe
def guest_report(request: HttpRequest, visit: GuestVisit) -> HttpResponse:
    """Show the signed report as it stands."""
    share = visit.share
    report = _report(share)
    if report is None:
        raise Http404
    if request.method == "GET":
        visits.note_read(visit, "report", address=client_address(request))
    context = page_of(report, None, partial(_picture_address, share))
    return render(request, "sharing/guest_report.html", {**context, "share": share})


@for_guests("report")
@require_safe
def guest_report_file(request: HttpRequest, visit: GuestVisit) -> HttpResponseBase:
    """Send the signed report as the PDF that the facility hands out, for the disk."""
    report = _report(visit.share)
    edition = current_edition(report) if report else None
    if edition is None:
        raise Http404
    try:
        file = file_of(edition)
    except PdfUnavailable:
        return render(
            request,
            "sharing/closed.html",
            {"facility": visit.share.study.facility, "title": "There is no PDF at the moment", "words": NO_PDF},
            status=HTTPStatus.SERVICE_UNAVAILABLE,
        )
    if request.method == "GET":
        visits.note_read(visit, "report file", address=client_address(request))
    response = stored_file(file.path, "application/pdf")
    disposition = content_disposition_header(as_attachment=True, filename=file.name)
    response["Content-Disposition"] = disposition or "attachment"
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response["X-Content-Type-Options"] = "nosniff"
    return response


@for_guests("report", is_page=False)
@require_safe
def guest_report_picture(request: HttpRequest, visit: GuestVisit, instance_uid: str, frame_number: int) -> HttpResponse:
    """Send a key image that the signed report holds, and no other image."""
    instance = get_object_or_404(Instance, series__study_id=visit.share.study_id, sop_instance_uid=instance_uid)
    if not holds(_report(visit.share), instance_uid, frame_number):
        raise Http404
    return picture(request, instance, frame_number)


@for_guests(is_page=False, is_presence=False)
@require_safe
def guest_session(request: HttpRequest, visit: GuestVisit) -> JsonResponse:
    """Tell the viewer that the visit goes on."""
    return JsonResponse({"user": "", "csrfToken": ""})


@for_guests()
@require_POST
def guest_leave(request: HttpRequest, visit: GuestVisit) -> HttpResponse:
    """End the visit."""
    visits.end_visit(visit)
    response = render(request, "sharing/left.html", {"facility": visit.share.study.facility})
    forget(response, visit)
    return response


def _report(share: Share) -> Report | None:
    """Return the report of a shared study once it is signed, if it was shared."""
    if not share.has_report:
        return None
    signed = Report.objects.filter(study_id=share.study_id, state__in=SIGNED_STATES)
    return signed.select_related("author", "signed_by", "study__facility").first()


def _picture_address(share: Share, report: Report, image: dict[str, Any]) -> str:
    address = reverse("guest_report_picture", args=[share.uid, image["instance"], image["frame"]])
    window = {"center": image["center"], "width": image["width"]}
    return address if image["center"] is None else f"{address}?{urlencode(window)}"

"""The report as a PDF file: for reading, printing and keeping."""

from __future__ import annotations

from http import HTTPStatus

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.utils.http import content_disposition_header
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from noctis.accounts.client_address import client_address
from noctis.accounts.models import User
from noctis.accounts.permissions import signed_in_user
from noctis.audit.actions import record
from noctis.audit.models import Action
from noctis.reports.models import Report, ReportState
from noctis.reports.output.document import Document, compose, pdf_of
from noctis.reports.output.editions import current_edition, file_of
from noctis.reports.output.letterheads import letterhead_of, logo_of
from noctis.reports.output.models import Edition
from noctis.reports.output.rendering import PdfUnavailable
from noctis.stored_files import stored_file

PDF = "application/pdf"
# A PDF viewer of the browser needs styles of its own; nothing else may be loaded.
READ_ONLY = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"


@require_safe
@cache_control(private=True, no_store=True)
def report_pdf(request: HttpRequest, study_uid: str) -> HttpResponseBase:
    """Send what the report says now; ``?download`` for the disk. A draft is made on the spot and wears its state."""
    user = signed_in_user(request)
    report = get_object_or_404(
        Report.objects.readable_by(user).select_related("study__facility", "signed_by", "author"),
        study__study_instance_uid=study_uid,
        version__gt=0,
    )
    try:
        edition = current_edition(report)
        return _draft(request, user, report) if edition is None else _edition(request, user, edition)
    except PdfUnavailable as error:
        context = {"why": str(error), "study_uid": study_uid}
        return render(request, "report_output/no_pdf.html", context, status=HTTPStatus.SERVICE_UNAVAILABLE)


@require_safe
@cache_control(private=True, no_store=True)
def edition_pdf(request: HttpRequest, study_uid: str, code: str) -> HttpResponseBase:
    """Send an earlier edition, as it was handed out."""
    user = signed_in_user(request)
    found = Edition.objects.readable_by(user).select_related("report__study", "facility")
    edition = get_object_or_404(found, report__study__study_instance_uid=study_uid, code=code)
    try:
        return _edition(request, user, edition)
    except PdfUnavailable as error:
        raise Http404 from error


def _edition(request: HttpRequest, user: User, edition: Edition) -> HttpResponseBase:
    file = file_of(edition)
    response = stored_file(file.path, PDF)
    _note(request, user, edition.report, edition=edition.code[:4], sha256=file.sha256)
    return _named(request, response, file.name)


def _draft(request: HttpRequest, user: User, report: Report) -> HttpResponseBase:
    """Make a file that is not kept: what it says may be different in a minute."""
    facility = report.study.facility
    letterhead = letterhead_of(facility)
    document = Document(
        facility_name=facility.name,
        state=ReportState(report.state),
        **compose(report.study, report.content, ()),
    )
    response = HttpResponse(pdf_of(document, letterhead, logo_of(letterhead)), content_type=PDF)
    _note(request, user, report)
    return _named(request, response, "report-draft.pdf")


def _named(request: HttpRequest, response: HttpResponseBase, name: str) -> HttpResponseBase:
    disposition = content_disposition_header(as_attachment="download" in request.GET, filename=name)
    response["Content-Disposition"] = disposition or "inline"
    response["Content-Security-Policy"] = READ_ONLY
    response["X-Content-Type-Options"] = "nosniff"
    return response


def _note(request: HttpRequest, user: User, report: Report, **detail: str) -> None:
    if request.method != "GET":
        return
    record(
        Action.REPORT_FILE_READ,
        acting_user=user,
        address=client_address(request),
        facility=report.study.facility,
        study_instance_uid=report.study.study_instance_uid,
        version=report.version,
        download="download" in request.GET,
        **detail,
    )

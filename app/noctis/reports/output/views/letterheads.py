"""The facility's letterhead: its form and, while it is typed, a sample report that wears it."""

from __future__ import annotations

from dataclasses import asdict
from http import HTTPStatus

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from noctis.accounts.models import Facility
from noctis.accounts.permissions import administrators_only, signed_in_user
from noctis.problem_details import problem
from noctis.reports.output.document import pdf_of
from noctis.reports.output.forms import LetterheadForm
from noctis.reports.output.letterheads import LetterheadWords, letterhead_of, logo_of, save_letterhead
from noctis.reports.output.models import Letterhead
from noctis.reports.output.rendering import PdfUnavailable
from noctis.reports.output.sample import sample_document


@administrators_only
@require_http_methods(["GET", "HEAD", "POST"])
def letterhead(request: HttpRequest, pk: int) -> HttpResponse:
    """Show and change what a facility prints around its reports."""
    facility = get_object_or_404(Facility, pk=pk)
    present = letterhead_of(facility)
    form = _form(request, present)
    if request.method == "POST" and form.is_valid():
        save_letterhead(
            facility,
            form.words,
            logo=form.cleaned_data["logo"],
            keeps_logo=not form.cleaned_data.get("removes_logo"),
            acting_user=signed_in_user(request),
        )
        messages.success(request, "The letterhead is saved. Reports signed from now on wear it.")
        return redirect("facility_letterhead", pk=pk)
    context = {"form": form, "facility": facility, "has_logo": bool(present.logo_sha256)}
    return render(request, "report_output/letterhead.html", context)


@administrators_only
@require_POST
@never_cache
def preview(request: HttpRequest, pk: int) -> HttpResponse:
    """Make a sample report with what is typed; nothing is kept."""
    facility = get_object_or_404(Facility, pk=pk)
    present = letterhead_of(facility)
    form = _form(request, present)
    if not form.is_valid():
        name, errors = next(iter(form.errors.items()))
        label = form.fields[name].label or name.capitalize() if name in form.fields else ""
        return problem(HTTPStatus.UNPROCESSABLE_ENTITY, f"{label}: {errors[0]}")
    logo = form.cleaned_data["logo"]
    if logo is None and not form.cleaned_data.get("removes_logo"):
        logo = logo_of(present)
    shown = Letterhead(facility=facility, **asdict(form.words))
    try:
        pdf = pdf_of(sample_document(facility), shown, logo)
    except PdfUnavailable as error:
        return problem(HTTPStatus.SERVICE_UNAVAILABLE, str(error))
    return HttpResponse(pdf, content_type="application/pdf")


def _form(request: HttpRequest, present: Letterhead) -> LetterheadForm:
    is_sent = request.method == "POST"
    return LetterheadForm(
        request.POST if is_sent else None,
        request.FILES if is_sent else None,
        initial=asdict(LetterheadWords.of(present)),
        has_logo=bool(present.logo_sha256),
    )

"""Addresses of this app."""

from __future__ import annotations

from django.urls import path

from noctis.reports.output.views import files, letterheads, verification

REPORT = "studies/<uid:study_uid>/report"
FACILITY = "admin/facilities/<int:pk>/letterhead"

urlpatterns = [
    path(f"{REPORT}/pdf", files.report_pdf, name="report_pdf"),
    path(f"{REPORT}/pdf/<slug:code>", files.edition_pdf, name="report_edition_pdf"),
    path(FACILITY, letterheads.letterhead, name="facility_letterhead"),
    path(f"{FACILITY}/preview", letterheads.preview, name="facility_letterhead_preview"),
    path("verify", verification.verify, name="verify"),
]

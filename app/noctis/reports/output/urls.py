"""Addresses of this app."""

from __future__ import annotations

from django.urls import path

from noctis.reports.output.views import deliveries, files, letterheads, receivers, verification

REPORT = "studies/<uid:study_uid>/report"
FACILITY = "admin/facilities/<int:pk>/letterhead"
DELIVERIES = "admin/report-deliveries"
RECEIVERS = "admin/hl7-receivers"

urlpatterns = [
    path(f"{REPORT}/pdf", files.report_pdf, name="report_pdf"),
    path(f"{REPORT}/pdf/<slug:code>", files.edition_pdf, name="report_edition_pdf"),
    path(FACILITY, letterheads.letterhead, name="facility_letterhead"),
    path(f"{FACILITY}/preview", letterheads.preview, name="facility_letterhead_preview"),
    path(DELIVERIES, deliveries.report_deliveries, name="report_deliveries"),
    path(f"{DELIVERIES}/list", deliveries.delivery_list, name="report_delivery_list"),
    path(f"{DELIVERIES}/<int:pk>/send", deliveries.send, name="report_delivery_send"),
    path(f"{DELIVERIES}/<int:pk>/stop", deliveries.stop, name="report_delivery_stop"),
    path(RECEIVERS, receivers.receivers, name="hl7_receivers"),
    path(f"{RECEIVERS}/new", receivers.new_receiver, name="new_hl7_receiver"),
    path(f"{RECEIVERS}/<int:pk>", receivers.edit_receiver, name="edit_hl7_receiver"),
    path("verify", verification.verify, name="verify"),
]

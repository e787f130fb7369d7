"""Addresses of this app."""

from __future__ import annotations

from django.urls import path

from noctis.reports import views

STUDY = "studies/<uid:study_uid>/report"

urlpatterns = [
    path(STUDY, views.report_page, name="report"),
    path(f"{STUDY}/pictures/<uid:instance_uid>/<int:frame_number>", views.report_picture, name="report_picture"),
    path(f"{STUDY}/content", views.report_content, name="report_content"),
    path(f"{STUDY}/lock", views.report_lock, name="report_lock"),
    path(f"{STUDY}/release", views.release_report, name="report_release"),
    path(f"{STUDY}/signature", views.sign_report, name="report_signature"),
    path(f"{STUDY}/addenda", views.add_to_report, name="report_addenda"),
]

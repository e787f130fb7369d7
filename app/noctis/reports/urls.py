"""Addresses of this app."""

from __future__ import annotations

from django.urls import path

from noctis.reports import views
from noctis.reports.critical import views as critical
from noctis.reports.texts import views as texts

STUDY = "studies/<uid:study_uid>/report"

urlpatterns = [
    path(STUDY, views.report_page, name="report"),
    path(f"{STUDY}/pictures/<uid:instance_uid>/<int:frame_number>", views.report_picture, name="report_picture"),
    path(f"{STUDY}/content", views.report_content, name="report_content"),
    path(f"{STUDY}/assistance", views.report_assistance, name="report_assistance"),
    path(f"{STUDY}/lock", views.report_lock, name="report_lock"),
    path(f"{STUDY}/release", views.release_report, name="report_release"),
    path(f"{STUDY}/signature", views.sign_report, name="report_signature"),
    path(f"{STUDY}/addenda", views.add_to_report, name="report_addenda"),
    path(f"{STUDY}/critical", critical.critical_of_study, name="report_critical"),
    path("critical-results", critical.critical_results, name="critical_results"),
    path("critical-results/<int:pk>", critical.critical_result, name="critical_result"),
    path("critical-results/<int:pk>/acknowledge", critical.acknowledge, name="acknowledge_critical_result"),
    path("critical-results/<int:pk>/call", critical.note_call, name="call_about_critical_result"),
    path("critical-results/<int:pk>/withdraw", critical.withdraw, name="withdraw_critical_result"),
    path("admin/critical-categories", critical.categories, name="critical_categories"),
    path("admin/critical-categories/<int:pk>", critical.edit_category, name="edit_critical_category"),
    path("report-templates", texts.templates, name="report_templates"),
    path("report-templates/new", texts.new_template, name="new_report_template"),
    path("report-templates/export", texts.export_templates, name="export_report_templates"),
    path("report-templates/import", texts.import_templates, name="import_report_templates"),
    path("report-templates/<int:pk>", texts.edit_template, name="edit_report_template"),
    path("report-templates/<int:pk>/remove", texts.remove_template, name="remove_report_template"),
    path("report-macros", texts.macros, name="report_macros"),
    path("report-macros/<int:pk>", texts.edit_macro, name="edit_report_macro"),
    path("report-macros/<int:pk>/remove", texts.remove_macro, name="remove_report_macro"),
]

"""Addresses of this app."""

from __future__ import annotations

from django.urls import path

from noctis.viewer import annotation_views, hanging_views, prior_views, views
from noctis.viewer.structured_reports import views as report_views

urlpatterns = [
    path("viewer/hanging-protocols", hanging_views.list_hanging_protocols, name="hanging_protocols"),
    path("viewer/<uid:study_uid>", views.viewer, name="viewer"),
    path("viewer/<uid:study_uid>/annotations", annotation_views.list_annotations, name="annotations"),
    path("viewer/<uid:study_uid>/annotations/<uuid:uid>", annotation_views.change_annotation, name="annotation"),
    path("viewer/<uid:study_uid>/measurement-report", report_views.measurement_report, name="measurement_report"),
    path("viewer/<uid:study_uid>/measurement-reports", report_views.list_reports, name="measurement_reports"),
    path(
        "viewer/<uid:study_uid>/measurement-reports/import",
        report_views.import_report,
        name="import_measurement_report",
    ),
    path("viewer/<uid:study_uid>/priors", prior_views.list_priors, name="priors"),
    path("viewer/<uid:study_uid>/priors/<uid:prior_uid>", prior_views.open_prior, name="open_prior"),
]

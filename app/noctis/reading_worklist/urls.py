"""Addresses of this app."""

from __future__ import annotations

from django.urls import path

from noctis.reading_worklist import views

urlpatterns = [
    path("worklist", views.worklist, name="worklist"),
    path("worklist/filter", views.filter_studies, name="worklist_filter"),
    path("worklist/studies", views.studies, name="worklist_studies"),
    path("worklist/updates", views.updates, name="worklist_updates"),
    path("worklist/after/<uid:study_uid>", views.next_study, name="worklist_next"),
]

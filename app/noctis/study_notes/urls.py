"""Addresses of this app."""

from __future__ import annotations

from django.urls import path

from noctis.study_notes import views

urlpatterns = [
    path("viewer/<uid:study_uid>/notes", views.list_notes, name="study_notes"),
    path("viewer/<uid:study_uid>/notes/<uuid:uid>", views.change_note, name="study_note"),
]

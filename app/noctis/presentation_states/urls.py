"""Addresses of this app."""

from __future__ import annotations

from django.urls import path

from noctis.presentation_states import views

urlpatterns = [
    path("viewer/<uid:study_uid>/presentations", views.keep_presentation, name="presentations"),
]

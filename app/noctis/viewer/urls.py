"""Addresses of this app."""

from __future__ import annotations

from django.urls import path

from noctis.viewer import views

urlpatterns = [path("viewer/<uid:study_uid>", views.viewer, name="viewer")]

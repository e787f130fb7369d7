"""Addresses of this app."""

from __future__ import annotations

from django.urls import path

from noctis.preferences import views

urlpatterns = [
    path("preferences", views.preferences, name="preferences"),
    path("preferences/<slug:name>", views.section, name="preferences_section"),
]

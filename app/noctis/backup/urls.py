"""Addresses of the pages about backups, below ``/admin/``."""

from __future__ import annotations

from django.urls import path

from noctis.backup import views

urlpatterns = [
    path("backups", views.backups, name="backups"),
    path("backups/drills/<slug:name>", views.drill_certificate, name="drill_certificate"),
]

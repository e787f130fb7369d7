"""Addresses of this app."""

from __future__ import annotations

from django.urls import path

from noctis.dashboards import views

urlpatterns = [
    path("dashboards", views.dashboards, name="dashboards"),
    path("dashboards/<slug:key>.csv", views.table_as_csv, name="dashboard_csv"),
]

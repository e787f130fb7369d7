"""Addresses of this app."""

from __future__ import annotations

from django.urls import path

from noctis.readiness import views

urlpatterns = [
    path("admin/go-live", views.go_live, name="go_live"),
    path("admin/go-live/release", views.go_live_release, name="go_live_release"),
    path("admin/go-live/<slug:key>", views.go_live_item, name="go_live_item"),
    path("admin/capacity", views.capacity, name="capacity"),
]

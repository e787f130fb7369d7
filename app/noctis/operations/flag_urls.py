"""Addresses of flags, which technicians have too."""

from __future__ import annotations

from django.urls import path

from noctis.operations.views import flags

urlpatterns = [
    path("flags", flags.flags, name="flags"),
    path("flags/<int:pk>", flags.flag, name="flag"),
    path("flags/<int:pk>/resolve", flags.resolve, name="resolve_flag"),
    path("flags/<int:pk>/reopen", flags.reopen, name="reopen_flag"),
]

"""Addresses of flags, which are older than the inbox and keep their names."""

from __future__ import annotations

from django.urls import path

from noctis.quality_control.views import flags, inbox

urlpatterns = [
    path("flags", inbox.former_flags, name="flags"),
    path("flags/<int:pk>", flags.flag, name="flag"),
    path("flags/<int:pk>/resolve", flags.resolve, name="resolve_flag"),
    path("flags/<int:pk>/reopen", flags.reopen, name="reopen_flag"),
]

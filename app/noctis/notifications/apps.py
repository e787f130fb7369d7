"""Registers the app."""

from __future__ import annotations

from django.apps import AppConfig


class NotificationsConfig(AppConfig):
    """Names the app for Django."""

    name = "noctis.notifications"
    label = "notifications"

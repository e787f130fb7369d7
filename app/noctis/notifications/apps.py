"""Registers the app."""

from __future__ import annotations

from importlib import import_module

from django.apps import AppConfig


class NotificationsConfig(AppConfig):
    """Names the app for Django."""

    name = "noctis.notifications"
    label = "notifications"

    def ready(self) -> None:
        """Tell of what the archive announces, and let pages hear of it."""
        import_module("noctis.notifications.receivers")
        from noctis.live.feed import register  # models are loaded only now
        from noctis.notifications.live_notifications import NOTIFICATIONS

        register(NOTIFICATIONS)

"""Registers the app."""

from __future__ import annotations

from django.apps import AppConfig


class NotificationsConfig(AppConfig):
    """Names the app for Django."""

    name = "noctis.notifications"
    label = "notifications"

    def ready(self) -> None:
        """Let pages hear of new notifications."""
        from noctis.live.feed import register  # models are loaded only now
        from noctis.notifications.live_notifications import NOTIFICATIONS

        register(NOTIFICATIONS)

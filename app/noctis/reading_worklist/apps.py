"""Registers the app."""

from __future__ import annotations

from django.apps import AppConfig


class ReadingWorklistConfig(AppConfig):
    """Names the app for Django."""

    name = "noctis.reading_worklist"
    label = "reading_worklist"

    def ready(self) -> None:
        """Let pages hear which studies changed."""
        from noctis.live.feed import register  # models are loaded only now
        from noctis.reading_worklist.live_studies import STUDIES

        register(STUDIES)

"""Registers the app."""

from __future__ import annotations

from importlib import import_module

from django.apps import AppConfig


class ReadingWorklistConfig(AppConfig):
    """Names the app for Django."""

    name = "noctis.reading_worklist"
    label = "reading_worklist"

    def ready(self) -> None:
        """Let the worklist follow studies and orders, and pages hear which rows changed."""
        import_module("noctis.reading_worklist.receivers")
        from noctis.live.feed import register  # models are loaded only now
        from noctis.reading_worklist.live_studies import STUDIES

        register(STUDIES)

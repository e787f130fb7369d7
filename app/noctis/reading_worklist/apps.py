"""Registers the app."""

from django.apps import AppConfig


class ReadingWorklistConfig(AppConfig):
    """Names the app for Django."""

    name = "noctis.reading_worklist"
    label = "reading_worklist"

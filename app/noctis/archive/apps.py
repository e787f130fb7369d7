"""Registers the app."""

from django.apps import AppConfig


class ArchiveConfig(AppConfig):
    """Names the app for Django."""

    name = "noctis.archive"
    label = "archive"

"""Registers the app."""

from importlib import import_module

from django.apps import AppConfig


class ViewerConfig(AppConfig):
    """Names the app for Django."""

    name = "noctis.viewer"
    label = "viewer"

    def ready(self) -> None:
        """Register the check of the site's hanging protocols."""
        import_module("noctis.viewer.checks")

"""Registers the app."""

from importlib import import_module

from django.apps import AppConfig


class DashboardsConfig(AppConfig):
    """Names the app for Django, and lets it follow the reports."""

    name = "noctis.dashboards"
    label = "dashboards"

    def ready(self) -> None:
        """Connect the receivers."""
        import_module("noctis.dashboards.receivers")

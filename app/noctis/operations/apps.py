"""Registers the app and the system checks."""

from importlib import import_module

from django.apps import AppConfig


class OperationsConfig(AppConfig):
    """Names the app for Django."""

    name = "noctis.operations"
    label = "operations"

    def ready(self) -> None:
        """Register the checks that keep a server with unsafe settings from running."""
        import_module("noctis.checks")

"""Registers the app."""

from importlib import import_module

from django.apps import AppConfig


class AuditConfig(AppConfig):
    """Names the app for Django."""

    name = "noctis.audit"
    label = "audit"

    def ready(self) -> None:
        """Connect the receivers."""
        import_module("noctis.audit.receivers")

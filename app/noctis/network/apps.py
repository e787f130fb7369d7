"""Registers the app."""

from importlib import import_module

from django.apps import AppConfig


class NetworkConfig(AppConfig):
    """Names the app for Django."""

    name = "noctis.network"
    label = "network"

    def ready(self) -> None:
        """Let scheduled steps follow arriving images, and commitments be reported."""
        import_module("noctis.network.scheduled_studies")
        import_module("noctis.network.commitment_reports").register_couriers()

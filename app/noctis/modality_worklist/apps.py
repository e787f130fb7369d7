"""Registers the app."""

from importlib import import_module

from django.apps import AppConfig


class ModalityWorklistConfig(AppConfig):
    """Names the app for Django."""

    name = "noctis.modality_worklist"
    label = "modality_worklist"

    def ready(self) -> None:
        """Make the lookup for wildcards known to every text field."""
        import_module("noctis.database_conditions")

"""Registers the app."""

from importlib import import_module

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    """Names the app for Django."""

    name = "noctis.accounts"
    label = "accounts"

    def ready(self) -> None:
        """Connect the receivers."""
        import_module("noctis.accounts.receivers")

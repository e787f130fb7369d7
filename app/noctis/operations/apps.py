"""Registers the app and the system checks."""

from importlib import import_module

from django.apps import AppConfig


class OperationsConfig(AppConfig):
    """Names the app for Django."""

    name = "noctis.operations"
    label = "operations"

    def ready(self) -> None:
        """Register the checks of the settings, and let the process for outgoing work send e-mail."""
        import_module("noctis.checks")
        from noctis.network import outgoing  # models are loaded only now
        from noctis.notifications.delivery import MailCourier

        outgoing.register(MailCourier(outgoing.retry_after))

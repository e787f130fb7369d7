"""Registers the app."""

from __future__ import annotations

from django.apps import AppConfig

from noctis.network import outgoing


class RoutingConfig(AppConfig):
    """Names the app for Django."""

    name = "noctis.routing"
    label = "routing"

    def ready(self) -> None:
        """Let the process for outgoing work sort what arrived and send what is queued."""
        from noctis.routing.delivery import TransmissionCourier  # models are loaded only now
        from noctis.routing.sorting import Sorter

        outgoing.register(Sorter())
        outgoing.register(TransmissionCourier())

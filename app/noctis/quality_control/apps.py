"""Registers the app."""

from __future__ import annotations

from importlib import import_module

from django.apps import AppConfig


class QualityControlConfig(AppConfig):
    """Names the app for Django."""

    name = "noctis.quality_control"
    label = "quality_control"

    def ready(self) -> None:
        """Follow what changes in the archive."""
        import_module("noctis.quality_control.receivers")

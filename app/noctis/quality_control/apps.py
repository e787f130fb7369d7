"""Registers the app."""

from django.apps import AppConfig


class QualityControlConfig(AppConfig):
    """Names the app for Django."""

    name = "noctis.quality_control"
    label = "quality_control"

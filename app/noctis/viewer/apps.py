"""Registers the app."""

from django.apps import AppConfig


class ViewerConfig(AppConfig):
    """Names the app for Django."""

    name = "noctis.viewer"
    label = "viewer"

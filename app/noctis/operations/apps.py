"""Registers the app."""

from django.apps import AppConfig


class OperationsConfig(AppConfig):
    """Names the app for Django."""

    name = "noctis.operations"
    label = "operations"

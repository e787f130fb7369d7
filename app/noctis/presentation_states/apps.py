"""Registers the app."""

from django.apps import AppConfig


class PresentationStatesConfig(AppConfig):
    """Names the app for Django."""

    name = "noctis.presentation_states"
    label = "presentation_states"

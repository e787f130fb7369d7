"""Registers the app."""

from django.apps import AppConfig


class PreferencesConfig(AppConfig):
    """Names the app for Django."""

    name = "noctis.preferences"
    label = "preferences"

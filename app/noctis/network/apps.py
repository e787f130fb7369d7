"""Registers the app."""

from django.apps import AppConfig


class NetworkConfig(AppConfig):
    """Names the app for Django."""

    name = "noctis.network"
    label = "network"

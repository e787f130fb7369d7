"""Registers the app."""

from django.apps import AppConfig


class KeyImagesConfig(AppConfig):
    """Names the app for Django."""

    name = "noctis.key_images"
    label = "key_images"

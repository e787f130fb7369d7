"""Registers the app."""

from django.apps import AppConfig


class DicomwebConfig(AppConfig):
    """Names the app for Django."""

    name = "noctis.dicomweb"
    label = "dicomweb"

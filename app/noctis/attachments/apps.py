"""Registers the app."""

from django.apps import AppConfig


class AttachmentsConfig(AppConfig):
    """Names the app for Django."""

    name = "noctis.attachments"
    label = "attachments"

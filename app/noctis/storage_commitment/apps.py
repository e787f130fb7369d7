"""Registers the app."""

from django.apps import AppConfig


class StorageCommitmentConfig(AppConfig):
    """Names the app for Django."""

    name = "noctis.storage_commitment"
    label = "storage_commitment"

"""Registers the app."""

from django.apps import AppConfig


class AuditConfig(AppConfig):
    """Names the app for Django."""

    name = "noctis.audit"
    label = "audit"

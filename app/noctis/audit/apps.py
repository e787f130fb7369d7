"""Registers the app."""

from importlib import import_module
from typing import Any

from django.apps import AppConfig
from django.db.models.signals import post_migrate

from noctis.database_privileges import keep_entries


class AuditConfig(AppConfig):
    """Names the app for Django."""

    name = "noctis.audit"
    label = "audit"

    def ready(self) -> None:
        """Connect the receivers, and have the database keep the trail."""
        import_module("noctis.audit.receivers")
        post_migrate.connect(keep_trail, sender=self, dispatch_uid="audit.keep_trail")


def keep_trail(*, using: str, **_: Any) -> None:
    """Let the application add to the trail only; receives Django's signal post_migrate."""
    keep_entries("audit_auditentry", using=using)

"""Registers the app."""

from importlib import import_module
from typing import Any

from django.apps import AppConfig
from django.db.models.signals import post_migrate

from noctis.database_privileges import hide_from_readers


class AccountsConfig(AppConfig):
    """Names the app for Django."""

    name = "noctis.accounts"
    label = "accounts"

    def ready(self) -> None:
        """Connect the receivers, and have the database keep what lets people in from who may only read."""
        import_module("noctis.accounts.receivers")
        post_migrate.connect(hide_keys, sender=self, dispatch_uid="accounts.hide_keys")


def hide_keys(*, using: str, **_: Any) -> None:
    """Hide sessions and password hashes from readers; receives Django's signal post_migrate."""
    hide_from_readers("django_session", using=using)
    hide_from_readers("accounts_user", columns=["password"], using=using)

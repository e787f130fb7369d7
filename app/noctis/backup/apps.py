"""Registers the app."""

from __future__ import annotations

from django.apps import AppConfig


class BackupConfig(AppConfig):
    """Backups, their rehearsal, and what a restore could not bring back."""

    name = "noctis.backup"
    label = "backup"

"""``manage.py note_intake``: called by ``noctis-backup journal``."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from noctis.backup.intake import note_intake


class Command(BaseCommand):
    help = "Note in the journal what was received since the last time."

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(f"{note_intake()} objects are noted.")

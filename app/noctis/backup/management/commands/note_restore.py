"""``manage.py note_restore SNAPSHOT TIME``: called by ``noctis-backup restore`` when the data are in place."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from noctis.backup.reconciling import reconcile


class Command(BaseCommand):
    help = "Compare what was restored with the journal, and name what is missing."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("snapshot", metavar="SNAPSHOT")
        parser.add_argument("taken_at", metavar="TIME", type=datetime.fromisoformat)

    def handle(self, *args: Any, **options: Any) -> None:
        for sentence in reconcile(options["snapshot"], options["taken_at"]).sentences():
            self.stdout.write(sentence)

"""``manage.py note_backup KIND DETAIL``: called by ``noctis-backup`` after each run."""

from __future__ import annotations

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from noctis.backup.actions import ACTIONS, note_backup


class Command(BaseCommand):
    help = "Record a run of the backup command in the audit trail."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("kind", choices=sorted(ACTIONS))
        parser.add_argument("detail", metavar="JSON", type=json.loads)

    def handle(self, *args: Any, **options: Any) -> None:
        note_backup(options["kind"], options["detail"])

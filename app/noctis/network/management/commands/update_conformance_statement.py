"""``manage.py update_conformance_statement``: write the tables of the DICOM Conformance Statement anew."""

from __future__ import annotations

from typing import Any, Final

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from noctis.network.conformance import with_current_tables

STATEMENT: Final = settings.APP_DIR / "docs" / "conformance_statement.md"


class Command(BaseCommand):
    help = "Write the tables of docs/conformance_statement.md from what the DICOM service offers."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--check", action="store_true", help="change nothing, fail where a table is out of date")

    def handle(self, *args: Any, **options: Any) -> None:
        before = STATEMENT.read_text(encoding="utf-8")
        after = with_current_tables(before)
        if before == after:
            return
        if options["check"]:
            raise CommandError(f"{STATEMENT} is out of date: run manage.py update_conformance_statement.")
        STATEMENT.write_text(after, encoding="utf-8")

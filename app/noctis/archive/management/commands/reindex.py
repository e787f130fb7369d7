"""``manage.py reindex``: read the columns of studies and series anew from the stored files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from noctis.archive.models import Study
from noctis.archive.reindex import Progress, reindex

LISTED = 20


class Command(BaseCommand):
    """After an upgrade that indexes more attributes: fill them for what was stored before.

    It can run while the appliance works, and any number of times. Interrupted, it goes on where it was.
    """

    help = "Read the indexed attributes of all studies anew from the stored files."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--restart", action="store_true", help="begin anew where an earlier run was interrupted")

    def handle(self, *_args: Any, **options: Any) -> None:
        marker: Path = settings.NOCTIS_DATA.run / "reindex"
        after = 0 if options["restart"] else _read(marker)
        total = Study.objects.filter(pk__gt=after).count()
        if after:
            self.stdout.write("Going on where an earlier run was interrupted.")

        def report(progress: Progress) -> None:
            marker.write_text(str(progress.last), encoding="ascii")
            self.stdout.write(f"{progress.looked_at} of {total} studies, {progress.changed} changed")
            self.stdout.flush()

        progress = reindex(after, report)
        marker.unlink(missing_ok=True)
        self.stdout.write(f"{progress.changed} of {progress.looked_at} studies were brought up to date.")
        if progress.unreadable:
            named = "\n".join(progress.unreadable[:LISTED])
            raise CommandError(f"{len(progress.unreadable)} objects could not be read from their files:\n{named}")


def _read(marker: Path) -> int:
    try:
        return int(marker.read_text(encoding="ascii"))
    except (FileNotFoundError, ValueError):
        return 0

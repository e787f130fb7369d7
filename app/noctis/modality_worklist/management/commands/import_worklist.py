"""``manage.py import_worklist FOLDER``: schedule what a folder of worklist files holds."""

from __future__ import annotations

import signal
import threading
from pathlib import Path
from typing import Any, Final

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import Error as DatabaseFailure
from django.db import close_old_connections

from noctis.accounts.models import Facility
from noctis.modality_worklist.worklist_folder import FolderReport, WorklistFolder

BAD_FILES: Final = 3
WATCH_SECONDS: Final = 2.0


class Command(BaseCommand):
    help = (
        "Schedule the steps of FOLDER/*.wl and FOLDER/AE_TITLE/*.wl, the worklist files of DCMTK's wlmscpfs. "
        "Importing again changes only what has changed. Exit code 0: everything is imported; 3: some files are bad and "
        "were left out; 1: nothing could be done."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("folder", metavar="FOLDER", type=Path)
        parser.add_argument("--facility", metavar="CODE", help="whose worklist it is; needed when there are several")
        parser.add_argument("--watch", action="store_true", help="go on importing changes until SIGTERM or SIGINT")
        parser.add_argument("--interval", type=float, default=WATCH_SECONDS, help="seconds between looks (%(default)s)")
        parser.add_argument(
            "--cancel-missing", action="store_true", help="cancel steps whose file has gone before they began"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        root: Path = options["folder"]
        if not root.is_dir():
            raise CommandError(f"There is no folder {root}.")
        if options["interval"] <= 0:
            raise CommandError("--interval must be positive.")
        folder = WorklistFolder(root, _facility(options["facility"]), cancel_missing=options["cancel_missing"])
        if options["watch"]:
            self._watch(folder, options["interval"])
            return
        report = self._pass(folder)
        self._tell(report)
        if report.bad:
            raise CommandError("Some files are bad and were left out.", returncode=BAD_FILES)

    def _watch(self, folder: WorklistFolder, interval: float) -> None:
        stop = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stop.set())
        self._tell(self._pass(folder))
        self._say("Watching for changes.")
        while not stop.wait(interval):
            close_old_connections()
            try:
                report = self._pass(folder)
            except CommandError as error:
                self.stderr.write(str(error))  # the folder or the database is away: it may come back
                continue
            if report.changed_anything:
                self._tell(report)

    def _pass(self, folder: WorklistFolder) -> FolderReport:
        try:
            return folder.import_changes()
        except OSError as error:
            raise CommandError(f"The folder cannot be read: {error.strerror}.") from error
        except DatabaseFailure as error:
            raise CommandError(f"The database does not answer: {type(error).__name__}.") from None

    def _tell(self, report: FolderReport) -> None:
        for note in report.notes:
            self.stderr.write(f"{note}.")
        for name, reason in report.bad.items():
            self.stderr.write(f"{name}: {reason}")
        self._say(str(report))

    def _say(self, line: str) -> None:
        self.stdout.write(line)
        self.stdout.flush()


def _facility(code: str | None) -> Facility:
    facilities = Facility.objects.all() if code is None else Facility.objects.filter(code=code)
    found = list(facilities[:2])
    if len(found) == 1:
        return found[0]
    codes = ", ".join(Facility.objects.values_list("code", flat=True)) or "none; add one with add_facility"
    if code is None:
        raise CommandError(f"Say with --facility whose worklist it is. Known codes: {codes}.")
    raise CommandError(f"There is no facility with the code {code}. Known codes: {codes}.")

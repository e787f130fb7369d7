"""``manage.py backup COMMAND``: backups of the embedded default; a server has ``noctis-backup``."""

from __future__ import annotations

import fcntl
from io import StringIO
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection

from noctis.backup.engine.command import execute
from noctis.backup.engine.making import prepare
from noctis.backup.engine.plan import BackupError, Plan


class Command(BaseCommand):
    help = "Make, check, rehearse and restore backups of the embedded default with restic: backup now, backup --help."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("arguments", nargs="+", metavar="COMMAND", help="now, list, check, drill, restore, safe …")
        parser.add_argument("--overwrite-newer", action="store_true", help="also restore where newer data would go")

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.NOCTIS_EMBEDDED:
            raise CommandError("This is a server: use noctis-backup, as root.")
        plan = embedded_plan()
        arguments = [*options["arguments"], *(["--overwrite-newer"] if options["overwrite_newer"] else [])]
        try:
            prepare(plan)
        except BackupError as error:
            raise CommandError(str(error)) from error
        with (settings.NOCTIS_DATA.run / "noctis.lock").open("a") as lock:
            if arguments[0] == "restore":
                _require_stopped(lock.fileno())
            connection.close()
            if execute(plan, arguments, "manage.py backup"):
                raise CommandError("The command failed; the line above says why.")


def embedded_plan() -> Plan:
    """Return how the embedded default is backed up: beside its data folder, unless settings say otherwise."""
    data = settings.NOCTIS_DATA
    data.create()
    data.generated_secret("backup_password")
    folder = settings.NOCTIS_BACKUP_STATE.parent
    return Plan(
        repository=settings.NOCTIS_BACKUP_REPOSITORY,
        password_file=data.root / "backup_password",
        data=data.root,
        work=folder / "work",
        state=settings.NOCTIS_BACKUP_STATE,
        cache=folder / "cache",
        host="noctis",
        database={"kind": "sqlite", "path": str(data.root / "noctis.sqlite3")},
        manage=_manage,
        configuration=(data.root / "secret_key",),
        reserve_gb=1,
        release=settings.VERSION,
    )


def _manage(*arguments: str) -> str:
    said = StringIO()
    call_command(*arguments, stdout=said)
    connection.close()
    return said.getvalue()


def _require_stopped(descriptor: int) -> None:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        raise CommandError("Noctis runs on this data folder. Stop it, then restore.") from error

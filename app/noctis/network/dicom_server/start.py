"""``dicom-server start``: the settings are made of the wishes first, then the service of the application runs."""

from __future__ import annotations

import argparse
import os
import sys
from contextlib import ExitStack

from django.core.checks import ERROR, run_checks
from django.core.management import call_command
from django.core.management.base import CommandError

from noctis.data_directory import DataDirectory
from noctis.loading import load_application
from noctis.network.dicom_server.files_only import prepare_index, refuse_files_only, register, throw_away_index
from noctis.network.dicom_server.options import wishes_of
from noctis.network.dicom_server.place import NotDone, data_directory
from noctis.network.dicom_server.wishes import Database, Wishes, apply


def start(options: argparse.Namespace) -> int:
    """Run the service until SIGTERM or SIGINT. Raises ConfigurationError or NotDone where it cannot start."""
    os.umask(0o077)
    wishes = wishes_of(options)
    data = data_directory(wishes.data_directory)
    apply(wishes.settings(data.root), os.environ)
    os.environ["DJANGO_SETTINGS_MODULE"] = "noctis.settings"
    _make_folders(data)
    try:
        load_application()
        _check(wishes)
        with ExitStack() as stack:
            if wishes.is_files_only:
                stack.enter_context(throw_away_index(data))
            else:
                refuse_files_only(data)
            _prepare(data, wishes)
            _say(data, wishes)
            call_command("start_dicom_service")
    except CommandError as error:
        raise NotDone(str(error)) from error
    return 0


def _make_folders(data: DataDirectory) -> None:
    try:
        data.create()
    except OSError as error:
        raise NotDone(f"{data.root} cannot be the data directory: {error.strerror}.") from error


def _check(wishes: Wishes) -> None:
    """Refuse what the application refuses too, before anything is touched."""
    from django.conf import settings

    if wishes.uses_tls and not settings.NOCTIS_DICOM_TLS_CERTIFICATE:
        raise NotDone(
            "TLS needs a certificate and its key: tlsCertificate and tlsPrivateKey, --tls-certificate and"
            " --tls-private-key, or NOCTIS_DICOM_TLS_CERTIFICATE and NOCTIS_DICOM_TLS_PRIVATE_KEY."
        )
    if wishes.database is not None and wishes.database.kind is Database.POSTGRES and not _is_postgresql():
        raise NotDone(
            "--database postgres needs the address of one: --database-url, databaseURL or NOCTIS_DATABASE_URL."
        )
    if not settings.NOCTIS_EMBEDDED and settings.NOCTIS_DICOM_VERBOSE == "on":
        raise NotDone(
            "verbose is refused on a server: details of associations in the log may show patient data. Where you must"
            " look for a fault, --force-verbose lets it through; keep that log to yourself and delete it afterwards."
        )
    if errors := [message for message in run_checks() if message.level >= ERROR]:
        raise NotDone("\n".join(f"{one.msg} {one.hint or ''}".strip() for one in errors))


def _is_postgresql() -> bool:
    from django.conf import settings

    return str(settings.DATABASES["default"]["ENGINE"]).endswith("postgresql")


def _prepare(data: DataDirectory, wishes: Wishes) -> None:
    """Bring an own database up to date; on a server that is the deployment's matter."""
    from django.conf import settings
    from django.db import Error as DatabaseFailure
    from django.db import connection
    from django.db.migrations.executor import MigrationExecutor

    from noctis.accounts.actions import make_default_facility
    from noctis.archive.rebuild import rebuild_index

    try:
        if not settings.NOCTIS_EMBEDDED:
            executor = MigrationExecutor(connection)
            if executor.migration_plan(executor.loader.graph.leaf_nodes()):
                raise NotDone("The database does not fit this release; run “noctis-manage migrate” first.")
            return
        if not wishes.is_files_only:
            call_command("migrate", verbosity=0, interactive=False)
            make_default_facility()
            return
        prepare_index(data)
        facility = make_default_facility()
        register(settings.NOCTIS_DICOM_ALLOWED_CALLING_AE_TITLES)
        _print(f"{rebuild_index(facility)} objects of the storage are indexed.")
    except DatabaseFailure as error:
        raise NotDone(f"The database does not answer: {str(error).partition(chr(10))[0]}") from error
    finally:
        connection.close()


def _say(data: DataDirectory, wishes: Wishes) -> None:
    """Tell what is about to run; of the database neither password nor options."""
    from django.conf import settings

    database = settings.DATABASES["default"]
    if wishes.is_files_only:
        where = "none, files only"
    elif _is_postgresql():
        where = f"PostgreSQL, {database['NAME']} at {database['HOST'] or 'this machine'}"
    else:
        where = f"SQLite, {database['NAME']}"
    _print(f"AE title:       {settings.NOCTIS_AE_TITLE}")
    _print(f"Data directory: {data.root}")
    _print(f"Database:       {where}")
    _print(f"Associations:   at most {settings.NOCTIS_DICOM_MAX_ASSOCIATIONS} at one time")
    if settings.NOCTIS_DICOM_VERBOSE != "off":
        _print("Verbose: this log may show patient data.")


def _print(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()

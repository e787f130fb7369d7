"""``--database none``: the files are all that lasts; the index is made from them at each start and thrown away."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from noctis.data_directory import DataDirectory
from noctis.env import ConfigurationError
from noctis.network.dicom_server.wishes import FILES_ONLY_INDEX

MARKER: Final = "files-only"
OWN_INDEX: Final = "noctis.sqlite3"
SERVICE_LOCK: Final = "dicom_service.lock"


@contextmanager
def throw_away_index(data: DataDirectory) -> Iterator[None]:
    """Hold the data directory for a service without a database; its index does not outlive it.

    Raises ConfigurationError where a service runs there, or where the files belong to a database: objects that come
    now would be missing in it.
    """
    index = data.root / FILES_ONLY_INDEX
    with (data.run / "files_only.lock").open("w") as own, (data.run / SERVICE_LOCK).open("a") as service:
        _lock(own, data)
        _lock(service, data)
        fcntl.flock(service, fcntl.LOCK_UN)  # the service takes it itself
        _refuse_files_of_a_database(data)
        (data.root / MARKER).touch(mode=0o600)
        _remove(index)
        try:
            yield
        finally:
            _remove(index)


def prepare_index(data: DataDirectory) -> None:
    """Make an index that knows nothing yet.

    All migrations together take seconds, at each start: the empty index that they made is kept for the next.
    """
    from django.core.management import call_command
    from django.db import connection

    index, empty = data.root / FILES_ONLY_INDEX, data.run / f"files_only.empty-{_digest_of_migrations()}.sqlite3"
    if empty.exists():
        shutil.copyfile(empty, index)
        return
    call_command("migrate", verbosity=0, interactive=False)
    connection.close()  # what SQLite still keeps beside the file goes into it
    for outdated in data.run.glob("files_only.empty-*"):
        outdated.unlink()
    part = empty.with_suffix(".part")
    shutil.copyfile(index, part)
    with part.open("rb") as kept:
        os.fsync(kept.fileno())  # half a file after a power cut would keep every later start from working
    part.replace(empty)


def refuse_files_only(data: DataDirectory) -> None:
    """Refuse to keep a database for files that it does not know. Raises ConfigurationError."""
    if (data.root / MARKER).exists():
        raise ConfigurationError(
            f"{data.root} was used with --database none: no database knows its objects. Go on with --database none, or"
            " send the files of its storage folder to a service with a data directory of its own."
        )


def register(titles: Iterable[str]) -> None:
    """Let these AE titles call, from anywhere: without a database nobody else could be registered."""
    from noctis.accounts.models import Facility
    from noctis.network.actions import add_application_entity

    facility = Facility.objects.get(is_default=True)
    for title in titles:
        add_application_entity(ae_title=title, facility=facility, networks=[], acting_user=None)


def _digest_of_migrations() -> str:
    from django.db.migrations.loader import MigrationLoader

    names = sorted(".".join(key) for key in MigrationLoader(None).disk_migrations)
    return hashlib.sha256("\n".join(names).encode()).hexdigest()[:16]


def _refuse_files_of_a_database(data: DataDirectory) -> None:
    is_empty = not any((data.storage).iterdir()) and not any(data.ready.iterdir())
    if (data.root / MARKER).exists():
        return
    if (data.root / OWN_INDEX).exists() or not is_empty:
        raise ConfigurationError(
            f"{data.root} belongs to a database, which would not learn of objects stored with --database none. Name"
            " another data directory."
        )


def _lock(file: object, data: DataDirectory) -> None:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)  # type: ignore[arg-type]
    except BlockingIOError as error:
        raise ConfigurationError(f"Another DICOM service already works in {data.root}.") from error


def _remove(index: Path) -> None:
    for suffix in ("", "-wal", "-shm", "-journal"):
        index.with_name(index.name + suffix).unlink(missing_ok=True)

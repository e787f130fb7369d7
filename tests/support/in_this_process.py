"""The application in the tests' own process, on the database and the data directory of a program under test.

For what only prepares a test: to start a program for each step would load the whole application every time, which takes
more than a second of a processor.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from django.db import connections
from django.db.utils import ConnectionHandler
from django.test import override_settings

from noctis import settings as own
from noctis.data_directory import DataDirectory
from noctis.env import Environment, database

LOCAL_CACHE = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}


@contextmanager
def application_on(settings: Mapping[str, str]) -> Iterator[None]:
    """Let this thread's Django work as a program with these settings would, as far as database and files go."""
    environment = Environment(dict(settings))
    folder = DataDirectory(Path(environment.text("NOCTIS_DATA_DIR")))
    password = environment.changing_secret("NOCTIS_DATABASE_PASSWORD")
    wanted = database(environment.text("NOCTIS_DATABASE_URL", ""), password, folder.root / "noctis.sqlite3")
    connection = ConnectionHandler({"default": wanted})["default"]
    connection.ensure_connection = lambda: None  # type: ignore[method-assign]  # pytest-django blocks that of the class
    connection.connect()
    before, connections["default"] = connections["default"], connection
    try:
        with (
            override_settings(NOCTIS_DATA=folder, PASSWORD_HASHERS=own.PASSWORD_HASHERS, CACHES=LOCAL_CACHE),
            warnings.catch_warnings(),
        ):
            warnings.simplefilter("ignore")  # a program would print them
            yield
    finally:
        connections["default"] = before
        connection.close()

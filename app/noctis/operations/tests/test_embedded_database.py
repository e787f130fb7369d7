"""The database of the embedded default is a file that survives a power cut and is not opened for each request."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.utils import ConnectionHandler
from pytest_django import DjangoDbBlocker

from noctis.env import sqlite_database


@pytest.fixture
def connection(tmp_path: Path, django_db_blocker: DjangoDbBlocker) -> Iterator[BaseDatabaseWrapper]:
    handler = ConnectionHandler({"default": sqlite_database(tmp_path / "noctis.sqlite3")})
    with django_db_blocker.unblock():
        yield handler["default"]
        handler["default"].close()


def answer(connection: BaseDatabaseWrapper, pragma: str) -> object:
    with connection.cursor() as cursor:
        return cursor.execute(f"PRAGMA {pragma}").fetchone()[0]


def test_a_commit_is_on_the_disk(connection: BaseDatabaseWrapper) -> None:
    full = 2
    assert (answer(connection, "journal_mode"), answer(connection, "synchronous")) == ("wal", full)


def test_the_next_request_finds_it_open(connection: BaseDatabaseWrapper) -> None:
    connection.ensure_connection()
    opened = connection.connection
    connection.close_if_unusable_or_obsolete()  # as at the end of a request
    assert opened is not None
    assert connection.connection is opened

"""The database in threads that live as long as an association."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connections


@contextmanager
def database_session() -> Iterator[None]:
    """Use the database for one piece of work.

    The connection is closed afterwards: an association may be silent for minutes, and the next piece of work then finds
    a database that has been restarted meanwhile.
    """
    try:
        yield
    finally:
        connections.close_all()

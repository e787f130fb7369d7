"""The database in threads that live as long as an association.

To sign in to PostgreSQL takes many times as long as the usual query. What a thread has done with is therefore kept for
the next one, in processes that ask for it.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from django.db import DEFAULT_DB_ALIAS, connections
from django.db.backends.base.base import BaseDatabaseWrapper

MOST_KEPT: Final = 4
_kept: list[BaseDatabaseWrapper] = []
_kept_lock = threading.Lock()
_keeps = False


def keep_connections() -> None:
    """Keep connections in this process from now on. It must not fork: two processes cannot share a connection."""
    global _keeps  # noqa: PLW0603  (it is the process that keeps them)
    _keeps = True


def close_connections() -> None:
    """Sign out, before the process ends: to the database a client that is just gone is a failure."""
    connections.close_all()
    while _kept:
        _kept.pop().close()


@contextmanager
def database_session() -> Iterator[None]:
    """Use the database for one piece of work.

    The thread has no connection afterwards: an association may be silent for minutes, and holds none meanwhile. After a
    failure the connection is closed. One that was kept is tested before its first query, so that a database which has
    been restarted is found again, and no longer used once it is older than CONN_MAX_AGE.
    """
    _take()
    try:
        yield
    except BaseException:
        connections.close_all()
        raise
    _give_back()


def _take() -> None:
    if connections[DEFAULT_DB_ALIAS].connection is not None:
        return
    with _kept_lock:
        if not _kept:
            return
        wrapper = _kept.pop()
    connections[DEFAULT_DB_ALIAS] = wrapper
    wrapper.close_if_unusable_or_obsolete()


def _give_back() -> None:
    wrapper = connections[DEFAULT_DB_ALIAS]
    wrapper.close_if_unusable_or_obsolete()
    if wrapper.connection is not None and not wrapper.in_atomic_block and _keep(wrapper):
        del connections[DEFAULT_DB_ALIAS]
    else:
        connections.close_all()


def _keep(wrapper: BaseDatabaseWrapper) -> bool:
    with _kept_lock:
        if not _keeps or len(_kept) >= MOST_KEPT:
            return False
        if not wrapper.allow_thread_sharing:
            wrapper.inc_thread_sharing()
        _kept.append(wrapper)
    return True

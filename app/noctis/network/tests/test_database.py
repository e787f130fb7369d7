"""Connections to the database: kept from one piece of work to the next, never for two, never after a failure."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator

import pytest
from django.db import OperationalError, connection

from noctis.network import database
from noctis.network.database import MOST_KEPT, close_connections, database_session, keep_connections
from tests.support.dicom_service import DicomService
from tests.support.peers import echoscu
from tests.support.waiting import wait_for


@pytest.fixture
def _keeping(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(database, "_keeps", False)
    keep_connections()
    yield
    close_connections()


def in_threads(*works: Callable[[], None]) -> None:
    """Run each in a thread of its own, all at once, as associations do."""
    threads = [threading.Thread(target=work) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def query() -> object:
    """Ask the database something; return the connection that was used."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return connection.connection


def work(used: list[object]) -> Callable[[], None]:
    """Return one piece of work that notes its connection."""

    def ask() -> None:
        with database_session():
            used.append(query())

    return ask


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("_keeping")
def test_the_next_thread_goes_on_with_the_connection_of_the_last() -> None:
    used: list[object] = []

    for _ in range(3):
        in_threads(work(used))

    assert len(used) == 3
    assert len({id(one) for one in used}) == 1


@pytest.mark.django_db(transaction=True)
def test_without_being_asked_to_a_process_keeps_none() -> None:
    used: list[object] = []

    for _ in range(2):
        in_threads(work(used))

    assert len({id(one) for one in used}) == 2
    assert not database._kept


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("_keeping")
def test_two_threads_at_once_have_two_connections_and_few_are_kept() -> None:
    used: list[object] = []
    together = threading.Barrier(MOST_KEPT + 2)

    def ask() -> None:
        with database_session():
            used.append(query())
            together.wait()

    in_threads(*[ask] * (MOST_KEPT + 2))

    assert len({id(one) for one in used}) == MOST_KEPT + 2
    assert len(database._kept) == MOST_KEPT


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("_keeping")
def test_after_a_failure_the_connection_is_not_used_again() -> None:
    used: list[object] = []

    def fail() -> None:
        with pytest.raises(ValueError, match="defect"), database_session():
            used.append(query())
            raise ValueError("defect")

    in_threads(fail)
    in_threads(work(used))

    assert len({id(one) for one in used}) == 2


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("_keeping")
def test_an_old_connection_is_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    used: list[object] = []
    in_threads(work(used))
    monkeypatch.setattr(database._kept[0], "close_at", 0.0)

    in_threads(work(used))

    assert len({id(one) for one in used}) == 2


@pytest.mark.django_db(transaction=True)
@pytest.mark.postgresql
@pytest.mark.usefixtures("_keeping")
def test_a_connection_that_the_server_has_ended_is_replaced() -> None:
    used: list[object] = []

    def end() -> None:
        with database_session(), connection.cursor() as cursor, pytest.raises(OperationalError):
            cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")

    in_threads(end)
    in_threads(work(used))
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
    in_threads(work(used))

    assert len({id(one) for one in used}) == 2


@pytest.mark.integration
@pytest.mark.skipif("NOCTIS_DATABASE_URL" not in os.environ, reason="SQLite knows no sessions")
def test_associations_one_after_another_sign_in_once(new_service) -> None:
    service: DicomService = new_service(processes=1)
    sessions = "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"

    def signed_in() -> set[tuple[object, ...]]:
        return set(service.rows(sessions))

    assert echoscu(service.port).returncode == 0
    wait_for(lambda: len(signed_in()) >= 3, "the indexer, the sender and the acceptor")
    kept = signed_in()
    for _ in range(3):
        assert echoscu(service.port).returncode == 0

    assert kept <= signed_in()
    assert len(signed_in()) <= len(kept) + 1, "only what is done at once needs another"

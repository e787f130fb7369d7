"""The dispatcher of outgoing work: every destination is served, none twice at once, and no failure stops the others."""

from __future__ import annotations

import threading
from collections.abc import Hashable, Iterable
from datetime import timedelta

import pytest
from django.db import OperationalError, connection

from noctis.network.outgoing import Dispatcher, IsStopping, retry_after
from tests.support.waiting import wait_for


class Recorder:
    """A courier whose deliveries wait until they are let go."""

    def __init__(self, *destinations: Hashable) -> None:
        self.destinations: list[Hashable] = list(destinations)
        self.begun: list[Hashable] = []
        self.let_go = threading.Event()
        self.was_told_to_stop = False

    def due(self) -> Iterable[Hashable]:
        return self.destinations

    def deliver(self, destination: Hashable, is_stopping: IsStopping) -> None:
        self.begun.append(destination)
        wait_for(lambda: self.let_go.is_set() or is_stopping(), "the end of the delivery")
        self.was_told_to_stop = is_stopping()


class Broken(Recorder):
    """A courier that fails in everything but the first question."""

    def deliver(self, destination: Hashable, is_stopping: IsStopping) -> None:
        super().deliver(destination, is_stopping)
        raise ValueError("Doe^John")


def test_a_destination_is_served_by_one_thread_at_a_time_and_others_meanwhile() -> None:
    courier = Recorder("A", "B")
    dispatcher = Dispatcher([courier])

    dispatcher.dispatch()
    wait_for(lambda: len(courier.begun) == 2, "both destinations")
    dispatcher.dispatch()
    courier.let_go.set()
    dispatcher.stop()

    assert sorted(map(str, courier.begun)) == ["A", "B"]


def test_what_is_due_again_is_done_again() -> None:
    courier = Recorder("A")
    courier.let_go.set()
    dispatcher = Dispatcher([courier])

    def is_begun_twice() -> bool:
        dispatcher.dispatch()
        return len(courier.begun) >= 2

    wait_for(is_begun_twice, "the second delivery")
    dispatcher.stop()


def test_a_delivery_learns_that_the_service_stops() -> None:
    courier = Recorder("A")
    dispatcher = Dispatcher([courier])
    dispatcher.dispatch()
    wait_for(lambda: bool(courier.begun), "the delivery")

    dispatcher.stop()

    assert courier.was_told_to_stop


def test_a_failure_is_logged_without_values_and_the_work_stays_due(caplog) -> None:
    courier = Broken("A")
    courier.let_go.set()
    dispatcher = Dispatcher([courier])

    def has_failed_twice() -> bool:
        dispatcher.dispatch()
        return len(courier.begun) >= 2

    wait_for(has_failed_twice, "the second attempt")
    dispatcher.stop()

    assert "unexpected ValueError" in caplog.text
    assert "Doe" not in caplog.text


def test_a_database_that_is_away_is_asked_again(caplog) -> None:
    class Unreachable(Recorder):
        def due(self) -> Iterable[Hashable]:
            raise OperationalError("password")

    dispatcher = Dispatcher([Unreachable()])
    dispatcher.dispatch()
    dispatcher.dispatch()
    dispatcher.stop()

    assert caplog.text.count("OperationalError") == 2
    assert "password" not in caplog.text


class Asking(Recorder):
    """A courier that has nothing to do and notes over which connection it has learnt that."""

    def __init__(self) -> None:
        super().__init__()
        self.asked_over: list[object] = []

    def due(self) -> Iterable[Hashable]:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        self.asked_over.append(connection.connection)
        return ()


@pytest.mark.django_db(transaction=True)
def test_one_connection_is_asked_again_and_again() -> None:
    courier = Asking()
    dispatcher = Dispatcher([courier, courier])

    dispatcher.dispatch()
    dispatcher.dispatch()
    dispatcher.stop()

    assert len(courier.asked_over) == 4
    assert len({id(used) for used in courier.asked_over}) == 1


@pytest.mark.django_db(transaction=True)
@pytest.mark.postgresql
def test_a_database_that_has_restarted_is_asked_over_another_connection(caplog) -> None:
    courier = Asking()
    dispatcher = Dispatcher([courier])
    dispatcher.dispatch()
    with connection.cursor() as cursor, pytest.raises(OperationalError):
        cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")

    dispatcher.dispatch()
    dispatcher.stop()

    assert len({id(used) for used in courier.asked_over}) == 2
    assert not caplog.text


def test_the_pauses_grow_up_to_an_hour() -> None:
    assert [retry_after(attempts) for attempts in (1, 2, 3)] == [
        timedelta(seconds=30),
        timedelta(seconds=60),
        timedelta(seconds=120),
    ]
    assert retry_after(8) == retry_after(100_000) == timedelta(hours=1)

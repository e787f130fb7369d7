"""What Noctis sends on its own account: one process looks for due work and does it, one destination per thread.

What is to be done, how often it was tried and when it is tried again stands in the database, so that nothing is lost
when the process ends. Whoever has such work registers a Courier.
"""

from __future__ import annotations

import logging
import selectors
import threading
from collections.abc import Callable, Hashable, Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Final, Protocol

from django.db import Error as DatabaseFailure
from django.db import close_old_connections

from noctis.network.database import database_session
from noctis.network.defects import log_defect
from noctis.network.stop_signal import StopSignal

logger = logging.getLogger(__name__)

POLL_SECONDS: Final = 1.0
MOST_AT_ONCE: Final = 8
FIRST_RETRY: Final = timedelta(seconds=30)
LONGEST_RETRY: Final = timedelta(hours=1)

IsStopping = Callable[[], bool]


class Courier(Protocol):
    """Does one kind of work, such as the forwarding of images."""

    def due(self) -> Iterable[Hashable]:
        """Return the destinations for which there is work to do now."""

    def deliver(self, destination: Hashable, is_stopping: IsStopping) -> None:
        """Do what is due for a destination, and write down how it went; end early where ``is_stopping()`` holds.

        Never runs twice at once for the same destination. What is left undone is asked for again.
        """


_couriers: list[Courier] = []


def register(courier: Courier) -> None:
    """Let ``courier`` work; called when the application starts."""
    _couriers.append(courier)


def retry_after(attempts: int) -> timedelta:
    """Return how long to wait after ``attempts`` failures in a row, at least one: ever longer, up to an hour."""
    return LONGEST_RETRY if attempts > 16 else min(LONGEST_RETRY, FIRST_RETRY * 2 ** (attempts - 1))  # noqa: PLR2004


class Dispatcher:
    """Gives what is due to threads."""

    def __init__(self, couriers: Iterable[Courier]) -> None:
        """Prepare; nothing is looked for before ``dispatch``."""
        self._couriers = list(couriers)
        self._threads = ThreadPoolExecutor(MOST_AT_ONCE, "outgoing")
        self._busy: set[tuple[Courier, Hashable]] = set()
        self._lock = threading.Lock()
        self._is_stopping = False

    def dispatch(self) -> None:
        """Begin what is due and not begun yet.

        The connection stays open: to sign in anew each time is most of the work where nothing is due.
        """
        close_old_connections()  # after a restart of the database, too
        for courier in self._couriers:
            try:
                due = list(courier.due())
            except DatabaseFailure as error:
                logger.warning("what is due cannot be read, the database does not answer: %s", type(error).__name__)
                return
            for destination in due:
                self._begin(courier, destination)

    def stop(self) -> None:
        """Let the threads end what they are at, and wait for them."""
        self._is_stopping = True
        self._threads.shutdown(cancel_futures=True)

    def _begin(self, courier: Courier, destination: Hashable) -> None:
        with self._lock:
            if (courier, destination) in self._busy:
                return
            self._busy.add((courier, destination))
        self._threads.submit(self._deliver, courier, destination)

    def _deliver(self, courier: Courier, destination: Hashable) -> None:
        try:
            with database_session():
                courier.deliver(destination, lambda: self._is_stopping)
        except Exception as error:  # noqa: BLE001  (the others go on; what failed is due again)
            log_defect(logger, error)
        finally:
            with self._lock:
                self._busy.discard((courier, destination))


def run_outgoing(stop: StopSignal) -> None:
    """Work until ``stop`` is set."""
    dispatcher = Dispatcher(_couriers)
    with selectors.DefaultSelector() as selector:
        selector.register(stop, selectors.EVENT_READ)
        while not stop.is_set():
            dispatcher.dispatch()
            selector.select(POLL_SECONDS)
            stop.clear_wakeups()
    dispatcher.stop()

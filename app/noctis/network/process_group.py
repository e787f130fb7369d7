"""A parent and its forked children: what dies is replaced, what shall stop is told once and then made to.

No child outlives the parent, however that ends: each watches a pipe that the parent alone holds open.
"""

from __future__ import annotations

import gc
import logging
import os
import selectors
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from django.db import connections

from noctis.network.database import close_connections
from noctis.network.defects import log_defect
from noctis.network.stop_signal import StopSignal

logger = logging.getLogger(__name__)

CHILD_FAILED = 1
PARENT_IS_GONE = 70
FIRST_PAUSE_SECONDS = 0.5
LONGEST_PAUSE_SECONDS = 30.0
STEADY_SECONDS = 60.0
REAP_SECONDS = 0.05
HANDLED = frozenset({signal.SIGTERM, signal.SIGINT, signal.SIGCHLD, signal.SIGUSR1, signal.SIGHUP})

Announce = Callable[[], None]
Main = Callable[[StopSignal, Announce], None]


@dataclass
class Child:
    """A process of the group.

    ``main`` runs in it until its StopSignal is set by one of ``stop_signals``; it calls its second argument when it has
    begun its work. ``on_end`` runs in the parent each time the process has ended. One that ``reloads`` is sent the
    SIGHUP that the parent gets.
    """

    name: str
    main: Main
    stop_signals: Sequence[signal.Signals] = (signal.SIGTERM, signal.SIGINT)
    on_end: Callable[[], None] = lambda: None
    reloads: bool = False
    pid: int | None = None
    started_at: float = 0.0
    failures: int = 0
    start_at: float = 0.0


class ProcessGroup:
    """Runs children until it is told to stop by SIGTERM or SIGINT."""

    def __init__(self, children: Sequence[Child], on_ready: Announce) -> None:
        """Prepare; ``on_ready`` is called once, when the first child has begun its work."""
        self._children = children
        self._on_ready = on_ready
        self._is_ready = False
        self._lifeline = os.pipe()
        self._announcements = os.pipe()
        os.set_blocking(self._announcements[0], False)
        self._stop = StopSignal(signal.SIGTERM, signal.SIGINT)
        signal.signal(signal.SIGCHLD, lambda _number, _frame: None)  # so that it wakes the loop
        if any(child.reloads for child in children):
            self._stop.listen_for_reload()

    def run(self) -> None:
        """Keep every child running until the group is told to stop."""
        gc.freeze()  # else each child copies the memory that it shares with the parent when it looks for garbage
        with selectors.DefaultSelector() as selector:
            selector.register(self._stop, selectors.EVENT_READ)
            selector.register(self._announcements[0], selectors.EVENT_READ)
            while not self._stop.is_set():
                self._start_due()
                selector.select(self._seconds_until_due())
                self._stop.clear_wakeups()
                if self._stop.take_reload():
                    self._reload()
                self._reap()
                self._heed_announcements()

    def stop(self, children: Sequence[Child], seconds: float) -> None:
        """Tell ``children`` to stop, wait up to ``seconds`` and kill what is left."""
        for child in children:
            if child.pid is not None:
                os.kill(child.pid, child.stop_signals[0])
        deadline = time.monotonic() + seconds
        while any(child.pid for child in children):
            self._reap()
            if time.monotonic() > deadline:
                self._kill(children)
            time.sleep(REAP_SECONDS)

    def _reload(self) -> None:
        for child in self._children:
            if child.reloads and child.pid is not None:
                os.kill(child.pid, signal.SIGHUP)

    def _kill(self, children: Sequence[Child]) -> None:
        for child in children:
            if child.pid is not None:
                logger.error("%s does not stop and is killed", child.name)
                os.kill(child.pid, signal.SIGKILL)

    def _start_due(self) -> None:
        for child in self._children:
            if child.pid is None and time.monotonic() >= child.start_at:
                self._start(child)

    def _seconds_until_due(self) -> float | None:
        due = [child.start_at for child in self._children if child.pid is None]
        return max(0.0, min(due) - time.monotonic()) if due else None

    def _start(self, child: Child) -> None:
        connections.close_all()  # a connection must not be shared by two processes
        sys.stdout.flush()
        sys.stderr.flush()
        with _signals_held_back():
            pid = os.fork()
            if pid == 0:
                self._become(child)
        child.pid = pid
        child.started_at = time.monotonic()

    def _become(self, child: Child) -> None:
        """Be ``child``: forget what is the parent's, work, and end this process."""
        code = CHILD_FAILED
        try:
            self._stop.close()
            os.close(self._lifeline[1])
            threading.Thread(target=self._end_with_parent, daemon=True).start()
            stop = StopSignal(*child.stop_signals)  # first: to ignore a signal would also drop one that waits
            for number in HANDLED.difference(child.stop_signals):
                signal.signal(number, signal.SIG_IGN)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            signal.pthread_sigmask(signal.SIG_UNBLOCK, HANDLED)
            child.main(stop, self._announce)
            close_connections()
            code = 0
        except BaseException as error:  # noqa: BLE001  (nothing may return into the parent's code)
            log_defect(logger, error)
        finally:
            logging.shutdown()
            os._exit(code)

    def _end_with_parent(self) -> None:
        os.read(self._lifeline[0], 1)
        os._exit(PARENT_IS_GONE)

    def _announce(self) -> None:
        os.write(self._announcements[1], b".")

    def _heed_announcements(self) -> None:
        try:
            os.read(self._announcements[0], 4096)
        except BlockingIOError:
            return
        if not self._is_ready:
            self._is_ready = True
            self._on_ready()

    def _reap(self) -> None:
        for child in self._children:
            if child.pid is None:
                continue
            pid, status = os.waitpid(child.pid, os.WNOHANG)
            if pid:
                child.pid = None
                child.on_end()
                self._plan_restart(child, os.waitstatus_to_exitcode(status))

    def _plan_restart(self, child: Child, code: int) -> None:
        lived = time.monotonic() - child.started_at
        child.failures = 0 if lived >= STEADY_SECONDS else child.failures + 1
        pause = min(FIRST_PAUSE_SECONDS * 2 ** max(0, child.failures - 1), LONGEST_PAUSE_SECONDS)
        child.start_at = time.monotonic() + pause
        if not self._stop.is_set():
            how = f"was killed by signal {-code}" if code < 0 else f"ended with code {code}"
            logger.error("%s %s; another one starts in %.1f s", child.name, how, pause)


@contextmanager
def _signals_held_back() -> Iterator[None]:
    """Keep signals until the code within, or the child forked in it, can handle them."""
    signal.pthread_sigmask(signal.SIG_BLOCK, HANDLED)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, HANDLED)

"""Requests to stop or to reload, made by signals, that a loop can wait for together with its sockets."""

from __future__ import annotations

import os
import signal
from contextlib import suppress
from types import FrameType


class StopSignal:
    """Is set by any of ``signals``; ``fileno`` becomes readable then, and at any other signal that has a handler.

    One per process, made in its main thread.
    """

    def __init__(self, *signals: signal.Signals) -> None:
        """Install the handlers; signals that came while they were blocked are delivered once they are not."""
        self._is_set = False
        self._reload_is_due = False
        self._reader, self._writer = os.pipe()
        os.set_blocking(self._reader, False)
        os.set_blocking(self._writer, False)
        signal.set_wakeup_fd(self._writer, warn_on_full_buffer=False)
        for number in signals:
            signal.signal(number, self._set)

    def fileno(self) -> int:
        """Return the descriptor to wait for."""
        return self._reader

    def is_set(self) -> bool:
        """Whether the process was asked to stop."""
        return self._is_set

    def listen_for_reload(self) -> None:
        """Take SIGHUP as a request to read files anew; without this it ends the process, or is ignored."""
        signal.signal(signal.SIGHUP, self._set_reload)

    def take_reload(self) -> bool:
        """Whether a reload was asked for since the last call."""
        is_due, self._reload_is_due = self._reload_is_due, False
        return is_due

    def clear_wakeups(self) -> None:
        """Make ``fileno`` wait again, after it was readable."""
        with suppress(BlockingIOError):
            os.read(self._reader, 4096)

    def close(self) -> None:
        """Give the descriptors back, in a process that inherited them."""
        signal.set_wakeup_fd(-1)
        os.close(self._reader)
        os.close(self._writer)

    def _set(self, _number: int, _frame: FrameType | None) -> None:
        self._is_set = True

    def _set_reload(self, _number: int, _frame: FrameType | None) -> None:
        self._reload_is_due = True

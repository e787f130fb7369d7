"""The two threads of an association, each woken by what there is to do for it.

pynetdicom's own threads look for something to do a thousand times a second: associations that stay open, as those of
many scanners do, take the processor from those that send, and every message waits for the next look.
"""

from __future__ import annotations

import os
import queue
import select
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final

from pynetdicom import evt
from pynetdicom.ae import ApplicationEntity
from pynetdicom.association import Association
from pynetdicom.dimse import DIMSEServiceProvider
from pynetdicom.dul import DULServiceProvider

# Nothing depends on this look: it bounds how long a thread sleeps that nobody woke.
LONGEST_SLEEP_SECONDS: Final = 1.0
AWAITING_CLOSE: Final = "Sta13"  # of the state machine (PS3.8 9.2.2): what is not there yet is not waited for


class WakingQueue(queue.Queue[Any]):
    """A queue whose reader is woken by each item."""

    def __init__(self, wake: Callable[[], None]) -> None:
        """Begin empty."""
        super().__init__()
        self._wake = wake

    def put(self, item: Any, block: bool = True, timeout: float | None = None) -> None:  # noqa: FBT001, FBT002
        """Add an item."""
        super().put(item, block, timeout)
        self._wake()


class WakingMessages(DIMSEServiceProvider):
    """DIMSE messages (PS3.7) that wake the association's thread."""

    def __init__(self, assoc: WakingAssociation) -> None:
        """Begin with no message."""
        super().__init__(assoc)
        self._wake = assoc.wake
        self.msg_queue = WakingQueue(assoc.wake)

    def wake(self) -> None:
        """Let the thread of the association look at ``has_work``."""
        self._wake()

    @property
    def has_work(self) -> bool:
        """Whether ``get_msg`` has something to give or to do."""
        return not self.msg_queue.empty()


class WakingProvider(DULServiceProvider):
    """The thread that reads and writes PDUs (PS3.8); sleeps until the connection or another thread has something."""

    def __init__(self, assoc: WakingAssociation) -> None:
        """Prepare; nothing is read before ``start``."""
        super().__init__(assoc)
        self._run_loop_delay = 0  # _is_transport_event does the waiting
        self._wakeup: int | None = None
        self._wakeup_lock = threading.Lock()
        self.event_queue = WakingQueue(self.wake)
        self.to_provider_queue = WakingQueue(self.wake)
        self.to_user_queue = WakingQueue(assoc.wake)

    def wake(self) -> None:
        """Let the thread look at its queues."""
        if threading.current_thread() is self:
            return
        with self._wakeup_lock:  # a number that was closed may be somebody else's file
            if self._wakeup is not None:
                os.eventfd_write(self._wakeup, 1)

    def start(self) -> None:
        """Begin to serve the connection. Raises OSError or RuntimeError where the system has no file or thread left."""
        self._wakeup = os.eventfd(0, os.EFD_CLOEXEC | os.EFD_NONBLOCK)
        try:
            super().start()
        except RuntimeError:
            self._forget_wakeup()
            raise

    def run_reactor(self) -> None:
        """Serve the connection until the association has ended."""
        try:
            super().run_reactor()
        finally:
            self._forget_wakeup()

    def kill_dul(self) -> None:
        """Let the thread end."""
        super().kill_dul()
        self.wake()

    def stop_dul(self) -> bool:
        """Let the thread end where nothing is open any more, and wait for it; returns whether it ended."""
        if self.state_machine.current_state != "Sta1":
            return False
        self.kill_dul()
        self.join()
        return True

    def _forget_wakeup(self) -> None:
        with self._wakeup_lock:
            if self._wakeup is not None:
                os.close(self._wakeup)
                self._wakeup = None

    def _is_transport_event(self) -> bool:
        if self.event_queue.empty() and self.state_machine.current_state != AWAITING_CLOSE:
            self._sleep()
        return super()._is_transport_event()

    def _sleep(self) -> None:
        transport = self.socket
        # TLS may have read what no file descriptor shows; a look at what is broken is an event.
        if self._wakeup is None or (transport is not None and transport.ready) or not self.event_queue.empty():
            return
        watched = select.poll()
        watched.register(self._wakeup, select.POLLIN)
        if transport is not None and transport._is_connected and transport.socket is not None:  # noqa: SLF001
            with suppress(OSError, ValueError):  # closed meanwhile by another thread, which left an event
                watched.register(transport.socket, select.POLLIN)
        left = self.artim_timer.remaining
        seconds = min(left, LONGEST_SLEEP_SECONDS) if left > 0 else LONGEST_SLEEP_SECONDS
        watched.poll(seconds * 1000)
        with suppress(BlockingIOError):
            os.eventfd_read(self._wakeup)


class WakingAssociation(Association):
    """An association (PS3.8) whose thread sleeps until there is a message, the end, or nothing for too long.

    Who derives from it sets ``dul`` to a WakingProvider and ``dimse`` to WakingMessages.
    """

    dimse: WakingMessages

    def __init__(self, ae: ApplicationEntity, mode: str) -> None:
        """Prepare; nothing is read or sent before ``start`` or ``request``."""
        self._woken = threading.Event()
        super().__init__(ae, mode)

    def wake(self) -> None:
        """Let the thread look at what there is to do."""
        self._woken.set()

    def kill(self) -> None:
        """Let the thread end."""
        self._kill = True
        self.wake()
        super().kill()

    def _run_reactor(self) -> None:
        while not self._kill:
            self._sleep()
            context_id, message = self.dimse.get_msg(block=False)
            if message is not None and context_id is not None:
                self._serve_request(message, context_id)
            if self.dimse.has_work:
                continue
            if self.is_established and self.acse.is_release_requested():
                self.acse.send_release(is_response=True)
                self.is_released = True
                self._end(evt.EVT_RELEASED)
            elif self.acse.is_aborted():
                self.dul.receive_pdu(wait=False)  # triggers what is bound to its coming
                self.is_aborted = True
                self._end(evt.EVT_ABORTED)
            elif self._sent_abort or not self.dul.is_alive():
                self.kill()
            elif self.dul.idle_timer_expired():
                self.abort()
                self.kill()

    def _sleep(self) -> None:
        """Wait for something to do; whoever stopped the thread to read messages itself finds it paused."""
        self._is_paused = True
        if not self.dimse.has_work:
            self._woken.wait(min(LONGEST_SLEEP_SECONDS, max(0.0, self.dul._idle_timer.remaining)))  # noqa: SLF001
        self._woken.clear()
        self._reactor_checkpoint.wait()
        self._is_paused = False

    def _end(self, event: Any) -> None:
        self.is_established = False
        evt.trigger(self, event, {})
        self.kill()

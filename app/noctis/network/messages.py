"""pynetdicom's DIMSE messages (PS3.7), bounded in memory; no request to cancel is missed."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from io import BytesIO
from typing import Any, Final

from pynetdicom.dimse_messages import C_CANCEL_RQ, DIMSEMessage
from pynetdicom.events import Event
from pynetdicom.pdu_primitives import P_DATA

from noctis.network.waking import WakingMessages

LARGEST_IN_MEMORY: Final = 16 * 1024 * 1024
LARGEST_COMMAND: Final = 64 * 1024
MOST_WAITING: Final = 32
COMMAND_FRAGMENT: Final = 0x01
MOST_CANCELLATIONS: Final = 100


class MessageTooLarge(Exception):
    """The peer sends more than a message that is kept in memory can need; the association ends."""


class TooManyMessages(Exception):
    """The peer sends on without waiting for answers, which nobody negotiated (PS3.7 D.3.3.3); the association ends."""


class CommandWithinMessage(Exception):
    """The peer begins a command where the data set of another should go on; the association ends."""


class BoundedBuffer(BytesIO):
    """Takes so many bytes and no more."""

    def __init__(self, most: int) -> None:
        """Begin empty."""
        super().__init__()
        self._most = most

    def write(self, data: Any) -> int:
        """Add bytes. Raises MessageTooLarge."""
        if self.tell() + len(data) > self._most:
            raise MessageTooLarge
        return super().write(data)


class BoundedMessages(WakingMessages):
    """Puts messages together from their fragments and remembers which requests the peer wants cancelled.

    A request to cancel counts until the ID of the message that it is about is used anew: it may come before that
    message is served, and one that comes after the last response does not reach the next request.
    """

    def __init__(self, assoc: Any) -> None:
        """Begin with no message."""
        super().__init__(assoc)
        self._cancelled: dict[int, None] = {}
        self._when_idle: deque[Callable[[], None]] = deque()

    def call_when_idle(self, work: Callable[[], None]) -> None:
        """Let the thread of the association do ``work`` when no message of the peer waits: no other thread may send."""
        self._when_idle.append(work)
        self.wake()

    @property
    def has_work(self) -> bool:
        """Whether there is a message, or work for the time when there is none."""
        return bool(self._when_idle) or super().has_work

    def get_msg(self, block: bool = False) -> Any:  # noqa: FBT001, FBT002  (as pynetdicom declares it)
        """Return the next message, as pynetdicom does."""
        if self._when_idle and not block and self.msg_queue.empty():
            self._when_idle.popleft()()
        return super().get_msg(block)

    def is_cancelled(self, message_id: int) -> bool:
        """Whether the peer asked to cancel its request ``message_id``."""
        return message_id in self._cancelled

    def receive_primitive(self, primitive: P_DATA) -> None:
        """Take fragments; what completes a message queues it.

        Raises MessageTooLarge, TooManyMessages, and CommandWithinMessage where a data set should go on.
        """
        for value in primitive.presentation_data_value_list:
            one = P_DATA()  # of several fragments pynetdicom drops what follows the end of a message
            one.presentation_data_value_list.append(value)
            self._receive_fragment(one, is_command=bool(value[1][0] & COMMAND_FRAGMENT))

    def _receive_fragment(self, fragment: P_DATA, *, is_command: bool) -> None:
        if self.message is None:
            if self.msg_queue.qsize() >= MOST_WAITING:
                raise TooManyMessages
            self.message = DIMSEMessage()
            self.message.data_set = BoundedBuffer(LARGEST_IN_MEMORY)
            self.message.encoded_command_set = BoundedBuffer(LARGEST_COMMAND)
        elif is_command and self.message.context_id is not None:
            raise CommandWithinMessage  # pynetdicom would forget the file of the data set before
        super().receive_primitive(fragment)

    def note(self, event: Event) -> None:
        """Remember what to cancel; called for each message before it is queued."""
        command = event.message.command_set
        if not isinstance(event.message, C_CANCEL_RQ):
            self._cancelled.pop(command.get("MessageID"), None)
            return
        self.cancel_req.clear()  # pynetdicom takes the eleventh for a request
        self._cancelled[command.get("MessageIDBeingRespondedTo")] = None
        if len(self._cancelled) > MOST_CANCELLATIONS:
            del self._cancelled[next(iter(self._cancelled))]

"""Messages in memory: their size has a bound, and each request to cancel reaches the request that it is about."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from pydicom.dataset import Dataset
from pynetdicom.dimse_messages import C_CANCEL_RQ, C_FIND_RQ

from noctis.network.messages import (
    LARGEST_IN_MEMORY,
    MOST_CANCELLATIONS,
    BoundedBuffer,
    BoundedMessages,
    MessageTooLarge,
)


def received(kind: type, **command: int) -> Any:
    message = kind()
    message.command_set = Dataset()
    for keyword, value in command.items():
        setattr(message.command_set, keyword, value)
    return SimpleNamespace(message=message)


@pytest.fixture
def messages() -> BoundedMessages:
    return BoundedMessages(SimpleNamespace(wake=lambda: None))


def find(messages: BoundedMessages, number: int) -> None:
    messages.note(received(C_FIND_RQ, MessageID=number))


def cancel(messages: BoundedMessages, number: int) -> None:
    messages.note(received(C_CANCEL_RQ, MessageIDBeingRespondedTo=number))


def test_a_request_is_cancelled_also_before_it_is_served(messages):
    find(messages, 1)
    find(messages, 2)
    cancel(messages, 2)
    assert [messages.is_cancelled(number) for number in (1, 2, 3)] == [False, True, False]


def test_a_late_cancellation_is_forgotten_with_the_next_request_of_that_number(messages):
    find(messages, 1)
    cancel(messages, 1)
    find(messages, 1)
    assert not messages.is_cancelled(1)


def test_cancellations_of_nothing_do_not_pile_up(messages):
    for number in range(MOST_CANCELLATIONS + 10):
        messages.cancel_req[number] = None
        cancel(messages, number)
    assert len(messages._cancelled) == MOST_CANCELLATIONS
    assert messages.cancel_req == {}


def test_a_message_has_a_largest_size():
    buffer = BoundedBuffer(LARGEST_IN_MEMORY)
    assert buffer.write(bytes(LARGEST_IN_MEMORY)) == LARGEST_IN_MEMORY
    with pytest.raises(MessageTooLarge):
        buffer.write(b"x")
    assert buffer.getbuffer().nbytes == LARGEST_IN_MEMORY

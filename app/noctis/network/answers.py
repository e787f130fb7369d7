"""What pynetdicom needs so that no answer to a request of ours is lost."""

from __future__ import annotations

from typing import Any

from pynetdicom.events import Event


def keep_answers(event: Event) -> None:
    """Leave every answer to the thread that asked; a handler of EVT_CONN_OPEN.

    The thread of an association polls the same queue for requests of the peer. It pauses while a request waits for its
    answer, but one that was let go a moment ago can take the next answer before it notices that it has to pause again,
    and drops it. A requestor gets no requests, so the poll may always come back empty.
    """
    dimse = event.assoc.dimse
    wait_for_message = dimse.get_msg

    def get_msg(*, block: bool = False) -> tuple[Any, Any]:
        return wait_for_message(block=True) if block else (None, None)

    dimse.get_msg = get_msg  # type: ignore[method-assign, assignment]

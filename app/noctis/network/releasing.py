"""Ends an association that we asked for (A-RELEASE, PS3.8 7.2), within bounds whatever pynetdicom's own thread does."""

from __future__ import annotations

import time
from typing import Final

from pynetdicom.association import Association

PAUSE_SECONDS: Final = 0.001
LEAST_PATIENCE_SECONDS: Final = 5.0


def release(association: Association) -> None:
    """Release an established association; abort it where its thread does not let go of it in time.

    ``Association.release`` waits for its thread to pause, and does so for ever where that thread has just ended.
    """
    if not association.is_established:
        return
    association._reactor_checkpoint.clear()  # noqa: SLF001
    if _is_paused_in_time(association):
        association.acse.negotiate_release()
        association._reactor_checkpoint.set()  # noqa: SLF001
    else:
        association.abort(block=False)


def _is_paused_in_time(association: Association) -> bool:
    """Wait until nobody else reads the answers to a request for release; False where that does not come."""
    deadline = time.monotonic() + max(association.acse_timeout or 0.0, LEAST_PATIENCE_SECONDS)
    while not association._is_paused:  # noqa: SLF001
        if not association.is_alive() or time.monotonic() > deadline:
            return False
        time.sleep(PAUSE_SECONDS)
    return True

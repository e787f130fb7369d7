"""Lets who has just sent objects find them: a query waits until what was acknowledged before it is in the index."""

from __future__ import annotations

import time
from typing import Final

from django.conf import settings

POLL_SECONDS: Final = 0.01


def wait_until_indexed(seconds: float) -> bool:
    """Wait until every object acknowledged so far has left the spool; False where that takes more than ``seconds``.

    What arrives meanwhile is not waited for, so that a busy modality keeps nobody from an answer.
    """
    deadline = time.monotonic() + seconds
    waiting = sorted(settings.NOCTIS_DATA.ready.glob("*.dcm"))  # in the order in which the indexer takes them
    while waiting:
        if not waiting[-1].exists():
            waiting.pop()
        elif time.monotonic() > deadline:
            return False
        else:
            time.sleep(POLL_SECONDS)
    return True

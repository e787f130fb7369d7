"""Waiting for what happens in another process."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

Value = TypeVar("Value")


def wait_for(condition: Callable[[], Value], what: str, *, seconds: float = 60.0) -> Value:
    """Return the first true value of ``condition``; fail with ``what`` when none comes in time."""
    deadline = time.monotonic() + seconds
    while True:
        if value := condition():
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {seconds:.0f} seconds in vain for: {what}")
        time.sleep(0.05)

"""Waiting for what happens in another process."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Protocol, TypeVar

Value = TypeVar("Value")


class Program(Protocol):
    """A running program whose output is collected by a thread."""

    def said(self) -> str:
        """Return what was collected so far."""


def wait_for(condition: Callable[[], Value], what: str, *, seconds: float = 60.0) -> Value:
    """Return the first true value of ``condition``; fail with ``what`` when none comes in time."""
    deadline = time.monotonic() + seconds
    while True:
        if value := condition():
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {seconds:.0f} seconds in vain for: {what}")
        time.sleep(0.05)


def wait_until_said(program: Program, text: str) -> None:
    """Wait until ``program`` has printed ``text``: what it did is often seen before its words were collected."""
    wait_for(lambda: text in program.said(), f"“{text}” among what a program says")

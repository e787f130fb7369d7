"""What one process alone may do in a data directory, also while a service takes the place of another one."""

from __future__ import annotations

import fcntl
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Final

LOCK_SECONDS: Final = 2.0
RETRY_SECONDS: Final = 0.1


class AnotherIsThere(Exception):
    """Another service works in the data directory."""


@contextmanager
def service_in(run: Path, *, takes_over: bool, may_be_succeeded: bool) -> Iterator[None]:
    """Hold the place of the data directory's service, and let only one that takes over stand beside it.

    The children inherit the lock: a new service waits until the last child of one that was killed is gone.
    Raises AnotherIsThere.
    """
    with (run / "dicom_service.lock").open("w") as lock:
        _take(lock, fcntl.LOCK_SH if takes_over else fcntl.LOCK_EX)
        if may_be_succeeded:
            fcntl.flock(lock, fcntl.LOCK_SH)
        yield


@contextmanager
def one_at_a_time(run: Path, name: str, is_stopping: Callable[[], bool]) -> Iterator[bool]:
    """Wait until no other process does what ``name`` says; False where this one shall stop before that."""
    with (run / f"{name}.lock").open("w") as lock:
        while not _is_taken(lock, fcntl.LOCK_EX):
            if is_stopping():
                yield False
                return
            time.sleep(RETRY_SECONDS)
        yield True


def _take(lock: IO[str], kind: int) -> None:
    deadline = time.monotonic() + LOCK_SECONDS
    while not _is_taken(lock, kind):
        if time.monotonic() > deadline:
            raise AnotherIsThere
        time.sleep(RETRY_SECONDS)


def _is_taken(lock: IO[str], kind: int) -> bool:
    try:
        fcntl.flock(lock, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True

"""A request to stop is heard even where the interpreter drops what a signal raises."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator

import pytest

from noctis.operations.embedded import __main__ as embedded

HANDLED = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGALRM)


@pytest.fixture(autouse=True)
def handlers(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Install the handlers, and put back what was there."""
    monkeypatch.setattr(embedded, "AGAIN_SECONDS", 0.05)
    before = {number: signal.getsignal(number) for number in HANDLED}
    embedded._stop_on_signals()
    yield
    signal.setitimer(signal.ITIMER_REAL, 0)
    for number, handler in before.items():
        signal.signal(number, handler)


class Deaf:
    """Is stopped while it goes away: the interpreter only prints what is raised then."""

    def __del__(self) -> None:
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(0)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_stop_that_was_dropped_is_raised_again() -> None:
    Deaf()
    with pytest.raises(embedded.StopRequestedError):
        time.sleep(10)


def test_a_stop_that_was_noticed_is_raised_no_more() -> None:
    with pytest.raises(embedded.StopRequestedError):
        os.kill(os.getpid(), signal.SIGTERM)
    embedded._note_stopping()
    time.sleep(0.2)

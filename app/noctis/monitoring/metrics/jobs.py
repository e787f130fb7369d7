"""How many jobs the worker did, by their names."""

from __future__ import annotations

from typing import Any, Final

from huey import signals
from huey.contrib.djhuey import HUEY
from prometheus_client import Counter

JOBS: Final = Counter("noctis_jobs", "Jobs that the worker did.", ["task", "outcome"])
OUTCOMES: Final = {signals.SIGNAL_COMPLETE: "done", signals.SIGNAL_ERROR: "failed"}


def connect() -> None:
    """Count what the worker in this process does."""
    HUEY.signal(*OUTCOMES)(_count)


def _count(signal: str, task: Any, *_: Any) -> None:
    JOBS.labels(task.name, OUTCOMES[signal]).inc()

"""Where the processes of a program count for the metrics, so that one of them can answer for all.

``prometheus_client`` writes to files in such a folder when it is named before the library is imported. Each program
(web, worker) has a folder of its own that it empties when it starts: its figures then begin anew together, as
Prometheus expects of a counter. Without a folder, as in a management command, a process counts for itself alone.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from noctis.data_directory import DataDirectory

VARIABLE: Final = "PROMETHEUS_MULTIPROC_DIR"


def count_in(data: DataDirectory, program: str) -> None:
    """Let this process, and those that it forks, count for ``program``."""
    folder = _root(data) / program
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    for path in folder.glob("*.db"):
        path.unlink(missing_ok=True)
    os.environ[VARIABLE] = str(folder)


def counting_files(data: DataDirectory) -> Iterator[Path]:
    """Yield the files of every process of every program."""
    yield from _root(data).glob("*/*.db")


def _root(data: DataDirectory) -> Path:
    return data.run / "metrics"

"""A temporary folder for local sockets, whose addresses hold no more than 107 bytes (sun_path)."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def short_folder() -> Iterator[Path]:
    """Give an empty folder right below the temporary one; pytest's own may lie too deep."""
    with tempfile.TemporaryDirectory(prefix="kept-") as folder:
        yield Path(folder)

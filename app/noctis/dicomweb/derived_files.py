"""Files that can be computed again: one folder for each series below ``derived``, named by the series' revision."""

from __future__ import annotations

import os
import secrets
from datetime import timezone
from pathlib import Path
from typing import Final

from django.conf import settings

from noctis.archive.models import Series

FORMAT: Final = 1  # raise it when the content of derived files changes
SERIES_PER_FOLDER: Final = 1000


def revision_of(series: Series) -> str:
    """Return a text that changes whenever the series does."""
    changed = series.changed_at.astimezone(timezone.utc).strftime("%Y%m%d%H%M%S%f")
    return f"{FORMAT}-{series.instance_count}-{changed}"


def series_folder(series: Series) -> Path:
    """Return the folder of a series' derived files."""
    derived: Path = settings.NOCTIS_DATA.derived
    return derived / "series" / str(series.pk // SERIES_PER_FOLDER) / str(series.pk)


def derived_path(series: Series, kind: str, extension: str) -> Path:
    """Return where the derived file of a kind belongs at the series' present revision."""
    return series_folder(series) / f"{kind}-{revision_of(series)}.{extension}"


def write_derived(path: Path, content: bytes) -> None:
    """Put ``content`` in place whole or not at all, readable by the service's user alone."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    unfinished = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(descriptor)  # after a power cut an empty file must not stand where a whole one should
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)


def remove_stale(series: Series) -> None:
    """Remove the derived files of earlier revisions; nothing asks for them any more."""
    current = f"-{revision_of(series)}."
    for path in series_folder(series).glob("*"):
        if current not in path.name:
            path.unlink(missing_ok=True)

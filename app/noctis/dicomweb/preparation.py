"""Derived files of the whole archive: made where they are missing, removed where their series is gone."""

from __future__ import annotations

import logging
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from django.conf import settings

from noctis.archive.models import Series
from noctis.dicomweb.derived_files import derived_path, remove_stale
from noctis.dicomweb.errors import DicomwebError
from noctis.dicomweb.metadata import series_metadata
from noctis.dicomweb.thumbnails import MEDIA_TYPES, series_thumbnail

logger = logging.getLogger(__name__)

AT_A_TIME: Final = 500


@dataclass
class Preparation:
    """How many series were prepared, had everything already, or failed; and how many folders were left over."""

    prepared: int = 0
    complete: int = 0
    failed: int = 0
    left_over: int = 0


def prepare(series: Series) -> None:
    """Make what is missing of a series' derived files and remove those of earlier revisions. Raises DicomwebError."""
    series_metadata(series)
    series_thumbnail(series)
    remove_stale(series)


def prepare_archive() -> Preparation:
    """Bring the derived files of all series up to date; series that arrive meanwhile are left to the worker."""
    done = Preparation()
    for series in Series.objects.select_related("study").order_by("pk").iterator(chunk_size=AT_A_TIME):
        if is_prepared(series):
            done.complete += 1
            continue
        try:
            prepare(series)
            done.prepared += 1
        except (DicomwebError, OSError) as error:
            logger.warning("series %s is not prepared: %s", series.series_instance_uid, type(error).__name__)
            done.failed += 1
    for folder in _left_over():
        shutil.rmtree(folder, ignore_errors=True)  # a running process may be writing there
        done.left_over += 1
    return done


def is_prepared(series: Series) -> bool:
    """Whether all derived files of a series are there, at its present revision."""
    pictures = [derived_path(series, "thumbnail", extension) for extension in MEDIA_TYPES]
    return derived_path(series, "metadata", "json.gz").exists() and any(path.exists() for path in pictures)


def _left_over() -> Iterator[Path]:
    """Yield the folders whose series is no longer in the index."""
    root: Path = settings.NOCTIS_DATA.derived / "series"
    for group in sorted(root.glob("*")):
        folders = {int(path.name): path for path in group.glob("*") if path.name.isdecimal()}
        known = set(Series.objects.filter(pk__in=folders).values_list("pk", flat=True))
        yield from (path for pk, path in folders.items() if pk not in known)

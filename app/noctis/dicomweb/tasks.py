"""Work of the background process: derived files are ready before the viewer asks for them."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Sequence
from typing import Any, Final

from django.db import Error as AnyDatabaseError
from huey.contrib.djhuey import db_task
from redis.exceptions import RedisError

from noctis.archive.models import Series
from noctis.dicomweb.derived_files import revision_of
from noctis.dicomweb.preparation import prepare

logger = logging.getLogger(__name__)

DELAY_SECONDS: Final = 3


@db_task()  # type: ignore[untyped-decorator]  # Huey has no types
def prepare_series(series_id: int, revision: str = "") -> None:
    """Make the derived files of a series and remove those of earlier revisions.

    With ``revision`` nothing is done where the series has changed since: the change has enqueued its own task, so that
    a series that is still arriving is prepared once, at its end.
    """
    series = Series.objects.select_related("study").filter(pk=series_id).first()
    if series is None or (revision and revision_of(series) != revision):
        return
    prepare(series)


def prepare_soon(*, series_ids: Sequence[int], **_: Any) -> None:
    """Enqueue the preparation of series that changed; receives the archive's signal series_changed."""
    try:
        for series in Series.objects.filter(pk__in=series_ids):
            prepare_series.schedule((series.pk, revision_of(series)), delay=DELAY_SECONDS)
    except (AnyDatabaseError, RedisError, sqlite3.Error, OSError) as error:
        # The files are made when first asked for, so nothing is lost but speed.
        logger.warning("job queue or database does not answer, series are not prepared: %s", type(error).__name__)

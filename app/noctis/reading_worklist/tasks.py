"""Housekeeping of the worklist, run by the worker."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from django.utils import timezone
from huey import crontab
from huey.contrib.djhuey import db_periodic_task

from noctis.reading_worklist.actions import expire_claims
from noctis.reading_worklist.following import catch_up

LOOKS_BACK: Final = timedelta(days=1)


@db_periodic_task(crontab(minute="*"))  # type: ignore[untyped-decorator]  # Huey has no types
def keep_in_step() -> None:
    """Release what is held no longer, and follow what was missed."""
    expire_claims()
    catch_up(timezone.now() - LOOKS_BACK)

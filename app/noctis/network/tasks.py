"""Housekeeping of the DICOM network, run by the worker."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from django.utils import timezone
from huey import crontab
from huey.contrib.djhuey import db_periodic_task

from noctis.network.models import AssociationAttempt
from noctis.network.scheduled_studies import look_again

ATTEMPTS_ARE_KEPT: Final = timedelta(days=30)


@db_periodic_task(crontab(hour="3", minute="27"))  # type: ignore[untyped-decorator]  # Huey has no types
def remove_old_attempts() -> None:
    """Remove what peers tried long ago; refusals and deliveries stay in the audit trail."""
    AssociationAttempt.objects.filter(at__lt=timezone.now() - ATTEMPTS_ARE_KEPT).delete()


@db_periodic_task(crontab(minute="*/5"))  # type: ignore[untyped-decorator]  # Huey has no types
def look_for_missing_images() -> None:
    """Count again what modalities say to have made and did not send: an interrupted count is made good here."""
    look_again()

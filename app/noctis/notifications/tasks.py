"""What the worker does for notifications by the clock."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.utils import timezone
from huey import crontab
from huey.contrib.djhuey import db_periodic_task

from noctis.notifications.digest import make_digests
from noctis.notifications.models import OPEN_STATES, Alert, Mail, Notification


@db_periodic_task(crontab(minute="*/5"))  # type: ignore[untyped-decorator]  # Huey has no types
def queue_digests() -> None:
    """Queue the daily digests whose time has come."""
    make_digests(timezone.now())


@db_periodic_task(crontab(hour="3", minute="47"))  # type: ignore[untyped-decorator]  # Huey has no types
def remove_old_notifications() -> None:
    """Remove what was told long ago; who was told stays in the audit trail."""
    old = timezone.now() - timedelta(days=settings.NOCTIS_NOTIFICATION_DAYS)
    Notification.objects.filter(happened_at__lt=old).delete()
    Mail.objects.filter(created_at__lt=old).exclude(state__in=OPEN_STATES).delete()
    Alert.objects.filter(resolved_at__lt=old).delete()

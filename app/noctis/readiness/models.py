"""What people confirmed on the way to go-live, and when the appliance was released for clinical use."""

from __future__ import annotations

from typing import ClassVar, Final

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

LONGEST_NOTE: Final = 300


class Confirmation(models.Model):
    """Somebody says that an item of the checklist is done, or that it does not apply here and why."""

    item = models.CharField(max_length=40, unique=True, help_text="The key of the item, see checklist.py")
    is_waiver = models.BooleanField(default=False, help_text="It does not apply here; the note says why")
    note = models.CharField(max_length=LONGEST_NOTE, blank=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return self.item


class ReleaseQuerySet(models.QuerySet["ClinicalRelease"]):
    """Releases for clinical use."""

    def current(self) -> ReleaseQuerySet:
        """Return the one that counts now, if there is one."""
        return self.filter(is_current=True)


class ClinicalRelease(models.Model):
    """From when, and perhaps until when, the appliance was released for clinical use, and by whom."""

    is_current = models.BooleanField(default=True)
    released_at = models.DateTimeField(default=timezone.now)
    released_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    withdrawn_at = models.DateTimeField(null=True)
    withdrawn_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    reason = models.CharField(max_length=LONGEST_NOTE, blank=True, help_text="Why it was withdrawn")

    objects = ReleaseQuerySet.as_manager()

    class Meta:
        ordering = ("-id",)
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["is_current"], condition=Q(is_current=True), name="released_for_clinical_use_once"
            )
        ]

    def __str__(self) -> str:
        return f"released at {self.released_at:%Y-%m-%d %H:%M}"

"""Files beside the images of a study."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models

from noctis.accounts.visibility import FacilityScopedQuerySet
from noctis.archive.models import Study
from noctis.attachments.names import LONGEST


class Category(models.TextChoices):
    """What a file is for."""

    REFERRAL = "referral", "Referral"
    CONSENT = "consent", "Consent"
    PREVIOUS_REPORT = "previous_report", "Previous report"
    LABORATORY = "laboratory", "Laboratory"
    OTHER = "other", "Other"


class AttachmentQuerySet(FacilityScopedQuerySet["Attachment"]):
    """Attachments to the studies of a facility."""

    facility_path = "study__facility"


class Attachment(models.Model):
    """One file. Its bytes lie in the file area under their SHA-256; a removed one is only no longer shown."""

    uid = models.UUIDField(unique=True)
    study = models.ForeignKey(Study, on_delete=models.PROTECT, related_name="attachments")
    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    category = models.CharField(max_length=20, choices=Category.choices)
    name = models.CharField(max_length=LONGEST, help_text="As its author's computer called it; never a path")
    media_type = models.CharField(max_length=100, help_text="By its content")
    size = models.PositiveBigIntegerField(help_text="Bytes")
    sha256 = models.CharField(max_length=64)
    is_scanned = models.BooleanField(help_text="Whether a virus scanner found nothing in it")
    is_removed = models.BooleanField(default=False)
    added_at = models.DateTimeField(auto_now_add=True)

    objects = AttachmentQuerySet.as_manager()

    class Meta:
        ordering = ("pk",)
        indexes: ClassVar = [models.Index(fields=["study", "is_removed"])]

    def __str__(self) -> str:
        return str(self.uid)

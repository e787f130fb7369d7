"""When the report of each study was there, in a form that a year of them is ranked in quickly."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models

from noctis.accounts.visibility import FacilityScopedQuerySet
from noctis.archive.models import Study


class ReportTimesQuerySet(FacilityScopedQuerySet["ReportTimes"]):
    """Times, scoped by their study."""

    facility_path = "study__facility"


class ReportTimes(models.Model):
    """When a report first became preliminary and when it was signed, and by whom; ``receivers.py`` keeps it."""

    study = models.OneToOneField(Study, on_delete=models.CASCADE, related_name="report_times")
    preliminary_at = models.DateTimeField(null=True, db_index=True)
    signed_at = models.DateTimeField(null=True, db_index=True)
    signed_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")

    objects = ReportTimesQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "report times"
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(signed_at=None, signed_by=None)
                | models.Q(signed_at__isnull=False, signed_by__isnull=False),
                name="who_signed_is_known",
            )
        ]

    def __str__(self) -> str:
        return f"report times of study {self.study_id}"

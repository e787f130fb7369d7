"""Quality control: which images were rejected and why, and which studies were accepted."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models

from noctis.accounts.visibility import FacilityScopedQuerySet
from noctis.archive.models import Instance, Study

LONGEST_COMMENT = 400


class RejectReason(models.Model):
    """A reason for rejecting an image, from the list that administrators keep."""

    name = models.CharField(max_length=80, unique=True)
    position = models.PositiveIntegerField(default=0, help_text="Reasons are offered in this order")
    is_active = models.BooleanField(default=True, help_text="One that is not is kept for the images it was given to")

    class Meta:
        ordering = ("position", "pk")

    def __str__(self) -> str:
        return self.name


class RejectionQuerySet(FacilityScopedQuerySet["Rejection"]):
    """Rejections, scoped by the study of their image."""

    facility_path = "instance__series__study__facility"

    def standing(self) -> RejectionQuerySet:
        """Return those that were not taken back."""
        return self.filter(undone_at=None)

    def of_study(self, study: Study) -> RejectionQuerySet:
        """Return the standing ones of a study with image, series, reason and person."""
        found = self.standing().filter(instance__series__study=study)
        return found.select_related("instance__series", "reason", "rejected_by")


class Rejection(models.Model):
    """An image that somebody rejected. Its bytes stay; one that was taken back stays too, as it was a decision."""

    instance = models.ForeignKey(Instance, on_delete=models.CASCADE, related_name="rejections")
    reason = models.ForeignKey(RejectReason, on_delete=models.PROTECT, related_name="rejections")
    comment = models.CharField(max_length=LONGEST_COMMENT, blank=True)
    is_repeat_requested = models.BooleanField(default=False)
    rejected_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    rejected_at = models.DateTimeField()
    note_uid = models.CharField(max_length=64, blank=True, help_text="Of the object that tells other systems of it")
    undone_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    undone_at = models.DateTimeField(null=True)

    objects = RejectionQuerySet.as_manager()

    class Meta:
        ordering = ("pk",)
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["instance"], condition=models.Q(undone_at=None), name="an_image_is_rejected_once"
            )
        ]

    def __str__(self) -> str:
        return f"rejection of instance {self.instance_id}"


class AcceptanceQuerySet(FacilityScopedQuerySet["Acceptance"]):
    """Acceptances, scoped by their study."""

    facility_path = "study__facility"


class Acceptance(models.Model):
    """A study that somebody looked through and accepted, with as many images as it had then."""

    study = models.OneToOneField(Study, on_delete=models.CASCADE, related_name="acceptance")
    accepted_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    accepted_at = models.DateTimeField()
    instance_count = models.PositiveIntegerField()

    objects = AcceptanceQuerySet.as_manager()

    def __str__(self) -> str:
        return f"acceptance of study {self.study_id}"

"""Annotations: what readers draw and write on images, in every version that there ever was."""

from __future__ import annotations

from typing import ClassVar, Final

from django.conf import settings
from django.db import models

from noctis.accounts.visibility import FacilityScopedQuerySet
from noctis.archive.models import Study

ORIGIN_LENGTH: Final = 200


class AnnotationQuerySet(FacilityScopedQuerySet["Annotation"]):
    """Annotations of the studies of a facility."""

    facility_path = "study__facility"


class Annotation(models.Model):
    """A measurement or remark on one image of a study; ``version`` counts its changes, a removal being one."""

    uid = models.UUIDField(unique=True)
    study = models.ForeignKey(Study, on_delete=models.PROTECT, related_name="annotations")
    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    version = models.PositiveIntegerField(default=0)
    is_removed = models.BooleanField(default=False)
    content = models.JSONField(help_text="As annotation_content.py checks it: the latest version")
    origin = models.CharField(
        max_length=ORIGIN_LENGTH, blank=True, help_text="Who measured it, where it came with a structured report"
    )
    changed_at = models.DateTimeField(auto_now=True)

    objects = AnnotationQuerySet.as_manager()

    class Meta:
        ordering = ("pk",)
        indexes: ClassVar = [models.Index(fields=["study", "is_removed"])]

    def __str__(self) -> str:
        return str(self.uid)


class AnnotationVersion(models.Model):
    """One version of an annotation, never changed."""

    annotation = models.ForeignKey(Annotation, on_delete=models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField()
    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    made_at = models.DateTimeField(auto_now_add=True)
    is_removal = models.BooleanField(default=False)
    content = models.JSONField()

    class Meta:
        ordering = ("annotation", "number")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["annotation", "number"], name="annotation_versions_are_numbered"),
        ]

    def __str__(self) -> str:
        return f"{self.annotation_id} version {self.number}"

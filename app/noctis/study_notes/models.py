"""Study notes: short remarks beside the images, in every version that there ever was."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models

from noctis.accounts.visibility import FacilityScopedQuerySet
from noctis.archive.models import Study


class StudyNoteQuerySet(FacilityScopedQuerySet["StudyNote"]):
    """Notes on the studies of a facility."""

    facility_path = "study__facility"


class StudyNote(models.Model):
    """A remark on a study; ``version`` counts its changes, a removal being one."""

    uid = models.UUIDField(unique=True)
    study = models.ForeignKey(Study, on_delete=models.PROTECT, related_name="notes")
    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    version = models.PositiveIntegerField(default=0)
    is_removed = models.BooleanField(default=False)
    text = models.TextField(help_text="Plain text: the latest version")
    made_at = models.DateTimeField(auto_now_add=True)
    changed_at = models.DateTimeField(auto_now=True)

    objects = StudyNoteQuerySet.as_manager()

    class Meta:
        ordering = ("pk",)
        indexes: ClassVar = [models.Index(fields=["study", "is_removed"])]

    def __str__(self) -> str:
        return str(self.uid)


class StudyNoteVersion(models.Model):
    """One version of a note, never changed."""

    note = models.ForeignKey(StudyNote, on_delete=models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField()
    made_at = models.DateTimeField(auto_now_add=True)
    is_removal = models.BooleanField(default=False)
    text = models.TextField()

    class Meta:
        ordering = ("note", "number")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["note", "number"], name="study_note_versions_are_numbered"),
        ]

    def __str__(self) -> str:
        return f"{self.note_id} version {self.number}"

"""Corrections: what people put right about studies, kept beside the stored objects, whose bytes never change.

An overlay says what goes out instead of what is stored, a placement to which study a received series belongs, and a
correction who decided so, why, and what it was before. Decision 0009 tells why.
"""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from noctis.accounts.models import Facility, User
from noctis.accounts.visibility import FacilityScopedQuerySet
from noctis.archive.models import Patient, Series, Study


class StudyOverlay(models.Model):
    """What the objects of a study say when they go out; a study without one goes out as it is stored.

    Both mappings lead from a keyword to a DICOM value, or to null where the attribute is left out.
    """

    study = models.OneToOneField(Study, on_delete=models.CASCADE, related_name="overlay")
    attributes = models.JSONField(default=dict, help_text="Said by every object of the study")
    adopted = models.JSONField(default=dict, help_text="Said by objects that were received as another study's")
    changed_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"overlay of study {self.study_id}"


class SeriesOverlay(models.Model):
    """What the objects of a series say besides; see StudyOverlay."""

    series = models.OneToOneField(Series, on_delete=models.CASCADE, related_name="overlay")
    attributes = models.JSONField(default=dict)

    def __str__(self) -> str:
        return f"overlay of series {self.series_id}"


class Placement(models.Model):
    """To which study a series belongs that was received with ``study_uid``; without ``series_uid`` all that remain."""

    facility = models.ForeignKey(Facility, on_delete=models.PROTECT, related_name="+")
    study_uid = models.CharField(max_length=64)
    series_uid = models.CharField(max_length=64, blank=True)
    study = models.ForeignKey(Study, on_delete=models.CASCADE, related_name="placements")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["facility", "study_uid", "series_uid"], name="a_series_has_one_place")
        ]

    def __str__(self) -> str:
        return f"place of {self.series_uid or 'the series'} of {self.study_uid}"


class Kind(models.TextChoices):
    """What was done."""

    EDIT_STUDY = "edit_study", "Study corrected"
    EDIT_PATIENT = "edit_patient", "Patient corrected"
    MOVE_STUDY = "move_study", "Study moved to another patient"
    MERGE_PATIENTS = "merge_patients", "Patients merged"
    MERGE_STUDIES = "merge_studies", "Studies merged"
    SPLIT_STUDY = "split_study", "Study split"


class Correction(models.Model):
    """One correction. The latest of a study is the first to be undone, so that ``before`` is what it goes back to."""

    facility = models.ForeignKey(Facility, on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=20, choices=Kind.choices)
    reason = models.CharField(max_length=400)
    changes = models.JSONField(help_text="What people are shown: rows of where, attribute, old and new")
    instances = models.PositiveIntegerField(help_text="How many objects were concerned")
    before = models.JSONField(help_text="As state.py writes it")
    studies = models.ManyToManyField(Study, related_name="corrections")
    patients = models.ManyToManyField(Patient, related_name="corrections")
    made_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    made_at = models.DateTimeField()
    undone_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    undone_at = models.DateTimeField(null=True)
    undone_because = models.CharField(max_length=400, blank=True)

    objects = FacilityScopedQuerySet.as_manager()

    class Meta:
        ordering = ("-id",)

    def __str__(self) -> str:
        return f"correction {self.pk}: {self.kind}"

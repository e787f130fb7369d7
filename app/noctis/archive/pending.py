"""What waits for a person: objects in quarantine, and flags of studies. noctis.archive.models exports them."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from noctis.accounts.models import Facility, User
from noctis.accounts.visibility import FacilityScopedQuerySet


class QuarantineReason(models.TextChoices):
    """Why an acknowledged object was not filed."""

    UNREADABLE = "unreadable", "The object cannot be read"
    SAME_UID_OTHER_BYTES = "same_uid_other_bytes", "Another object with this SOP Instance UID is already stored"
    STUDY_OF_ANOTHER_PATIENT = "study_of_another_patient", "The study is stored under another patient"
    STUDY_OF_ANOTHER_FACILITY = "study_of_another_facility", "The study is stored under another facility"


class QuarantineDecision(models.TextChoices):
    """What a person decided about a quarantined object."""

    DISCARDED = "discarded", "Discarded: what is stored stays as it is"
    ACCEPTED = "accepted", "Filed in its study: the patient is the same"
    SEPARATED = "separated", "Filed as an object of its own, with a new UID"
    RETRIED = "retried", "Tried again"


class QuarantineQuerySet(FacilityScopedQuerySet["QuarantinedObject"]):
    """Quarantined objects of a facility."""

    def undecided(self) -> QuarantineQuerySet:
        """Return those that wait for a person."""
        return self.filter(decision="")


class QuarantinedObject(models.Model):
    """An object that was acknowledged and kept, and about which a person must decide.

    Its bytes stay as they came whatever is decided; only a discarded one is removed, some time later.
    """

    facility = models.ForeignKey(Facility, on_delete=models.PROTECT, related_name="+")
    reception = models.ForeignKey("archive.Reception", on_delete=models.PROTECT, related_name="quarantined")
    reason = models.CharField(max_length=40, choices=QuarantineReason.choices)
    sop_instance_uid = models.CharField(max_length=64, blank=True)
    study_instance_uid = models.CharField(max_length=64, blank=True)
    path = models.CharField(max_length=200, unique=True, help_text="Relative to the quarantine folder")
    sha256 = models.CharField(max_length=64)
    created_at = models.DateTimeField(auto_now_add=True)
    decision = models.CharField(max_length=16, choices=QuarantineDecision.choices, blank=True)
    decided_at = models.DateTimeField(null=True)
    decided_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    explanation = models.CharField(max_length=400, blank=True, help_text="Why it was decided so")
    filed_as = models.CharField(max_length=64, blank=True, help_text="The new SOP Instance UID, where it got one")

    objects = QuarantineQuerySet.as_manager()

    class Meta:
        ordering = ("-id",)
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["facility", "sop_instance_uid", "sha256", "reason"], name="a_conflict_is_kept_once"
            )
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["facility", "study_instance_uid"],
                condition=models.Q(decision=""),
                name="undecided_of_a_facility",
            ),
        ]

    def __str__(self) -> str:
        return f"quarantined object {self.pk}: {self.reason}"


class FlagReason(models.TextChoices):
    """Why a person should look at a study."""

    PATIENT_DIFFERS = "patient_differs", "Another name, birth date or sex under the same Patient ID"
    STUDY_OF_ANOTHER_PATIENT = "study_of_another_patient", "Images of another patient came for this study"
    SAME_UID_OTHER_BYTES = "same_uid_other_bytes", "Another object came with the UID of a stored one"
    SERIES_OF_ANOTHER_STUDY = "series_of_another_study", "Another study has a series with the same UID"
    MISSING_ATTRIBUTES = "missing_attributes", "Attributes are missing"
    ADAPTED_VALUES = "adapted_values", "Values could not be taken as they are"

    @property
    def is_quarantined(self) -> bool:
        """Whether the objects that gave cause for it are in quarantine and not in the study."""
        return self in {FlagReason.STUDY_OF_ANOTHER_PATIENT, FlagReason.SAME_UID_OTHER_BYTES}


class StudyFlagQuerySet(FacilityScopedQuerySet["StudyFlag"]):
    """Flags, scoped by their study."""

    facility_path = "study__facility"

    def open(self) -> StudyFlagQuerySet:
        """Return those that nobody has resolved."""
        return self.filter(resolved_at=None)


class StudyFlag(models.Model):
    """Something about a study that a person should look at; nothing was changed because of it.

    ``differences`` holds what noctis.archive.discrepancies.Difference describes. What has the same ``fingerprint`` is
    counted here, also after it was resolved: who resolved it decided about this difference.
    """

    study = models.ForeignKey("archive.Study", on_delete=models.CASCADE, related_name="flags")
    reason = models.CharField(max_length=40, choices=FlagReason.choices)
    fingerprint = models.CharField(max_length=64, blank=True)
    differences = models.JSONField(default=list)
    count = models.PositiveIntegerField(default=1, help_text="In how many objects")
    ae_title = models.CharField(max_length=16, blank=True, help_text="Who sent the last of them")
    sop_instance_uid = models.CharField(max_length=64, blank=True, help_text="Of the last of them")
    first_at = models.DateTimeField()
    last_at = models.DateTimeField()
    resolved_at = models.DateTimeField(null=True)
    resolved_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    resolution = models.CharField(max_length=400, blank=True)

    objects = StudyFlagQuerySet.as_manager()

    class Meta:
        ordering = ("-id",)
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["study", "reason", "fingerprint"], name="one_flag_per_difference"),
        ]
        indexes: ClassVar = [
            models.Index(fields=["study"], condition=models.Q(resolved_at=None), name="open_flags_of_a_study"),
        ]

    def __str__(self) -> str:
        return f"flag {self.pk}: {self.reason}"

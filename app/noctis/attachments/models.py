"""Files beside the images: of a study, of its report, or of the patient whoever's study it was."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Exists, OuterRef, Q

from noctis.accounts.models import Role, User
from noctis.accounts.visibility import FacilityScopedQuerySet
from noctis.archive.models import Patient, Study
from noctis.attachments.names import LONGEST

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser


class Category(models.TextChoices):
    """What a file is for."""

    REFERRAL = "referral", "Referral"
    CONSENT = "consent", "Consent"
    PREVIOUS_REPORT = "previous_report", "Previous report"
    LABORATORY = "laboratory", "Laboratory"
    PHOTO = "photo", "Photo"
    OTHER = "other", "Other"


class Subject(models.TextChoices):
    """What a file belongs to."""

    STUDY = "study", "This study"
    REPORT = "report", "The report"
    PATIENT = "patient", "The patient"


class Audience(models.TextChoices):
    """Who sees a file, of those who see what it belongs to."""

    EVERYONE = "everyone", "Everyone who sees the study"
    READERS = "readers", "Radiologists and technicians"
    ADMINISTRATORS = "administrators", "Administrators"


_OPEN_TO_READERS = (Audience.EVERYONE, Audience.READERS)
AUDIENCES_OF_ROLES: dict[str, tuple[Audience, ...]] = {
    Role.ADMINISTRATOR: (*_OPEN_TO_READERS, Audience.ADMINISTRATORS),
    Role.RADIOLOGIST: _OPEN_TO_READERS,
    Role.TECHNICIAN: _OPEN_TO_READERS,
    Role.FACILITY_USER: (Audience.EVERYONE,),
}


class AttachmentQuerySet(FacilityScopedQuerySet["Attachment"]):
    """Attachments to the studies and patients of a facility, each with the audience that its author chose."""

    def visible_to(self, user: User | AnonymousUser) -> AttachmentQuerySet:
        """Return those that ``user`` may see.

        A facility's user reads a report once it is signed, so what is attached to it is shown no earlier.
        """
        if not isinstance(user, User) or not user.is_active:
            return self.none()
        found = self.filter(audience__in=AUDIENCES_OF_ROLES.get(user.role, ()))
        if user.sees_all_facilities:
            return found
        if user.facility_id is None:
            return self.none()
        own = Q(study__facility_id=user.facility_id) | Q(patient__facility_id=user.facility_id)
        if user.role == Role.FACILITY_USER:
            own &= ~Q(subject=Subject.REPORT) | Q(study__report__signed_at__isnull=False)
        return found.filter(own)

    def beside(self, study: Study) -> AttachmentQuerySet:
        """Return what belongs to a study, to its report and to the patient whose study it is now."""
        return self.filter(Q(study=study) | Q(patient_id=study.patient_id))

    def of_report(self, study: Study) -> AttachmentQuerySet:
        """Return what belongs to the report of a study and was not removed."""
        return self.filter(study=study, subject=Subject.REPORT, is_removed=False)

    def mark_of_studies(self, study: str = "pk", patient: str = "patient_id") -> Q:
        """Return, for a query whose rows lead to a study, whether one of these files, not removed, is beside it."""
        present = self.filter(is_removed=False)
        return Exists(present.filter(study=OuterRef(study))) | Exists(present.filter(patient=OuterRef(patient)))


class Attachment(models.Model):
    """One file. Its bytes lie in the file area under their SHA-256; a removed one is only no longer shown.

    What belongs to a patient stays with that patient when a study is moved to another.
    """

    uid = models.UUIDField(unique=True)
    subject = models.CharField(max_length=10, choices=Subject.choices, default=Subject.STUDY)
    study = models.ForeignKey(Study, null=True, on_delete=models.PROTECT, related_name="attachments")
    patient = models.ForeignKey(Patient, null=True, on_delete=models.PROTECT, related_name="attachments")
    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    category = models.CharField(max_length=20, choices=Category.choices)
    audience = models.CharField(max_length=16, choices=Audience.choices, default=Audience.EVERYONE)
    name = models.CharField(max_length=LONGEST, help_text="As its author's computer called it; never a path")
    media_type = models.CharField(max_length=100, help_text="By its content")
    size = models.PositiveBigIntegerField(help_text="Bytes")
    sha256 = models.CharField(max_length=64)
    is_scanned = models.BooleanField(help_text="Whether a virus scanner found nothing in it")
    is_removed = models.BooleanField(default=False)
    is_later = models.BooleanField(default=False, help_text="Added after the report had been signed")
    added_at = models.DateTimeField(auto_now_add=True)

    objects = AttachmentQuerySet.as_manager()

    class Meta:
        ordering = ("pk",)
        indexes: ClassVar = [
            models.Index(fields=["study", "is_removed"]),
            models.Index(fields=["patient", "is_removed"]),
        ]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(subject=Subject.PATIENT, patient__isnull=False, study__isnull=True)
                | Q(subject__in=(Subject.STUDY, Subject.REPORT), patient__isnull=True, study__isnull=False),
                name="an_attachment_belongs_to_its_subject",
            )
        ]

    def __str__(self) -> str:
        return str(self.uid)

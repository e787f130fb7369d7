"""Links with which somebody outside sees one study: made by a user, opened with a one-time code, ended at any time."""

from __future__ import annotations

from datetime import timedelta
from typing import ClassVar, Final, cast
from uuid import uuid4

from django.db import models
from django.db.models import Q
from django.utils import timezone

from noctis.accounts.models import Facility, User
from noctis.accounts.visibility import FacilityScopedQuerySet, StudyGrant
from noctis.archive.models import Patient, Study

MOST_WRONG_CODES: Final = 5
VISIT_RESTS_FOR_AT_MOST: Final = timedelta(minutes=60)
LONGEST_VISIT: Final = timedelta(hours=12)


class ShareState(models.TextChoices):
    """What somebody who follows the link finds."""

    OPEN = "open", "Open"
    CODE_USED = "code_used", "Needs a new code"
    LOCKED = "locked", "Locked"
    USED_UP = "used_up", "Used up"
    EXPIRED = "expired", "Expired"
    WITHDRAWN = "withdrawn", "Access or study changed"
    REVOKED = "revoked", "Revoked"


class ShareQuerySet(FacilityScopedQuerySet["Share"]):
    """Links to the studies of a facility."""

    facility_path = "study__facility"

    def managed_by(self, user: User) -> ShareQuerySet:
        """Return those that ``user`` may look after: an administrator all, everybody else the own ones."""
        seen = cast("ShareQuerySet", self.visible_to(user))
        return seen if user.is_administrator else seen.filter(made_by=user)


class Share(models.Model):
    """One link to one study. Of its token and its code only digests are kept.

    ``patient`` and ``study_uid`` say what was shared: a study that turned out to be another patient's, or became part
    of another study, was not. Where two patients were found to be one, ``patient`` goes along.
    """

    uid = models.UUIDField(unique=True, default=uuid4, help_text="Names the link in addresses; opens nothing")
    study = models.ForeignKey(Study, on_delete=models.PROTECT, related_name="shares")
    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="shares")
    study_uid = models.CharField(max_length=64)
    made_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="shares")
    has_images = models.BooleanField()
    has_report = models.BooleanField()
    recipient = models.CharField(max_length=120)
    contact = models.CharField(max_length=200, blank=True, help_text="E-mail address or telephone number")
    purpose = models.CharField(max_length=200)
    token_sha256 = models.CharField(max_length=64, unique=True)
    code_hash = models.CharField(max_length=200, blank=True, help_text="Empty once the code was used")
    wrong_codes = models.PositiveSmallIntegerField(default=0)
    most_visits = models.PositiveSmallIntegerField()
    visit_count = models.PositiveSmallIntegerField(default=0)
    made_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True)
    revoked_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    last_opened_at = models.DateTimeField(null=True)
    last_opened_from = models.GenericIPAddressField(null=True)

    objects = ShareQuerySet.as_manager()

    class Meta:
        ordering = ("-pk",)
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(has_images=True) | Q(has_report=True), name="a_share_shows_something")
        ]

    def __str__(self) -> str:
        return f"share {self.pk}"

    @property
    def ended(self) -> ShareState | None:
        """Why nobody sees anything by this link any more, running visits included; None while it stands."""
        if self.revoked_at is not None:
            return ShareState.REVOKED
        if self.expires_at <= timezone.now():
            return ShareState.EXPIRED
        same = Study.objects.visible_to(self.made_by).filter(pk=self.study_id, study_instance_uid=self.study_uid)
        return None if same.filter(patient=self.patient_id).exists() else ShareState.WITHDRAWN

    @property
    def state(self) -> ShareState:
        """What somebody finds who follows the link now."""
        if ended := self.ended:
            return ended
        if self.visit_count >= self.most_visits:
            return ShareState.USED_UP
        if self.wrong_codes >= MOST_WRONG_CODES:
            return ShareState.LOCKED
        return ShareState.OPEN if self.code_hash else ShareState.CODE_USED

    @property
    def grant(self) -> StudyGrant:
        """What a guest who came by this link may see; the report as a document of the study only with the report."""
        return StudyGrant(self.study_id, with_documents=self.has_report)


class GuestVisit(models.Model):
    """Somebody who gave the right code, in one browser. Of the cookie's secret only the digest is kept."""

    share = models.ForeignKey(Share, on_delete=models.PROTECT, related_name="visits")
    secret_sha256 = models.CharField(max_length=64, unique=True)
    address = models.GenericIPAddressField(null=True)
    began_at = models.DateTimeField(auto_now_add=True)
    seen_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ("-pk",)

    def __str__(self) -> str:
        return f"visit {self.pk}"

    @property
    def is_running(self) -> bool:
        """Whether it goes on, as long as the link stands."""
        now = timezone.now()
        has_rested = now - self.seen_at > VISIT_RESTS_FOR_AT_MOST
        return self.ended_at is None and not has_rested and now - self.began_at <= LONGEST_VISIT


class FacilitySharing(models.Model):
    """Whether a facility's own technicians and users may share its studies; without a row they may not."""

    facility = models.OneToOneField(Facility, on_delete=models.CASCADE, related_name="sharing")
    staff_may_share = models.BooleanField(default=False)

    def __str__(self) -> str:
        return f"sharing at {self.facility_id}"

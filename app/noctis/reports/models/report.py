"""Reports: what a radiologist says about a study, in every version, from the first draft to the last addendum."""

from __future__ import annotations

from typing import ClassVar, cast

from django.conf import settings
from django.db import models
from django.db.models import Q

from noctis.accounts.models import Role, User
from noctis.accounts.visibility import FacilityScopedQuerySet
from noctis.archive.models import Study


class ReportState(models.TextChoices):
    """How far a report is."""

    DRAFT = "draft", "Draft"
    PRELIMINARY = "preliminary", "Preliminary"
    FINAL = "final", "Final"
    ADDENDED = "addended", "Final with addendum"


SIGNED_STATES = (ReportState.FINAL, ReportState.ADDENDED)


class ReportQuerySet(FacilityScopedQuerySet["Report"]):
    """Reports on the studies of a facility."""

    facility_path = "study__facility"

    def readable_by(self, user: User) -> ReportQuerySet:
        """Return those that ``user`` may read: a facility's user reads what is signed, and nothing before."""
        seen = self.filter(state__in=SIGNED_STATES) if user.role == Role.FACILITY_USER else self.all()
        return cast("ReportQuerySet", seen.visible_to(user))


class Report(models.Model):
    """The report on a study as it stands now; ``version`` counts its changes."""

    study = models.OneToOneField(Study, on_delete=models.PROTECT, related_name="report")
    state = models.CharField(max_length=16, choices=ReportState.choices, default=ReportState.DRAFT)
    version = models.PositiveIntegerField(default=0)
    content = models.JSONField(default=dict, help_text="A document for each section, as content.py describes it")
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", help_text="Who wrote last"
    )
    begun_at = models.DateTimeField(auto_now_add=True)
    changed_at = models.DateTimeField(auto_now=True)
    signed_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    signed_at = models.DateTimeField(null=True)
    signed_despite = models.JSONField(
        default=list, blank=True, help_text="The warnings that the signer acknowledged, each with key and text"
    )
    locked_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    locked_until = models.DateTimeField(null=True)

    objects = ReportQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(state__in=SIGNED_STATES, signed_by__isnull=False, signed_at__isnull=False)
                | Q(signed_by__isnull=True, signed_at__isnull=True) & ~Q(state__in=SIGNED_STATES),
                name="a_report_is_final_once_it_is_signed",
            )
        ]

    def __str__(self) -> str:
        return f"{self.study_id} {self.state}"

    @property
    def is_signed(self) -> bool:
        """Whether it can no longer be changed, only added to."""
        return self.state in SIGNED_STATES


class ReportVersion(models.Model):
    """What a report said; of what one author wrote without a break only what it came to."""

    report = models.ForeignKey(Report, on_delete=models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField()
    state = models.CharField(max_length=16, choices=ReportState.choices)
    content = models.JSONField()
    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    made_at = models.DateTimeField()
    is_closed = models.BooleanField(default=False, help_text="What is written next is another version")

    class Meta:
        ordering = ("report", "number")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["report", "number"], name="report_versions_are_numbered"),
        ]

    def __str__(self) -> str:
        return f"{self.report_id} version {self.number}"


class Addendum(models.Model):
    """What was added to a signed report, signed itself; never changed."""

    report = models.ForeignKey(Report, on_delete=models.PROTECT, related_name="addenda")
    number = models.PositiveIntegerField()
    document = models.JSONField()
    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    signed_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("report", "number")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["report", "number"], name="addenda_are_numbered"),
        ]

    def __str__(self) -> str:
        return f"{self.report_id} addendum {self.number}"

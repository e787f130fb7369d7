"""Critical results: what somebody must hear of soon, who was told, and who said to have heard it."""

from __future__ import annotations

from typing import ClassVar, cast

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from noctis.accounts.models import Role, User
from noctis.accounts.visibility import FacilityScopedQuerySet
from noctis.reports.models.report import Report

NAME_LENGTH = 120


class CriticalCategory(models.Model):
    """How soon somebody must have heard of a result; administrators name them."""

    name = models.CharField(max_length=40, unique=True)
    minutes = models.PositiveIntegerField(help_text="Within which somebody must acknowledge, before the next is told")
    is_active = models.BooleanField(default=True)

    class Meta:
        ordering = ("minutes", "name")
        verbose_name_plural = "critical categories"
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(minutes__gte=1), name="a_critical_category_gives_some_time")
        ]

    def __str__(self) -> str:
        return self.name


class CriticalResultQuerySet(FacilityScopedQuerySet["CriticalResult"]):
    """Critical results on the studies of a facility."""

    facility_path = "report__study__facility"

    def readable_by(self, user: User) -> CriticalResultQuerySet:
        """Return those that ``user`` may read: a facility's user those told to them, and none that is not theirs."""
        seen = cast("CriticalResultQuerySet", self.visible_to(user))
        if user.role != Role.FACILITY_USER:
            return seen
        told = CriticalAddressee.objects.filter(user=user, told_at__isnull=False)
        return seen.filter(pk__in=told.values("result"))

    def open(self) -> CriticalResultQuerySet:
        """Return those that nobody acknowledged and nobody withdrew."""
        return self.filter(acknowledged_at=None, withdrawn_at=None)


class CriticalResult(models.Model):
    """A finding of a report that cannot wait; ``due_at`` is when the next person is told."""

    report = models.ForeignKey(Report, on_delete=models.PROTECT, related_name="critical_results")
    category = models.ForeignKey(CriticalCategory, on_delete=models.PROTECT, related_name="+")
    finding = models.TextField(max_length=2000)
    noted_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    noted_at = models.DateTimeField()
    target_at = models.DateTimeField(help_text="Until when somebody should have acknowledged it")
    due_at = models.DateTimeField(null=True, help_text="When the next is told; null once administrators were told")
    acknowledged_by = models.CharField(max_length=NAME_LENGTH, blank=True)
    acknowledged_at = models.DateTimeField(null=True)
    withdrawn_at = models.DateTimeField(null=True)

    objects = CriticalResultQuerySet.as_manager()

    class Meta:
        ordering = ("target_at", "pk")
        indexes: ClassVar = [
            models.Index(
                fields=["due_at"],
                condition=Q(acknowledged_at=None, withdrawn_at=None),
                name="critical_results_that_wait",
            )
        ]

    def __str__(self) -> str:
        return f"critical result {self.pk}"

    @property
    def is_open(self) -> bool:
        """Whether somebody still has to acknowledge it."""
        return self.acknowledged_at is None and self.withdrawn_at is None

    @property
    def is_overdue(self) -> bool:
        """Whether nobody acknowledged it in time."""
        return self.is_open and self.target_at <= timezone.now()


class CriticalAddressee(models.Model):
    """Somebody to tell, in this order: a user, or a clinician outside by name."""

    result = models.ForeignKey(CriticalResult, on_delete=models.CASCADE, related_name="addressees")
    position = models.PositiveIntegerField()
    user = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    name = models.CharField(max_length=NAME_LENGTH)
    told_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ("result", "position")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["result", "position"], name="addressees_stand_in_an_order"),
        ]

    def __str__(self) -> str:
        return f"{self.result_id} addressee {self.position}"


class StepKind(models.TextChoices):
    """What was done about a critical result."""

    NOTED = "noted", "Noted"
    TOLD = "told", "Told"
    ESCALATED = "escalated", "Time ran out"
    TELEPHONED = "telephoned", "Told by telephone"
    ACKNOWLEDGED = "acknowledged", "Acknowledged"
    WITHDRAWN = "withdrawn", "Withdrawn"


class CriticalStep(models.Model):
    """One thing that was done about a critical result; never changed."""

    result = models.ForeignKey(CriticalResult, on_delete=models.CASCADE, related_name="steps")
    kind = models.CharField(max_length=16, choices=StepKind.choices)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    words = models.CharField(max_length=500, blank=True)
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("result", "pk")

    def __str__(self) -> str:
        return f"{self.result_id} {self.kind}"

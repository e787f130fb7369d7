"""What others asked Noctis to vouch for: each request, the instances that it names, and what became of them."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from django.db import models
from django.db.models import Q

from noctis.accounts.models import Facility
from noctis.accounts.visibility import FacilityScopedQuerySet


class Outcome(models.IntegerChoices):
    """What is said of an instance: that it is committed, or the failure reason (PS3.3 C.14.1.1)."""

    COMMITTED = 0x0000, "Committed"
    PROCESSING_FAILURE = 0x0110, "Processing failure"
    NO_SUCH_INSTANCE = 0x0112, "No such object instance"
    CLASS_INSTANCE_CONFLICT = 0x0119, "Class / instance conflict"


class CommitmentState(models.TextChoices):
    """How far a request has come."""

    UNVERIFIED = "unverified", "Being verified"
    VERIFIED = "verified", "To be reported"
    REPORTED = "reported", "Reported"
    GIVEN_UP = "given_up", "Given up"


class CommitmentRequestQuerySet(FacilityScopedQuerySet["CommitmentRequest"]):
    """Requests, by who asked and by what is to be done."""

    def unfinished(self) -> CommitmentRequestQuerySet:
        """Return those that were not reported yet, given up or not."""
        return self.exclude(state=CommitmentState.REPORTED)

    def due(self, state: CommitmentState, now: datetime) -> CommitmentRequestQuerySet:
        """Return those in ``state`` that nobody works on and whose time has come, the longest waiting first."""
        return self.unclaimed(now).filter(state=state, next_attempt_at__lte=now).order_by("next_attempt_at", "pk")

    def unclaimed(self, now: datetime) -> CommitmentRequestQuerySet:
        """Return those that nobody works on."""
        return self.filter(Q(claimed_until=None) | Q(claimed_until__lte=now))


class CommitmentRequest(models.Model):
    """A transaction of storage commitment (PS3.4 annex J).

    Who works on it has claimed it until ``claimed_until``; a claim that is not extended lapses, so that nothing is left
    behind by a process that was killed.
    """

    facility = models.ForeignKey(Facility, on_delete=models.PROTECT, related_name="+")
    ae_title = models.CharField(max_length=16)
    called_ae_title = models.CharField(max_length=16, blank=True, help_text="What it called us; we report by this name")
    address = models.GenericIPAddressField(null=True)
    transaction_uid = models.CharField(max_length=64)
    state = models.CharField(max_length=16, choices=CommitmentState.choices, default=CommitmentState.UNVERIFIED)
    instance_count = models.PositiveIntegerField()
    failed_count = models.PositiveIntegerField(null=True, help_text="Null until everything is verified")
    requested_at = models.DateTimeField()
    verified_at = models.DateTimeField(null=True)
    reported_at = models.DateTimeField(null=True)
    attempts = models.PositiveIntegerField(default=0, help_text="To report")
    last_error = models.CharField(max_length=300, blank=True)
    next_attempt_at = models.DateTimeField()
    retry_until = models.DateTimeField(help_text="When it is given up")
    claimed_until = models.DateTimeField(null=True)

    objects = CommitmentRequestQuerySet.as_manager()

    class Meta:
        ordering = ("-id",)
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["facility", "ae_title", "transaction_uid"], name="one_request_per_transaction_and_ae"
            )
        ]
        indexes: ClassVar = [
            models.Index(fields=["state", "next_attempt_at"]),
            models.Index(fields=["reported_at"]),
        ]

    def __str__(self) -> str:
        return self.transaction_uid

    @property
    def is_to_be_told(self) -> bool:
        """Whether the result is known and the application entity does not have it."""
        return self.state in {CommitmentState.VERIFIED, CommitmentState.GIVEN_UP}

    @property
    def committed_count(self) -> int | None:
        """How many instances are committed; None until that is known."""
        return None if self.failed_count is None else self.instance_count - self.failed_count


class CommitmentReference(models.Model):
    """An instance that a request names."""

    request = models.ForeignKey(CommitmentRequest, on_delete=models.CASCADE, related_name="references")
    sop_class_uid = models.CharField(max_length=64)
    sop_instance_uid = models.CharField(max_length=64)
    outcome = models.PositiveIntegerField(null=True, choices=Outcome.choices, help_text="Null until it is verified")

    def __str__(self) -> str:
        return self.sop_instance_uid

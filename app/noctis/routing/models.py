"""What is forwarded: rules, transmissions of a study or series to one destination, and the state of each instance.

All of it is the durable queue of the process for outgoing work: whatever ends that process, the rows say what is left.
"""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar, Final

from django.db import models
from django.utils import timezone

from noctis.accounts.models import Facility, User
from noctis.accounts.visibility import FacilityScopedQuerySet
from noctis.archive.models import Instance, Series, Study
from noctis.network.models import RemoteApplicationEntity

SEPARATOR: Final = "\\"  # no AE title and no modality holds one


class ForwardingRule(models.Model):
    """Which arriving instances go to a destination: those that meet every condition that is given.

    Without a facility among its conditions a rule forwards what belongs to the destination's own facility. Only with
    one do images leave a facility, and only to the facility that an administrator confirmed.
    """

    name = models.CharField(max_length=80, unique=True)
    is_active = models.BooleanField(default=True)
    facility = models.ForeignKey(Facility, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    calling_ae_titles = models.CharField(max_length=400, blank=True, help_text="Separated by backslashes")
    modalities = models.CharField(max_length=200, blank=True, help_text="Separated by backslashes")
    description_pattern = models.CharField(
        max_length=120, blank=True, help_text="Of the study or the series; * and ? are wildcards, case does not count"
    )
    destination = models.ForeignKey(RemoteApplicationEntity, on_delete=models.PROTECT, related_name="forwarding_rules")
    confirmed_facility = models.ForeignKey(
        Facility,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        help_text="Another facility that may get the images, as an administrator confirmed",
    )
    created_at = models.DateTimeField(auto_now_add=True)
    # Where the application to what was stored before goes on; null where there is none to do.
    backfill_next = models.BigIntegerField(null=True, editable=False)
    backfill_last = models.BigIntegerField(null=True, editable=False)
    backfill_since = models.DateTimeField(null=True, editable=False)

    class Meta:
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name

    @property
    def source_facility(self) -> Facility:
        """The facility whose images it forwards."""
        return self.facility or self.destination.facility

    @property
    def leaves_facility(self) -> bool:
        """Whether images get to another facility than their own."""
        return self.source_facility.pk != self.destination.facility_id

    @property
    def is_confirmed(self) -> bool:
        """Whether it may forward: a device that was given to another facility since must be confirmed anew."""
        return not self.leaves_facility or self.confirmed_facility_id == self.destination.facility_id

    @property
    def calling_ae_title_list(self) -> list[str]:
        """The titles as a list."""
        return [title for title in self.calling_ae_titles.split(SEPARATOR) if title]

    @property
    def modality_list(self) -> list[str]:
        """The modalities as a list."""
        return [modality for modality in self.modalities.split(SEPARATOR) if modality]

    @property
    def is_being_applied(self) -> bool:
        """Whether studies that were here before are still being looked through."""
        return self.backfill_next is not None


class TransmissionState(models.TextChoices):
    """How far a transmission is."""

    QUEUED = "queued", "Queued"
    SENDING = "sending", "Sending"
    WAITING = "waiting", "Waiting to try again"
    SENT = "sent", "Sent"
    FAILED = "failed", "Failed"
    CANCELLED = "cancelled", "Cancelled"


OPEN_STATES: Final = (TransmissionState.QUEUED, TransmissionState.SENDING, TransmissionState.WAITING)


class Priority(models.IntegerChoices):
    """What goes first to the same destination."""

    REQUESTED = 0, "Somebody waits for it"
    FORWARDED = 1, "A rule forwards it"


class TransmissionQuerySet(FacilityScopedQuerySet["Transmission"]):
    """Transmissions, scoped by their study."""

    facility_path = "study__facility"

    def open(self) -> TransmissionQuerySet:
        """Return those that are not at their end."""
        return self.filter(state__in=OPEN_STATES)

    def due(self, now: datetime) -> TransmissionQuerySet:
        """Return those that are to be tried now, the most urgent first."""
        due = self.open().filter(is_expanded=True, next_attempt_at__lte=now)
        return due.order_by("priority", "next_attempt_at", "pk")


class Transmission(models.Model):
    """A study, one of its series, or what a rule selects of it, on the way to one destination.

    ``is_expanded`` says that its instances are listed; ``is_following`` that it takes what still arrives for the study.
    What a rule selects is listed by the rule alone.
    """

    study = models.ForeignKey(Study, on_delete=models.CASCADE, related_name="transmissions")
    series = models.ForeignKey(Series, null=True, on_delete=models.CASCADE, related_name="+", help_text="Only this one")
    rule = models.ForeignKey(ForwardingRule, null=True, on_delete=models.SET_NULL, related_name="transmissions")
    requested_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    origin = models.CharField(max_length=150, help_text="Name of the rule or of the user")
    destination = models.ForeignKey(RemoteApplicationEntity, on_delete=models.PROTECT, related_name="transmissions")
    destination_facility = models.ForeignKey(
        Facility, on_delete=models.PROTECT, related_name="+", help_text="Of the destination when it was allowed"
    )
    priority = models.PositiveSmallIntegerField(choices=Priority.choices, default=Priority.REQUESTED)
    state = models.CharField(
        max_length=16, choices=TransmissionState.choices, default=TransmissionState.QUEUED, db_index=True
    )
    is_expanded = models.BooleanField(default=False)
    is_following = models.BooleanField(default=False)
    total = models.PositiveIntegerField(default=0)
    sent = models.PositiveIntegerField(default=0)
    failed = models.PositiveIntegerField(default=0)
    bytes_total = models.PositiveBigIntegerField(default=0)
    bytes_sent = models.PositiveBigIntegerField(default=0)
    audited = models.PositiveIntegerField(default=0, help_text="How many of those sent are in the audit trail")
    attempts = models.PositiveIntegerField(default=0, help_text="Failures in a row, without anything sent")
    waits_for_destination = models.BooleanField(
        default=False, help_text="The destination could not be reached or is out of resources"
    )
    next_attempt_at = models.DateTimeField(default=timezone.now)
    last_error = models.CharField(max_length=300, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    finished_at = models.DateTimeField(null=True)

    objects = TransmissionQuerySet.as_manager()

    class Meta:
        ordering = ("-id",)
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["rule", "study", "destination"],
                condition=models.Q(rule__isnull=False),
                name="one_transmission_per_rule_and_study",
            )
        ]
        indexes: ClassVar = [
            models.Index(fields=["destination", "priority", "next_attempt_at"]),
            models.Index(
                fields=["next_attempt_at"],
                condition=models.Q(state__in=["queued", "sending", "waiting"]),
                name="open_transmissions",
            ),
            models.Index(
                fields=["study"],
                condition=models.Q(is_following=True) | models.Q(is_expanded=False),
                name="growing_transmissions",
            ),
        ]

    def __str__(self) -> str:
        return f"transmission {self.pk}"

    @property
    def is_open(self) -> bool:
        """Whether there is something left to do by itself."""
        return self.state in OPEN_STATES

    @property
    def can_be_tried(self) -> bool:
        """Whether a person may ask for another try now."""
        return self.state in {TransmissionState.WAITING, TransmissionState.FAILED, TransmissionState.CANCELLED}

    @property
    def leaves_facility(self) -> bool:
        """Whether the images go to another facility than their own."""
        return self.destination_facility_id != self.study.facility_id

    @property
    def row_id(self) -> str:
        """The id of its row on a page."""
        return f"row-{self.pk}"

    @property
    def progress_id(self) -> str:
        """The id of its progress on a page."""
        return f"progress-{self.pk}"


class ItemState(models.TextChoices):
    """How far one instance is."""

    QUEUED = "queued", "Queued"
    SENT = "sent", "Sent"
    FAILED = "failed", "Failed"


class TransmissionItem(models.Model):
    """One instance of a transmission."""

    transmission = models.ForeignKey(Transmission, on_delete=models.CASCADE, related_name="items")
    instance = models.ForeignKey(Instance, on_delete=models.CASCADE, related_name="+")
    state = models.CharField(max_length=8, choices=ItemState.choices, default=ItemState.QUEUED)
    size = models.PositiveBigIntegerField(help_text="Bytes of the file")
    refusals = models.PositiveSmallIntegerField(default=0)
    due_at = models.DateTimeField(default=timezone.now)
    sent_at = models.DateTimeField(null=True)
    error = models.CharField(max_length=300, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["transmission", "instance"], name="an_instance_is_listed_once")
        ]
        indexes: ClassVar = [models.Index(fields=["transmission", "state", "due_at", "id"])]

    def __str__(self) -> str:
        return f"item {self.pk} of transmission {self.transmission_id}"


class SortingProgress(models.Model):
    """The one row that says up to which instance the rules have been asked."""

    sorted_until = models.BigIntegerField(default=0, help_text="Primary key of an Instance")

    def __str__(self) -> str:
        return f"sorted until instance {self.sorted_until}"


class NumberGap(models.Model):
    """Primary keys that had no row when the next one had: a transaction that was undone, or one still to come.

    Databases give out numbers before transactions commit, so a row may appear below others that were seen already.
    """

    first = models.BigIntegerField()
    last = models.BigIntegerField()
    noticed_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"instances {self.first} to {self.last}"

"""What reports look like on paper, each edition that was handed out, and what is still to be delivered."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar, Final

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from noctis.accounts.models import Facility, Role, User
from noctis.accounts.visibility import FacilityScopedQuerySet
from noctis.reports.models import SIGNED_STATES, Report, ReportState
from noctis.reports.output.codes import CODE_LENGTH, grouped

DEFAULT_ACCENT: Final = "#1f5f8b"
LONGEST_ERROR: Final = 300
HIGHEST_PORT: Final = 65535


class Paper(models.TextChoices):
    """What reports are printed on."""

    A4 = "A4", "A4"
    LETTER = "letter", "US Letter"


class Letterhead(models.Model):
    """What a facility prints around its reports. The logo lies in the file area under its SHA-256."""

    facility = models.OneToOneField(Facility, on_delete=models.PROTECT, related_name="letterhead")
    heading = models.TextField(blank=True, help_text="Lines beside the logo")
    address = models.TextField(blank=True)
    phone = models.CharField(max_length=60, blank=True)
    footer = models.TextField(blank=True)
    signature_line = models.CharField(max_length=200, blank=True)
    accent = models.CharField(max_length=7, default=DEFAULT_ACCENT, help_text="#rrggbb")
    paper = models.CharField(max_length=8, choices=Paper.choices, default=Paper.A4)
    logo_sha256 = models.CharField(max_length=64, blank=True)
    changed_at = models.DateTimeField(auto_now=True)

    def __str__(self) -> str:
        return f"letterhead of {self.facility_id}"


class EditionQuerySet(FacilityScopedQuerySet["Edition"]):
    """Editions of the reports of a facility's studies."""

    facility_path = "report__study__facility"

    def readable_by(self, user: User) -> EditionQuerySet:
        """Return those that ``user`` may read: a facility's user reads what is signed, and nothing before."""
        seen = self.filter(state__in=SIGNED_STATES) if user.role == Role.FACILITY_USER else self.all()
        return seen.visible_to(user)  # type: ignore[return-value]


class Edition(models.Model):
    """A report as it was handed out once: released, signed, or with one more addendum.

    Its file is made once and kept under its SHA-256. Names of people and facility are those of that time.
    """

    report = models.ForeignKey(Report, on_delete=models.PROTECT, related_name="editions")
    version = models.PositiveIntegerField(help_text="Of the report")
    addendum = models.PositiveIntegerField(default=0, help_text="How many addenda it holds")
    state = models.CharField(max_length=16, choices=ReportState.choices)
    code = models.CharField(max_length=CODE_LENGTH, unique=True, help_text="Printed on it, to verify it by")
    facility = models.ForeignKey(Facility, on_delete=models.PROTECT, related_name="+")
    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    author_name = models.CharField(max_length=150)
    written_at = models.DateTimeField(help_text="When it was released or signed")
    pdf_sha256 = models.CharField(max_length=64, blank=True, help_text="Empty until the file is made")
    pdf_size = models.PositiveBigIntegerField(null=True)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = EditionQuerySet.as_manager()

    class Meta:
        ordering = ("report", "version", "addendum")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["report", "version", "addendum"], name="one_edition_of_each_version")
        ]

    def __str__(self) -> str:
        return f"{self.report_id} version {self.version} with {self.addendum} addenda"

    @property
    def is_signed(self) -> bool:
        """Whether somebody answers for it."""
        return self.state in SIGNED_STATES

    @property
    def printed_code(self) -> str:
        """The code as it stands on paper."""
        return grouped(self.code)

    @property
    def file_name(self) -> str:
        """What the file is called; nothing about the patient."""
        return f"report-{self.code[:8]}.pdf"


class Hl7Receiver(models.Model):
    """A system that gets reports as HL7 v2 messages over MLLP."""

    name = models.CharField(max_length=80, unique=True)
    is_active = models.BooleanField(default=True)
    facility = models.ForeignKey(
        Facility, null=True, blank=True, on_delete=models.PROTECT, related_name="+", help_text="Null: reports of all"
    )
    host = models.CharField(max_length=255)
    port = models.PositiveIntegerField(validators=[MinValueValidator(1), MaxValueValidator(HIGHEST_PORT)])
    uses_tls = models.BooleanField(default=False)
    certificate_authority = models.TextField(blank=True, help_text="PEM; empty: those that this machine trusts")
    receiving_application = models.CharField(max_length=180, blank=True)
    receiving_facility = models.CharField(max_length=180, blank=True)
    sends_text = models.BooleanField(default=True)
    sends_pdf = models.BooleanField(default=False)
    sends_preliminary = models.BooleanField(default=False)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("name",)
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(sends_text=True) | Q(sends_pdf=True), name="a_receiver_gets_text_or_pdf_or_both"
            )
        ]

    def __str__(self) -> str:
        return self.name


class DeliveryKind(models.TextChoices):
    """What is made of an edition."""

    FILE = "file", "PDF file"
    ENCAPSULATED_PDF = "encapsulated_pdf", "Encapsulated PDF in the study"
    TEXT_SR = "text_sr", "Basic Text SR in the study"
    HL7 = "hl7", "HL7 message"


class DeliveryState(models.TextChoices):
    """How far a delivery is."""

    QUEUED = "queued", "Queued"
    WORKING = "working", "In work"
    WAITING = "waiting", "Waiting to try again"
    DONE = "done", "Done"
    FAILED = "failed", "Failed"
    CANCELLED = "cancelled", "Stopped"


OPEN_STATES: Final = (DeliveryState.QUEUED, DeliveryState.WORKING, DeliveryState.WAITING)


class ReportDeliveryQuerySet(FacilityScopedQuerySet["ReportDelivery"]):
    """Deliveries, scoped by the study of their report."""

    facility_path = "edition__report__study__facility"

    def open(self) -> ReportDeliveryQuerySet:
        """Return those that are not at their end."""
        return self.filter(state__in=OPEN_STATES)

    def due(self, now: datetime) -> ReportDeliveryQuerySet:
        """Return those to be tried now, in order; a later edition waits until the one before has gone the same way."""
        before = ReportDelivery.objects.open().filter(
            Q(receiver=OuterRef("receiver")) | Q(receiver=None) & Q(kind=OuterRef("kind")),
            edition__report=OuterRef("edition__report"),
            kind=OuterRef("kind"),
            pk__lt=OuterRef("pk"),
        )
        return self.open().filter(~Exists(before), next_attempt_at__lte=now).order_by("next_attempt_at", "pk")


class ReportDelivery(models.Model):
    """One thing to be made of an edition, or to be sent to one receiver: the rows are the durable queue."""

    edition = models.ForeignKey(Edition, on_delete=models.PROTECT, related_name="deliveries")
    kind = models.CharField(max_length=20, choices=DeliveryKind.choices)
    receiver = models.ForeignKey(Hl7Receiver, null=True, on_delete=models.CASCADE, related_name="deliveries")
    state = models.CharField(max_length=12, choices=DeliveryState.choices, default=DeliveryState.QUEUED)
    attempts = models.PositiveIntegerField(default=0, help_text="Failures in a row")
    refusals = models.PositiveSmallIntegerField(default=0, help_text="How often the receiver answered with an error")
    waits_for_receiver = models.BooleanField(default=False, help_text="It could not be reached")
    next_attempt_at = models.DateTimeField(default=timezone.now)
    last_error = models.CharField(max_length=LONGEST_ERROR, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    finished_at = models.DateTimeField(null=True)

    objects = ReportDeliveryQuerySet.as_manager()

    class Meta:
        ordering = ("-id",)
        verbose_name_plural = "report deliveries"
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["edition", "kind"], condition=Q(receiver=None), name="an_edition_is_made_once_of_each_kind"
            ),
            models.UniqueConstraint(
                fields=["edition", "receiver"],
                condition=Q(receiver__isnull=False),
                name="a_receiver_gets_an_edition_once",
            ),
            models.CheckConstraint(
                condition=Q(kind="hl7", receiver__isnull=False) | ~Q(kind="hl7") & Q(receiver=None),
                name="messages_alone_have_a_receiver",
            ),
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["next_attempt_at"],
                condition=Q(state__in=["queued", "working", "waiting"]),
                name="open_report_deliveries",
            )
        ]

    def __str__(self) -> str:
        return f"delivery {self.pk}"

    @property
    def is_open(self) -> bool:
        """Whether there is something left to do by itself."""
        return self.state in OPEN_STATES

    @property
    def can_be_sent(self) -> bool:
        """Whether a person may ask for it now; what was made here is not made again."""
        if self.state == DeliveryState.DONE:
            return self.receiver_id is not None
        return self.state in {DeliveryState.WAITING, DeliveryState.FAILED, DeliveryState.CANCELLED}


class VerificationAttempt(models.Model):
    """A code that was tried and is none, kept for minutes to slow down whoever guesses."""

    network = models.CharField(max_length=43, help_text="The caller's address, of IPv6 its /64")
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        indexes: ClassVar = [models.Index(fields=["network", "at"]), models.Index(fields=["at"])]

    def __str__(self) -> str:
        return f"attempt {self.pk}"

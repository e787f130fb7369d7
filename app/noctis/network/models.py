"""The application entities that Noctis knows."""

from __future__ import annotations

import ipaddress
import re
from datetime import timedelta
from typing import ClassVar, Final

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils import timezone

from noctis.accounts.models import Facility
from noctis.network.dicom_services import EVERY_SERVICE, DicomService

UNKNOWN_AE_TITLE = "unknown AE title"
SHA256_FINGERPRINT = re.compile(r"[0-9a-f]{64}")
_HOST: Final = re.compile(r"[A-Za-z0-9]([A-Za-z0-9_.-]*[A-Za-z0-9])?|[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*")
HIGHEST_PORT: Final = 65535
LONGEST_ASSOCIATION: Final = timedelta(days=1)


def validate_networks(value: str) -> None:
    """Accept addresses or CIDR networks separated by commas or white space."""
    for word in value.replace(",", " ").split():
        try:
            ipaddress.ip_network(word, strict=False)
        except ValueError as error:
            raise ValidationError(f"“{word}” is neither an address nor a network such as 10.1.2.0/24.") from error


def validate_services(value: str) -> None:
    """Accept names of services separated by white space."""
    for word in value.split():
        if word not in DicomService.values:
            raise ValidationError(f"“{word}” is none of the services {', '.join(DicomService.values)}.")


def validate_fingerprint(value: str) -> None:
    """Accept a SHA-256 fingerprint as it is stored."""
    if not SHA256_FINGERPRINT.fullmatch(value):
        raise ValidationError("A SHA-256 fingerprint has 64 hexadecimal digits; colons between them do no harm.")


def plain_fingerprint(text: str) -> str:
    """Return a fingerprint, written in any usual way, as it is stored: 64 lower case hexadecimal digits."""
    return re.sub(r"[\s:]", "", text.strip().lower().removeprefix("sha256 fingerprint="))


def validate_host(value: str) -> None:
    """Accept a host name or an address."""
    if not _HOST.fullmatch(value):
        raise ValidationError(f"“{value}” is neither a host name nor an address.")


class RequiredIdentity(models.TextChoices):
    """How a caller must say who it is, beyond its AE title (User Identity negotiation, PS3.7 D.3.3.7)."""

    NONE = "", "Nothing"
    USERNAME = "username", "User name"
    PASSCODE = "passcode", "User name and passcode"


class RemoteApplicationEntity(models.Model):
    """A modality or workstation: its AE title, where it may call from, and the facility whose images it sends.

    ``host`` and ``port`` say where it takes images, if it does; the fields that begin with ``send_`` how it was reached
    there the last time. Of a passcode only Django's hash is kept.
    """

    ae_title = models.CharField(max_length=16, unique=True)
    facility = models.ForeignKey(Facility, on_delete=models.PROTECT, related_name="application_entities")
    description = models.CharField(max_length=120, blank=True)
    networks = models.CharField(
        max_length=400,
        blank=True,
        validators=[validate_networks],
        help_text="Addresses or CIDR networks it may call from; empty for any",
    )
    services = models.CharField(
        max_length=120,
        blank=True,
        validators=[validate_services],
        help_text="The services it may use, separated by spaces; empty for all",
    )
    requires_tls = models.BooleanField(default=False)
    certificate_sha256 = models.CharField(
        max_length=64,
        blank=True,
        validators=[validate_fingerprint],
        help_text="SHA-256 fingerprint of the client certificate it must show; empty for any",
    )
    host = models.CharField(
        max_length=253,
        blank=True,
        validators=[validate_host],
        help_text="Where it takes images; empty if it takes none",
    )
    port = models.PositiveIntegerField(
        null=True, blank=True, validators=[MinValueValidator(1), MaxValueValidator(HIGHEST_PORT)]
    )
    uses_tls = models.BooleanField(default=False, help_text="Associations that we open to it are over TLS")
    server_certificate_sha256 = models.CharField(
        max_length=64,
        blank=True,
        validators=[validate_fingerprint],
        help_text="SHA-256 fingerprint of the certificate it shows where it takes images; empty to check authority and"
        " host name",
    )
    required_identity = models.CharField(max_length=16, blank=True, choices=RequiredIdentity.choices)
    identity_username = models.CharField(max_length=120, blank=True)
    identity_passcode = models.CharField(max_length=200, blank=True, help_text="A hash, as of a user's password")
    identity_over_plain = models.BooleanField(default=False, help_text="Its passcode may come without TLS")
    is_active = models.BooleanField(default=True)
    send_failed_at = models.DateTimeField(null=True, blank=True)
    send_error = models.CharField(max_length=300, blank=True, help_text="Why the last association to it failed")
    send_succeeded_at = models.DateTimeField(null=True, blank=True)
    last_seen_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("ae_title",)
        verbose_name_plural = "remote application entities"
        constraints: ClassVar = [
            models.CheckConstraint(condition=~models.Q(ae_title=""), name="remote_ae_has_a_title"),
        ]

    def __str__(self) -> str:
        return self.ae_title

    def clean(self) -> None:
        """Refuse half an address."""
        if bool(self.host) != (self.port is not None):
            raise ValidationError("A host needs a port, and a port a host.")

    @property
    def has_send_address(self) -> bool:
        """Whether images can be sent to it."""
        return bool(self.host) and self.port is not None

    def may_call_from(self, address: str) -> bool:
        """Whether an association from ``address`` is within the configured networks."""
        words = self.networks.replace(",", " ").split()
        caller = ipaddress.ip_address(address)
        return not words or any(caller in ipaddress.ip_network(word, strict=False) for word in words)

    @property
    def allowed_services(self) -> frozenset[DicomService]:
        """What it may use; nothing said means everything."""
        return frozenset(map(DicomService, self.services.split())) or EVERY_SERVICE

    @property
    def services_in_words(self) -> str:
        """What it may use, in short; empty where that is everything."""
        return ", ".join(DicomService(word).short_label for word in self.services.split())


class RefusedAssociation(models.Model):
    """How often a peer was refused for one reason, for the administration page; the audit trail has the events."""

    ae_title = models.CharField(max_length=16, blank=True)
    called_ae_title = models.CharField(max_length=16, blank=True)
    address = models.GenericIPAddressField()
    reason = models.CharField(max_length=200)
    count = models.PositiveBigIntegerField(default=1)
    first_at = models.DateTimeField()
    last_at = models.DateTimeField(db_index=True)

    class Meta:
        ordering = ("-last_at", "-pk")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["ae_title", "address", "reason"], name="one_row_per_kind_of_refusal"),
        ]

    def __str__(self) -> str:
        return f"{self.ae_title or 'A caller'} from {self.address} was refused: {self.reason}"


class UnknownDestination(models.Model):
    """A title to which somebody wanted images moved although we know no address for it; kept for the administrator."""

    ae_title = models.CharField(max_length=16, unique=True)
    facility = models.ForeignKey(Facility, on_delete=models.CASCADE, related_name="+", help_text="Of who asked last")
    requested_by = models.CharField(max_length=16, help_text="AE title of who asked last")
    address = models.GenericIPAddressField(null=True, help_text="Address of who asked last")
    count = models.PositiveIntegerField(default=1)
    first_seen_at = models.DateTimeField(auto_now_add=True)
    last_seen_at = models.DateTimeField()

    class Meta:
        ordering = ("-last_seen_at",)

    def __str__(self) -> str:
        return self.ae_title


class Obstacle(models.TextChoices):
    """What keeps a caller out; each has a way around it that an administrator can be shown."""

    CALLED_TITLE = "called_title", "It calls another AE title"
    BLOCKED = "blocked", "Its AE title is blocked by the settings"
    NOT_ALLOWED = "not_allowed", "Its AE title is not among those that the settings allow"
    UNKNOWN_TITLE = "unknown_title", "Its AE title is unknown"
    SWITCHED_OFF = "switched_off", "Its entry is switched off"
    ADDRESS = "address", "It may not call from this address"
    NO_TLS = "no_tls", "It must use TLS"
    NO_CERTIFICATE = "no_certificate", "It must show a client certificate"
    OTHER_CERTIFICATE = "other_certificate", "It showed another client certificate"
    TRANSPORT = "transport", "It does not speak what the port is for"
    FULL = "full", "All associations are in use"
    OTHER = "other", "Something else"


class AssociationAttempt(models.Model):
    """What a peer tried in one association: what it proposed, what came of it; nothing about patients.

    ``contexts`` holds what noctis.network.attempts.ContextResult describes, ``operations`` the number of answers by
    operation and status, such as ``{"C-STORE": {"0000": 12}}``. ``unlisted_before`` counts attempts of the same peer
    that were not written down. ``fixes`` are changes of access that an administrator made because of it, the last one
    last.
    """

    at = models.DateTimeField(db_index=True, help_text="When the connection was made")
    seconds = models.FloatField(default=0.0, help_text="How long it lasted")
    calling_ae_title = models.CharField(max_length=16, blank=True)
    called_ae_title = models.CharField(max_length=16, blank=True)
    address = models.GenericIPAddressField()
    is_tls = models.BooleanField(default=False)
    certificate_sha256 = models.CharField(max_length=64, blank=True)
    implementation_class_uid = models.CharField(max_length=64, blank=True)
    implementation_version_name = models.CharField(max_length=16, blank=True)
    maximum_pdu_size = models.PositiveBigIntegerField(null=True)
    contexts = models.JSONField(default=list)
    operations = models.JSONField(default=dict)
    is_accepted = models.BooleanField()
    obstacle = models.CharField(max_length=20, blank=True, choices=Obstacle.choices)
    reason = models.CharField(max_length=200, blank=True)
    ended = models.CharField(max_length=40, blank=True)
    unlisted_before = models.PositiveIntegerField(default=0)
    fixes = models.JSONField(default=list)

    class Meta:
        ordering = ("-pk",)
        indexes: ClassVar = [models.Index(fields=["calling_ae_title", "address", "-id"], name="attempts_of_a_peer")]

    def __str__(self) -> str:
        return f"{self.calling_ae_title or 'A caller'} from {self.address}"

    @property
    def is_open(self) -> bool:
        """Whether the association goes on, as far as is known: a process that is killed writes no end."""
        return self.is_accepted and not self.ended and self.at > timezone.now() - LONGEST_ASSOCIATION


class FurtherTitle(models.Model):
    """An AE title that callers may use for us beside our own: what a modality was set up with for an older archive."""

    ae_title = models.CharField(max_length=16, unique=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("ae_title",)
        constraints: ClassVar = [
            models.CheckConstraint(condition=~models.Q(ae_title=""), name="further_title_is_not_empty"),
        ]

    def __str__(self) -> str:
        return self.ae_title

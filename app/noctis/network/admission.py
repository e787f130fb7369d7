"""Who may associate: the called title is ours, the caller is known and calls from where it may (PS3.8 9.3.4)."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass

from django.conf import settings

from noctis.accounts.models import Facility
from noctis.dicom.association_rejection import Rejection
from noctis.network.dicom_services import EVERY_SERVICE, DicomService
from noctis.network.identity import StatedIdentity, why_not_believed
from noctis.network.models import UNKNOWN_AE_TITLE, FurtherTitle, Obstacle, RemoteApplicationEntity

APPLICATION_CONTEXT_NAME = "1.2.840.10008.3.1.1.1"


@dataclass(frozen=True)
class AssociationRequest:
    """What a peer says of itself, and where from; titles without padding.

    ``certificate_sha256`` is the fingerprint of the client certificate that it showed over TLS, empty without one;
    ``identity`` what it says of its user.
    """

    calling_ae_title: str
    called_ae_title: str
    address: str
    application_context_name: str = APPLICATION_CONTEXT_NAME
    is_tls: bool = False
    certificate_sha256: str = ""
    identity: StatedIdentity | None = None


@dataclass(frozen=True)
class Admission:
    """The association may go on; what it brings belongs to ``facility``."""

    facility: Facility
    entity: RemoteApplicationEntity | None
    is_own_check: bool = False

    @property
    def checked_identity(self) -> bool:
        """Whether the peer had to say who it is, and did."""
        return self.entity is not None and bool(self.entity.required_identity)

    @property
    def services(self) -> frozenset[DicomService]:
        """What the peer may use."""
        if self.is_own_check:
            return frozenset({DicomService.VERIFICATION})
        return EVERY_SERVICE if self.entity is None else self.entity.allowed_services


@dataclass(frozen=True)
class Refusal:
    """The association is rejected; ``reason`` tells an administrator why, in plain words."""

    rejection: Rejection
    reason: str
    obstacle: Obstacle = Obstacle.OTHER


@dataclass(frozen=True)
class Policy:
    """Our own title, and the facility that takes what unknown callers on this host send (None: nobody does).

    Where ``allowed_titles`` holds any, nobody else may call; who is in ``blocked_titles`` may not in any case. Callers
    may use one of ``further_titles`` in place of our own.
    """

    ae_title: str
    loopback_facility: Facility | None
    allowed_titles: frozenset[str] = frozenset()
    blocked_titles: frozenset[str] = frozenset()
    further_titles: frozenset[str] = frozenset()


def admit(request: AssociationRequest) -> Admission | Refusal:
    """Decide about ``request`` by what the database knows."""
    entity = RemoteApplicationEntity.objects.select_related("facility").filter(ae_title=request.calling_ae_title)
    decision = decide(request, entity.first(), current_policy())
    if isinstance(decision, Refusal) and _is_own_check(request):
        # It may only echo, also before there is any facility: this one is not in the database and owns nothing.
        return Admission(Facility(), None, is_own_check=True)
    return decision


def _is_own_check(request: AssociationRequest) -> bool:
    """Whether this machine calls under our own title, as “dicom-server status” does; it may do no more than echo."""
    is_ourselves = request.calling_ae_title == request.called_ae_title == settings.NOCTIS_AE_TITLE
    is_plain = request.application_context_name == APPLICATION_CONTEXT_NAME
    return is_ourselves and is_plain and ipaddress.ip_address(request.address).is_loopback


def current_policy() -> Policy:
    """Return the policy of the settings."""
    accepts_loopback = settings.NOCTIS_UNKNOWN_CALLERS == "accept-loopback"
    facility = Facility.objects.filter(is_default=True).first() if accepts_loopback else None
    return Policy(
        ae_title=settings.NOCTIS_AE_TITLE,
        loopback_facility=facility,
        allowed_titles=frozenset(settings.NOCTIS_DICOM_ALLOWED_CALLING_AE_TITLES),
        blocked_titles=frozenset(settings.NOCTIS_DICOM_BLOCKED_CALLING_AE_TITLES),
        further_titles=frozenset(FurtherTitle.objects.values_list("ae_title", flat=True)),
    )


def decide(request: AssociationRequest, entity: RemoteApplicationEntity | None, policy: Policy) -> Admission | Refusal:
    """Decide about ``request``; ``entity`` is the one known by the calling title, if there is one."""
    if request.application_context_name != APPLICATION_CONTEXT_NAME:
        return Refusal(Rejection.APPLICATION_CONTEXT_NOT_SUPPORTED, "it proposed an unknown application context")
    if request.called_ae_title not in {policy.ae_title, *policy.further_titles}:
        return Refusal(
            Rejection.CALLED_AE_TITLE_NOT_RECOGNISED,
            f"it called the AE title “{request.called_ae_title}”, but this is “{policy.ae_title}”",
            Obstacle.CALLED_TITLE,
        )
    if (listed_out := _listed_out(request.calling_ae_title, policy)) is not None:
        return listed_out
    if entity is None:
        return _decide_about_stranger(request, policy)
    return (
        _shut_out(request, entity)
        or _insufficient_transport(request, entity)
        or _not_believed(request, entity)
        or Admission(entity.facility, entity)
    )


def _listed_out(calling_ae_title: str, policy: Policy) -> Refusal | None:
    if calling_ae_title in policy.blocked_titles:
        reason = "this AE title is blocked (NOCTIS_DICOM_BLOCKED_CALLING_AE_TITLES)"
        return Refusal(Rejection.CALLING_AE_TITLE_NOT_RECOGNISED, reason, Obstacle.BLOCKED)
    if policy.allowed_titles and calling_ae_title not in policy.allowed_titles:
        reason = "this AE title is not among the allowed ones (NOCTIS_DICOM_ALLOWED_CALLING_AE_TITLES)"
        return Refusal(Rejection.CALLING_AE_TITLE_NOT_RECOGNISED, reason, Obstacle.NOT_ALLOWED)
    return None


def _shut_out(request: AssociationRequest, entity: RemoteApplicationEntity) -> Refusal | None:
    if not entity.is_active:
        return Refusal(Rejection.CALLING_AE_TITLE_NOT_RECOGNISED, "this AE is switched off", Obstacle.SWITCHED_OFF)
    if not entity.may_call_from(request.address):
        reason = "this AE may not call from this address"
        return Refusal(Rejection.CALLING_AE_TITLE_NOT_RECOGNISED, reason, Obstacle.ADDRESS)
    return None


def _insufficient_transport(request: AssociationRequest, entity: RemoteApplicationEntity) -> Refusal | None:
    """Return why the connection is not good enough for ``entity``: an expected certificate needs TLS too."""
    if not request.is_tls and (entity.requires_tls or entity.certificate_sha256):
        return Refusal(Rejection.NO_REASON_GIVEN, "this AE must use TLS", Obstacle.NO_TLS)
    if not entity.certificate_sha256 or request.certificate_sha256 == entity.certificate_sha256:
        return None
    if not request.certificate_sha256:
        reason = "this AE must show its client certificate"
        return Refusal(Rejection.CALLING_AE_TITLE_NOT_RECOGNISED, reason, Obstacle.NO_CERTIFICATE)
    reason = "it showed another client certificate than this AE's"
    return Refusal(Rejection.CALLING_AE_TITLE_NOT_RECOGNISED, reason, Obstacle.OTHER_CERTIFICATE)


def _not_believed(request: AssociationRequest, entity: RemoteApplicationEntity) -> Refusal | None:
    reason = why_not_believed(request.identity, entity, address=request.address, is_tls=request.is_tls)
    return Refusal(Rejection.NO_REASON_GIVEN, reason) if reason is not None else None


def _decide_about_stranger(request: AssociationRequest, policy: Policy) -> Admission | Refusal:
    if policy.loopback_facility is not None and ipaddress.ip_address(request.address).is_loopback:
        return Admission(policy.loopback_facility, None)
    return Refusal(Rejection.CALLING_AE_TITLE_NOT_RECOGNISED, UNKNOWN_AE_TITLE, Obstacle.UNKNOWN_TITLE)


def plain_address(address: str) -> str:
    """Return an address without scope, an IPv4 one in its own form also where it came through an IPv6 socket."""
    parsed = ipaddress.ip_address(address.partition("%")[0])
    mapped = getattr(parsed, "ipv4_mapped", None)
    return str(mapped or parsed)

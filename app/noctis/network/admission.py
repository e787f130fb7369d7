"""Who may associate: the called title is ours, the caller is known and calls from where it may (PS3.8 9.3.4)."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass

from django.conf import settings

from noctis.accounts.models import Facility
from noctis.dicom.association_rejection import Rejection
from noctis.network.models import RemoteApplicationEntity

APPLICATION_CONTEXT_NAME = "1.2.840.10008.3.1.1.1"


@dataclass(frozen=True)
class AssociationRequest:
    """What a peer says of itself, and where from; titles without padding."""

    calling_ae_title: str
    called_ae_title: str
    address: str
    application_context_name: str = APPLICATION_CONTEXT_NAME


@dataclass(frozen=True)
class Admission:
    """The association may go on; what it brings belongs to ``facility``."""

    facility: Facility
    entity: RemoteApplicationEntity | None


@dataclass(frozen=True)
class Refusal:
    """The association is rejected; ``reason`` tells an administrator why, in plain words."""

    rejection: Rejection
    reason: str


@dataclass(frozen=True)
class Policy:
    """Our own title, and the facility that takes what unknown callers on this host send (None: nobody does)."""

    ae_title: str
    loopback_facility: Facility | None


def admit(request: AssociationRequest) -> Admission | Refusal:
    """Decide about ``request`` by what the database knows."""
    entity = RemoteApplicationEntity.objects.select_related("facility").filter(ae_title=request.calling_ae_title)
    return decide(request, entity.first(), current_policy())


def current_policy() -> Policy:
    """Return the policy of the settings."""
    accepts_loopback = settings.NOCTIS_UNKNOWN_CALLERS == "accept-loopback"
    facility = Facility.objects.filter(is_default=True).first() if accepts_loopback else None
    return Policy(settings.NOCTIS_AE_TITLE, facility)


def decide(request: AssociationRequest, entity: RemoteApplicationEntity | None, policy: Policy) -> Admission | Refusal:
    """Decide about ``request``; ``entity`` is the one known by the calling title, if there is one."""
    if request.application_context_name != APPLICATION_CONTEXT_NAME:
        return Refusal(Rejection.APPLICATION_CONTEXT_NOT_SUPPORTED, "it proposed an unknown application context")
    if request.called_ae_title != policy.ae_title:
        return Refusal(
            Rejection.CALLED_AE_TITLE_NOT_RECOGNISED,
            f"it called the AE title “{request.called_ae_title}”, but this is “{policy.ae_title}”",
        )
    if entity is None:
        return _decide_about_stranger(request, policy)
    if not entity.is_active:
        return Refusal(Rejection.CALLING_AE_TITLE_NOT_RECOGNISED, "this AE is switched off")
    if not entity.may_call_from(request.address):
        return Refusal(Rejection.CALLING_AE_TITLE_NOT_RECOGNISED, "this AE may not call from this address")
    return Admission(entity.facility, entity)


def _decide_about_stranger(request: AssociationRequest, policy: Policy) -> Admission | Refusal:
    if policy.loopback_facility is not None and ipaddress.ip_address(request.address).is_loopback:
        return Admission(policy.loopback_facility, None)
    return Refusal(Rejection.CALLING_AE_TITLE_NOT_RECOGNISED, "unknown AE title")


def plain_address(address: str) -> str:
    """Return an address without scope, an IPv4 one in its own form also where it came through an IPv6 socket."""
    parsed = ipaddress.ip_address(address.partition("%")[0])
    mapped = getattr(parsed, "ipv4_mapped", None)
    return str(mapped or parsed)

"""Every write about remote application entities."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone

from noctis.accounts.models import Facility, User
from noctis.audit.actions import record
from noctis.audit.models import Action
from noctis.dicom.ae_titles import AeTitleError, normalise_ae_title
from noctis.network.dicom_services import EVERY_SERVICE, DicomService
from noctis.network.entity_rules import IdentityRules, SendingRules
from noctis.network.models import RemoteApplicationEntity, UnknownDestination, plain_fingerprint

SEEN_RESOLUTION = timedelta(minutes=1)
MOST_UNKNOWN_DESTINATIONS = 200
LONGEST_SEND_ERROR = 300
UNRECORDED = frozenset({"identity_passcode"})


@dataclass(frozen=True)
class AccessRules:
    """How an entity may associate: the names of services (none: all of them), TLS, and the certificate it must show."""

    services: str = ""
    requires_tls: bool = False
    certificate_sha256: str = ""

    @classmethod
    def of(cls, services: Iterable[str] = (), *, requires_tls: bool = False, certificate: str = "") -> AccessRules:
        """Return rules as they are stored, from a fingerprint in any usual way of writing it."""
        names = set(services)
        in_order = [service.value for service in DicomService if service.value in names]
        unknown = sorted(names.difference(DicomService.values))
        words = [] if names == {service.value for service in EVERY_SERVICE} else [*in_order, *unknown]
        return cls(" ".join(words), requires_tls, plain_fingerprint(certificate))

    @classmethod
    def of_entity(cls, entity: RemoteApplicationEntity) -> AccessRules:
        """Return the rules of an entity."""
        return cls(entity.services, entity.requires_tls, entity.certificate_sha256)


ANY_ACCESS = AccessRules()


@transaction.atomic
def add_application_entity(  # noqa: PLR0913  (a keyword for each thing that can be said)
    *,
    ae_title: str,
    facility: Facility,
    networks: Iterable[str] = (),
    description: str = "",
    host: str = "",
    port: int | None = None,
    access: AccessRules = ANY_ACCESS,
    sending: SendingRules | None = None,
    identity: IdentityRules | None = None,
    acting_user: User | None,
) -> RemoteApplicationEntity:
    """Make a remote entity known; raises ValidationError where a value cannot be used or the title is taken."""
    rules = asdict(access) | _values_of(None, sending, identity)
    entity = RemoteApplicationEntity(
        ae_title=ae_title,
        facility=facility,
        networks=" ".join(networks),
        description=description,
        host=host,
        port=port,
        **rules,
    )
    entity.full_clean()
    entity.save()
    further = {"host": host, "port": port, **rules}
    _forget_unknown_destination(entity)
    record(
        Action.APPLICATION_ENTITY_ADDED,
        acting_user=acting_user,
        ae_title=entity.ae_title,
        facility=facility,
        networks=entity.networks,
        **{name: value for name, value in further.items() if value and name not in UNRECORDED},
    )
    return entity


@transaction.atomic
def change_application_entity(  # noqa: PLR0913  (a keyword for each thing that can be changed)
    entity: RemoteApplicationEntity,
    *,
    ae_title: str,
    facility: Facility,
    networks: Iterable[str],
    description: str,
    host: str = "",
    port: int | None = None,
    access: AccessRules = ANY_ACCESS,
    sending: SendingRules | None = None,
    identity: IdentityRules | None = None,
    acting_user: User,
) -> None:
    """Change what is known of an entity; what it sent before stays where it was filed.

    Without ``sending`` or ``identity`` these rules stay as they are.
    """
    values = {
        "ae_title": ae_title,
        "facility": facility,
        "networks": " ".join(networks),
        "description": description,
        "host": host,
        "port": port,
        **asdict(access),
        **_values_of(entity, sending, identity),
    }
    changed = sorted(name for name, value in values.items() if getattr(entity, name) != value)
    if not changed:
        return
    for name in changed:
        setattr(entity, name, values[name])
    entity.full_clean()
    entity.save(update_fields=changed)
    _forget_unknown_destination(entity)
    _record_change(entity, acting_user, changed=changed)


@transaction.atomic
def set_application_entity_active(entity: RemoteApplicationEntity, *, active: bool, acting_user: User) -> None:
    """Let an entity call again, or refuse it from its next association on."""
    if entity.is_active == active:
        return
    entity.is_active = active
    entity.save(update_fields=["is_active"])
    _record_change(entity, acting_user, active=active)


def _values_of(
    entity: RemoteApplicationEntity | None, sending: SendingRules | None, identity: IdentityRules | None
) -> dict[str, Any]:
    given = [rules for rules in (sending, identity) if rules is not None]
    return {name: value for rules in given for name, value in rules.values_for(entity).items()}


def _record_change(entity: RemoteApplicationEntity, acting_user: User, **detail: Any) -> None:
    record(
        Action.APPLICATION_ENTITY_CHANGED,
        acting_user=acting_user,
        ae_title=entity.ae_title,
        facility=entity.facility,
        **detail,
    )


def note_seen(entity: RemoteApplicationEntity) -> None:
    """Remember that ``entity`` called just now, to the minute: most associations of a busy modality write nothing."""
    now = timezone.now()
    if entity.last_seen_at is None or now - entity.last_seen_at >= SEEN_RESOLUTION:
        RemoteApplicationEntity.objects.filter(pk=entity.pk).update(last_seen_at=now)


def note_reached(ae_title: str, trouble: str) -> None:
    """Remember how an association to an entity came about or, in plain words, why not; a success to the minute."""
    now = timezone.now()
    same = RemoteApplicationEntity.objects.filter(ae_title=ae_title)
    if trouble:
        same.update(send_failed_at=now, send_error=trouble[:LONGEST_SEND_ERROR])
        return
    is_recent = Q(send_succeeded_at__gt=now - SEEN_RESOLUTION, send_error="")
    if same.exclude(is_recent).exists():
        same.update(send_succeeded_at=now, send_error="")


@transaction.atomic
def note_unknown_destination(*, ae_title: str, facility: Facility, requested_by: str, address: str | None) -> None:
    """Remember a title that images were to be moved to, so that an administrator can add it.

    Only the latest ones are kept: a peer must not fill the database with names.
    """
    try:
        title = normalise_ae_title(ae_title)
    except AeTitleError:
        return
    latest = {"facility": facility, "requested_by": requested_by, "address": address, "last_seen_at": timezone.now()}
    if UnknownDestination.objects.filter(ae_title=title).update(count=F("count") + 1, **latest):
        return
    UnknownDestination.objects.get_or_create(ae_title=title, defaults=latest)
    oldest = UnknownDestination.objects.order_by("-last_seen_at", "-pk")[MOST_UNKNOWN_DESTINATIONS:]
    UnknownDestination.objects.filter(pk__in=list(oldest.values_list("pk", flat=True))).delete()


def _forget_unknown_destination(entity: RemoteApplicationEntity) -> None:
    if entity.has_send_address:
        UnknownDestination.objects.filter(ae_title=entity.ae_title).delete()

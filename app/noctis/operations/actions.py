"""Writes of the administration pages that belong to no app below."""

from __future__ import annotations

from dataclasses import dataclass, fields

from django.db import transaction

from noctis.accounts.models import Facility, User
from noctis.audit.actions import record
from noctis.audit.models import Action
from noctis.network.models import RemoteApplicationEntity


@dataclass(frozen=True)
class EntityParticulars:
    """What an administrator decides about an application entity."""

    ae_title: str
    facility: Facility
    description: str
    networks: str


@transaction.atomic
def add_application_entity(particulars: EntityParticulars, *, acting_user: User) -> RemoteApplicationEntity:
    """Let a device in."""
    values = {field.name: getattr(particulars, field.name) for field in fields(particulars)}
    entity = RemoteApplicationEntity.objects.create(**values)
    record(
        Action.APPLICATION_ENTITY_ADDED,
        acting_user=acting_user,
        ae_title=entity.ae_title,
        facility=entity.facility,
        networks=entity.networks,
    )
    return entity


@transaction.atomic
def change_application_entity(
    entity: RemoteApplicationEntity, particulars: EntityParticulars, *, acting_user: User
) -> None:
    """Change a device's entry; what it sent before stays where it was filed."""
    values = {field.name: getattr(particulars, field.name) for field in fields(particulars)}
    changed = sorted(name for name, value in values.items() if getattr(entity, name) != value)
    if not changed:
        return
    for name in changed:
        setattr(entity, name, values[name])
    entity.save(update_fields=changed)
    record(
        Action.APPLICATION_ENTITY_CHANGED,
        acting_user=acting_user,
        ae_title=entity.ae_title,
        facility=entity.facility,
        changed=changed,
    )


@transaction.atomic
def set_application_entity_active(entity: RemoteApplicationEntity, *, active: bool, acting_user: User) -> None:
    """Let a device call again, or refuse it from its next association on."""
    if entity.is_active == active:
        return
    entity.is_active = active
    entity.save(update_fields=["is_active"])
    record(
        Action.APPLICATION_ENTITY_CHANGED,
        acting_user=acting_user,
        ae_title=entity.ae_title,
        facility=entity.facility,
        active=active,
    )

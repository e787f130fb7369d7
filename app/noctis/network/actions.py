"""Every write about remote application entities."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from noctis.accounts.models import Facility, User
from noctis.audit.actions import record
from noctis.audit.models import Action
from noctis.network.models import RemoteApplicationEntity

SEEN_RESOLUTION = timedelta(minutes=1)


@transaction.atomic
def add_application_entity(
    *,
    ae_title: str,
    facility: Facility,
    networks: Iterable[str] = (),
    description: str = "",
    acting_user: User | None,
) -> RemoteApplicationEntity:
    """Make a remote entity known; raises ValidationError where a value cannot be used or the title is taken."""
    entity = RemoteApplicationEntity(
        ae_title=ae_title, facility=facility, networks=" ".join(networks), description=description
    )
    entity.full_clean()
    entity.save()
    record(
        Action.SETTING_CHANGED,
        acting_user=acting_user,
        ae_title=entity.ae_title,
        facility=facility,
        setting="application entity added",
        networks=entity.networks,
    )
    return entity


def note_seen(entity: RemoteApplicationEntity) -> None:
    """Remember that ``entity`` called just now, to the minute: most associations of a busy modality write nothing."""
    now = timezone.now()
    if entity.last_seen_at is None or now - entity.last_seen_at >= SEEN_RESOLUTION:
        RemoteApplicationEntity.objects.filter(pk=entity.pk).update(last_seen_at=now)

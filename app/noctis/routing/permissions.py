"""Who may send what where. Whatever is not allowed here is not allowed."""

from __future__ import annotations

from typing import Final

from django.db.models import QuerySet

from noctis.accounts.models import Role, User
from noctis.archive.models import Study
from noctis.network.models import RemoteApplicationEntity
from noctis.routing.models import Transmission

ROLES_THAT_SEND: Final = frozenset({Role.ADMINISTRATOR, Role.RADIOLOGIST, Role.TECHNICIAN})


def may_send(user: User) -> bool:
    """Whether the user may send studies at all."""
    has_scope = user.sees_all_facilities or user.facility_id is not None
    return user.is_active and user.role in ROLES_THAT_SEND and has_scope


def destinations_for(user: User, study: Study) -> QuerySet[RemoteApplicationEntity]:
    """Return where the user may send a study: to devices of its facility, and administrators to all that take images.

    The study must be one that the user may see.
    """
    able = RemoteApplicationEntity.objects.filter(is_active=True, port__isnull=False).exclude(host="")
    able = able.select_related("facility").order_by("ae_title")
    if not may_send(user):
        return able.none()
    return able if user.is_administrator else able.filter(facility_id=study.facility_id)


def may_manage(user: User, transmission: Transmission) -> bool:
    """Whether the user may stop or retry a transmission that the user may see.

    What a rule forwards and what leaves a facility is the administrators' matter.
    """
    if user.is_administrator:
        return True
    return (
        may_send(user)
        and transmission.rule_id is None
        and transmission.requested_by_id is not None
        and (not transmission.leaves_facility)
    )

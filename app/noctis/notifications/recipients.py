"""Whom an event concerns."""

from __future__ import annotations

from django.db.models import Q, QuerySet

from noctis.accounts.models import (
    ROLES_BOUND_TO_A_FACILITY,
    ROLES_THAT_SEE_ALL_FACILITIES,
    Facility,
    Role,
    User,
)


def administrators() -> QuerySet[User]:
    """Return all active administrators."""
    return User.objects.filter(is_active=True, role=Role.ADMINISTRATOR)


def radiologists() -> QuerySet[User]:
    """Return all active radiologists."""
    return User.objects.filter(is_active=True, role=Role.RADIOLOGIST)


def facility_users(facility: Facility) -> QuerySet[User]:
    """Return the active facility users of a facility: those who read its final reports."""
    return User.objects.filter(is_active=True, role=Role.FACILITY_USER, facility=facility)


def technicians(facility: Facility) -> QuerySet[User]:
    """Return the active technicians of a facility."""
    return User.objects.filter(is_active=True, role=Role.TECHNICIAN, facility=facility)


def who_see(facility_id: int) -> Q:
    """Return the condition for users who may see the studies of a facility, as ``visible_to`` has it."""
    return Q(is_active=True) & (
        Q(role__in=ROLES_THAT_SEE_ALL_FACILITIES) | Q(role__in=ROLES_BOUND_TO_A_FACILITY, facility_id=facility_id)
    )

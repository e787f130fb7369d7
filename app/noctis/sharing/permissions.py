"""Who may share studies with people outside."""

from __future__ import annotations

from noctis.accounts.models import Facility, Role, User
from noctis.sharing.models import FacilitySharing


def may_share(user: User) -> bool:
    """Whether a user may share the studies that the user sees."""
    if user.role in {Role.ADMINISTRATOR, Role.RADIOLOGIST}:
        return True
    return user.facility is not None and staff_may_share(user.facility)


def staff_may_share(facility: Facility) -> bool:
    """Whether a facility lets its own technicians and users share."""
    return FacilitySharing.objects.filter(facility=facility, staff_may_share=True).exists()

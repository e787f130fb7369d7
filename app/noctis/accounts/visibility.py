"""Who sees which rows: the one rule behind every read of patient data."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, TypeVar

from django.db import models

from noctis.accounts.models import ROLES_BOUND_TO_A_FACILITY, ROLES_THAT_SEE_ALL_FACILITIES, Facility, User

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

Model = TypeVar("Model", bound=models.Model)


class FacilityScopedQuerySet(models.QuerySet[Model]):
    """Rows that belong to a facility; ``facility_path`` leads from the row to it."""

    facility_path: ClassVar[str] = "facility"

    def visible_to(self, user: User | AnonymousUser) -> FacilityScopedQuerySet[Model]:
        """Return the rows ``user`` may see: all, those of the user's own facility, or none."""
        if not isinstance(user, User) or not user.is_active:
            return self.none()
        if user.role in ROLES_THAT_SEE_ALL_FACILITIES:
            return self.all()
        if user.role not in ROLES_BOUND_TO_A_FACILITY or user.facility_id is None:
            return self.none()
        return self.filter(**{f"{self.facility_path}_id": user.facility_id})

    def visible_to_facility(self, facility: Facility) -> FacilityScopedQuerySet[Model]:
        """Return the rows of ``facility``: what one of its modalities may see."""
        return self.filter(**{f"{self.facility_path}_id": facility.pk})

"""Who sees which rows: the one rule behind every read of patient data."""

from __future__ import annotations

from typing import ClassVar, TypeVar

from django.contrib.auth.models import AnonymousUser
from django.db import models

from noctis.accounts.models import ROLES_BOUND_TO_A_FACILITY, ROLES_THAT_SEE_ALL_FACILITIES, Facility, User

Model = TypeVar("Model", bound=models.Model)


class StudyGrant(AnonymousUser):
    """Somebody without an account whom a user let see one study; a view puts it in the place of the request's user.

    As an AnonymousUser it is refused wherever one must sign in, and of what is scoped it gets what a queryset's
    ``granted`` gives: nothing where a queryset does not say.
    """

    def __init__(self, study_pk: int, *, with_documents: bool) -> None:
        """Allow the study with this key; without documents its images alone."""
        super().__init__()
        self.study_pk = study_pk
        self.with_documents = with_documents


class FacilityScopedQuerySet(models.QuerySet[Model]):
    """Rows that belong to a facility; ``facility_path`` leads from the row to it."""

    facility_path: ClassVar[str] = "facility"

    def visible_to(self, user: User | AnonymousUser) -> FacilityScopedQuerySet[Model]:
        """Return the rows ``user`` may see: all, those of the user's own facility, or none."""
        if isinstance(user, StudyGrant):
            return self.granted(user)
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

    def granted(self, grant: StudyGrant) -> FacilityScopedQuerySet[Model]:
        """Return the rows that ``grant`` shows: none, unless a queryset says which."""
        return self.none()

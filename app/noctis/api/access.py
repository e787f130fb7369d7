"""Who calls the management API: the user of a bearer token, or of a session together with its CSRF token."""

from __future__ import annotations

from typing import Any, Final

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from ninja import Schema
from ninja.errors import HttpError
from ninja.security.base import AuthBase
from ninja.utils import check_csrf

from noctis.accounts.models import Facility, User
from noctis.modality_worklist.permissions import may_change_schedule, may_read_schedule

READING_METHODS: Final = frozenset({"GET", "HEAD"})


class TokenOrSession(AuthBase):
    """The middleware has looked at token and session already; what a session writes needs its CSRF token besides."""

    openapi_type = "http"
    openapi_scheme = "bearer"

    def __call__(self, request: HttpRequest) -> User | None:
        """Return the user; raise PermissionDenied for a write that another site may have caused."""
        if not isinstance(request.user, User) or not request.user.is_active:
            return None
        if request.method not in READING_METHODS and check_csrf(request) is not None:
            raise PermissionDenied("A session writes with its CSRF token only; programs use a bearer token.")
        return request.user


def reader_of_schedule(request: HttpRequest) -> User:
    """Return who asks; raise PermissionDenied where the schedule is not for their role."""
    user: Any = request.user
    if not may_read_schedule(user):
        raise PermissionDenied("The schedule is not for your role.")
    return user  # type: ignore[no-any-return]  # Django's request knows no more


def writer_of_schedule(request: HttpRequest) -> User:
    """Return who asks; raise PermissionDenied where their role does not schedule."""
    user: Any = request.user
    if not may_change_schedule(user):
        raise PermissionDenied("Your role does not change the schedule.")
    return user  # type: ignore[no-any-return]


def require_known_parameters(request: HttpRequest, document: type[Schema]) -> None:
    """Refuse a parameter that the address does not take: a misspelt one must not list everything."""
    if unknown := sorted(request.GET.keys() - document.model_fields.keys()):
        raise HttpError(422, f"This address takes no parameter {', '.join(unknown)!r}.")


def facility_for(user: User, code: str | None) -> Facility:
    """Return the facility that a step is scheduled for; raises UnknownFacility."""
    if code is None and user.facility is not None:
        return user.facility
    named = Facility.objects.filter(code=code) if code is not None else Facility.objects.all()[:2]
    found = [one for one in named if user.sees_all_facilities or one.pk == user.facility_id]
    if len(found) != 1:
        raise UnknownFacility("Name one of your facilities by its code." if code is None else "No such facility.")
    return found[0]


class UnknownFacility(Exception):
    """There is no such facility, or not for this user."""

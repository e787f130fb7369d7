"""Who may read the schedule, and who may change it."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, Final

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponseBase

from noctis.accounts.models import Facility, Role, User
from noctis.accounts.permissions import signed_in_user

View = Callable[..., HttpResponseBase]

READERS: Final = frozenset({Role.ADMINISTRATOR, Role.RADIOLOGIST, Role.TECHNICIAN})
WRITERS: Final = frozenset({Role.ADMINISTRATOR, Role.TECHNICIAN})


def may_read_schedule(user: User) -> bool:
    """Whether the schedule is for this role; which steps it shows is for ``visible_to`` to say."""
    return user.is_active and user.role in READERS


def may_change_schedule(user: User) -> bool:
    """Whether this role schedules: technicians at their facility, administrators everywhere."""
    return user.is_active and user.role in WRITERS


def require_change_at(user: User, facility: Facility) -> None:
    """Raise PermissionDenied unless ``user`` may schedule at ``facility``."""
    at_home = user.sees_all_facilities or user.facility_id == facility.pk
    if not (may_change_schedule(user) and at_home):
        raise PermissionDenied


def schedule_readers_only(view: View) -> View:
    """Answer 403 to everyone whom the schedule is not for."""
    return _guarded(view, may_read_schedule)


def schedule_writers_only(view: View) -> View:
    """Answer 403 to everyone who may not change the schedule."""
    return _guarded(view, may_change_schedule)


def _guarded(view: View, may: Callable[[User], bool]) -> View:
    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not may(signed_in_user(request)):
            raise PermissionDenied
        return view(request, *args, **kwargs)

    return guarded

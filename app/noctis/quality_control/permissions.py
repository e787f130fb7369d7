"""Who does quality control and decides about what was sent: technicians of a facility, and administrators."""

from __future__ import annotations

from functools import wraps
from typing import Any, Final

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponseBase

from noctis.accounts.models import Role, User
from noctis.accounts.permissions import View, signed_in_user

DECIDERS: Final = frozenset({Role.ADMINISTRATOR, Role.TECHNICIAN})


def may_decide(user: User) -> bool:
    """Whether this role decides; about which studies is for ``visible_to`` to say."""
    return user.is_active and user.role in DECIDERS


def deciders_only(view: View) -> View:
    """Answer 403 to everyone else."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not may_decide(signed_in_user(request)):
            raise PermissionDenied
        return view(request, *args, **kwargs)

    return guarded

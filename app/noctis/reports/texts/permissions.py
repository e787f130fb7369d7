"""Who keeps templates and macros: administrators those that all share, radiologists their own."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponseBase

from noctis.accounts.models import Role, User
from noctis.accounts.permissions import signed_in_user

View = Callable[..., HttpResponseBase]


def may_keep_texts(user: User) -> bool:
    """Whether templates and macros are for this role."""
    return user.is_active and user.role in {Role.ADMINISTRATOR, Role.RADIOLOGIST}


def owner_for(user: User) -> User | None:
    """Return whose a new template or macro of ``user`` is: nobody's, and so shared, where an administrator adds it."""
    return None if user.is_administrator else user


def keepers_of_texts_only(view: View) -> View:
    """Answer 403 to everyone whom templates are not for."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not may_keep_texts(signed_in_user(request)):
            raise PermissionDenied
        return view(request, *args, **kwargs)

    return guarded

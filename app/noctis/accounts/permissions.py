"""Who may call a view."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, Final

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponseBase

from noctis.accounts.models import Role, User

View = Callable[..., HttpResponseBase]

ROLES_THAT_ANNOTATE: Final = frozenset({Role.ADMINISTRATOR, Role.RADIOLOGIST, Role.TECHNICIAN})


def administrators_only(view: View) -> View:
    """Answer 403 to everyone but administrators."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not signed_in_user(request).is_administrator:
            raise PermissionDenied
        return view(request, *args, **kwargs)

    return guarded


def signed_in_user(request: HttpRequest) -> User:
    """Return the user of a request that the sign-in middleware let through."""
    if not isinstance(request.user, User):
        raise PermissionDenied
    return request.user


def may_annotate(user: User) -> bool:
    """Whether a user who sees a study may draw on its images, mark them and keep how they are shown."""
    return user.role in ROLES_THAT_ANNOTATE

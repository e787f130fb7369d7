"""Who may call a view."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponseBase

from noctis.accounts.models import User

View = Callable[..., HttpResponseBase]


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

"""Turns what other apps announce into audit entries."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed
from django.dispatch import receiver
from django.http import HttpRequest

from noctis.accounts.client_address import client_address
from noctis.accounts.models import Facility, User
from noctis.accounts.signals import AccountEvent, account_event
from noctis.audit.actions import record
from noctis.audit.models import Action


@receiver(user_logged_in, dispatch_uid="audit_signed_in")
def record_sign_in(request: HttpRequest, user: User, **_: Any) -> None:
    """Record who came in, and from where."""
    record(Action.SIGNED_IN, acting_user=user, address=client_address(request), facility=user.facility)


@receiver(user_logged_out, dispatch_uid="audit_signed_out")
def record_sign_out(request: HttpRequest, user: User | None, **_: Any) -> None:
    """Record who left; signing out without a session is no event."""
    if user is not None:
        record(Action.SIGNED_OUT, acting_user=user, address=client_address(request), facility=user.facility)


@receiver(user_login_failed, dispatch_uid="audit_sign_in_failed")
def record_sign_in_failure(credentials: dict[str, Any], request: HttpRequest | None = None, **_: Any) -> None:
    """Record the name that was tried, whether or not a user has it."""
    record(
        Action.SIGN_IN_FAILED,
        username=str(credentials.get("username", "")).replace("\0", ""),
        address=client_address(request) if request is not None else None,
    )


@receiver(account_event, dispatch_uid="audit_account_event")
def record_account_event(
    event: AccountEvent,
    acting_user: User | None,
    facility: Facility | None,
    address: str | None,
    detail: dict[str, Any],
    **_: Any,
) -> None:
    """Record a change to a user or a facility in the transaction of the change."""
    record(Action(event.value), acting_user=acting_user, address=address, facility=facility, **detail)

"""Every write to users and facilities, each with its announcement for the audit trail."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass, fields
from datetime import timedelta
from typing import Any, Final

from django.conf import settings
from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from noctis.accounts.models import TOKEN_NAME, ApiToken, Facility, Role, SetUpLink, User
from noctis.accounts.signals import AccountEvent, account_event

TOKEN_DAYS: Final = 365
MOST_TOKEN_DAYS: Final = 3650


class AccountError(Exception):
    """The change is not allowed; the text is a sentence for the person who asked."""


class LastAdministratorError(AccountError):
    """Nobody could manage the appliance any more."""


class OwnAccountError(AccountError):
    """Administrators cannot shut themselves out."""


class LinkNotOpenError(AccountError):
    """The set-up link was used or has expired."""


class TokenError(AccountError):
    """A token like this cannot be issued."""


@dataclass(frozen=True)
class UserParticulars:
    """What an administrator decides about a user."""

    full_name: str
    email: str
    role: str
    facility: Facility | None


def issue_set_up_link(user: User, *, acting_user: User | None = None) -> str:
    """Return the address at which ``user`` may once choose a password; links given out before end."""
    with transaction.atomic():
        token = SetUpLink.issue(user)
        _announce(AccountEvent.SET_UP_LINK_ISSUED, acting_user, facility=user.facility, subject=user.username)
    return f"{settings.NOCTIS_BASE_URL}{reverse('set_up', args=[token])}"


@transaction.atomic
def choose_password(link: SetUpLink, password: str, *, address: str | None = None) -> User:
    """Use up ``link`` and set its user's password. Raises LinkNotOpenError where someone was faster."""
    now = timezone.now()
    if not SetUpLink.objects.filter(pk=link.pk, used_at=None, expires_at__gt=now).update(used_at=now):
        raise LinkNotOpenError("This link was used already or has expired.")
    user = link.user
    user.set_password(password)
    user.save(update_fields=["password"])
    _announce(AccountEvent.PASSWORD_SET, user, facility=user.facility, address=address, by="set-up link")
    return user


@transaction.atomic
def change_own_password(user: User, password: str, *, address: str | None = None) -> None:
    """Set a new password that ``user`` chose after stating the old one."""
    user.set_password(password)
    user.save(update_fields=["password"])
    _announce(AccountEvent.PASSWORD_SET, user, facility=user.facility, address=address, by="the user")


@transaction.atomic
def add_user(username: str, particulars: UserParticulars, *, acting_user: User | None = None) -> User:
    """Make a user, who cannot sign in before using a set-up link."""
    user = User.objects.create_user(username, **_values(particulars))
    _announce(
        AccountEvent.USER_ADDED, acting_user, facility=user.facility, subject=user.username, role=particulars.role
    )
    return user


@transaction.atomic
def change_user(user: User, particulars: UserParticulars, *, acting_user: User) -> None:
    """Change name, e-mail, role and facility. Raises AccountError where no administrator would remain."""
    if particulars.role != user.role:
        _refuse_for_own_account(user, acting_user, "You cannot change your own role. Ask another administrator.")
        if user.is_administrator:
            _keep_an_administrator(user)
    values = _values(particulars)
    changed = sorted(name for name, value in values.items() if getattr(user, name) != value)
    if not changed:
        return
    former_role = user.role
    for name in changed:
        setattr(user, name, values[name])
    user.save(update_fields=changed)
    roles: dict[str, Any] = {"role": {"from": former_role, "to": user.role}} if "role" in changed else {}
    _announce(
        AccountEvent.USER_CHANGED,
        acting_user,
        facility=user.facility,
        subject=user.username,
        changed=changed,
        **roles,
    )


@transaction.atomic
def set_user_active(user: User, *, active: bool, acting_user: User) -> None:
    """Let a user in again, or out: running sessions, open set-up links and tokens end at once."""
    if active == user.is_active:
        return
    if not active:
        _refuse_for_own_account(user, acting_user, "You cannot deactivate your own account.")
        if user.is_administrator:
            _keep_an_administrator(user)
        SetUpLink.objects.filter(user=user, used_at=None).delete()
        for token in ApiToken.objects.filter(user=user, revoked_at=None):
            revoke_api_token(token, acting_user=acting_user)
    user.is_active = active
    user.save(update_fields=["is_active"])
    _announce(AccountEvent.USER_CHANGED, acting_user, facility=user.facility, subject=user.username, active=active)


@transaction.atomic
def issue_api_token(
    user: User, name: str, *, days: int = TOKEN_DAYS, acting_user: User | None = None, address: str | None = None
) -> tuple[ApiToken, str]:
    """Return a new token for ``user`` and its secret, which nothing keeps. Raises TokenError."""
    if not user.is_active:
        raise TokenError(f"The user {user.username!r} is deactivated.")
    if not name.strip() or len(name) > TOKEN_NAME:
        raise TokenError(f"Say in at most {TOKEN_NAME} characters what the token is for.")
    if not 1 <= days <= MOST_TOKEN_DAYS:
        raise TokenError(f"A token is valid for 1 to {MOST_TOKEN_DAYS} days.")
    secret = f"noctis_{secrets.token_urlsafe(32)}"
    token = ApiToken.objects.create(
        user=user,
        name=name.strip(),
        token_sha256=hashlib.sha256(secret.encode()).hexdigest(),
        expires_at=timezone.now() + timedelta(days=days),
    )
    _announce(
        AccountEvent.API_TOKEN_ISSUED,
        acting_user,
        facility=user.facility,
        address=address,
        subject=user.username,
        token=token.pk,
        days=days,
    )
    return token, secret


@transaction.atomic
def revoke_api_token(token: ApiToken, *, acting_user: User | None = None, address: str | None = None) -> None:
    """Let ``token`` in no more; revoking it again changes nothing."""
    if not ApiToken.objects.filter(pk=token.pk, revoked_at=None).update(revoked_at=timezone.now()):
        return
    user = token.user
    _announce(
        AccountEvent.API_TOKEN_REVOKED,
        acting_user,
        facility=user.facility,
        address=address,
        subject=user.username,
        token=token.pk,
    )


@transaction.atomic
def add_facility(code: str, name: str, *, acting_user: User | None = None) -> Facility:
    """Make a facility."""
    facility = Facility.objects.create(code=code, name=name)
    _announce(AccountEvent.FACILITY_ADDED, acting_user, facility=facility, subject=facility.code)
    return facility


@transaction.atomic
def make_default_facility() -> Facility:
    """Return the facility of who is not registered, made where there is none."""
    facility = Facility.objects.filter(is_default=True).first()
    if facility is None:
        facility = add_facility("MAIN", "Main facility")
        facility.is_default = True
        facility.save(update_fields=["is_default"])
    return facility


@transaction.atomic
def rename_facility(facility: Facility, name: str, *, acting_user: User) -> None:
    """Give a facility another name; its code, which commands and modalities' settings use, stays."""
    if name == facility.name:
        return
    facility.name = name
    facility.save(update_fields=["name"])
    _announce(AccountEvent.FACILITY_CHANGED, acting_user, facility=facility, subject=facility.code, changed=["name"])


def _values(particulars: UserParticulars) -> dict[str, Any]:
    return {field.name: getattr(particulars, field.name) for field in fields(particulars)}


def _refuse_for_own_account(user: User, acting_user: User, sentence: str) -> None:
    if user.pk == acting_user.pk:
        raise OwnAccountError(sentence)


def _keep_an_administrator(user: User) -> None:
    """Raise unless another active administrator exists; the rows stay locked until the change is committed."""
    administrators = User.objects.select_for_update().filter(role=Role.ADMINISTRATOR, is_active=True)
    if not [administrator for administrator in administrators if administrator.pk != user.pk]:
        raise LastAdministratorError("This is the last administrator. Make another one first.")


def _announce(
    event: AccountEvent,
    acting_user: User | None,
    *,
    facility: Facility | None = None,
    address: str | None = None,
    **detail: Any,
) -> None:
    account_event.send(
        sender=None, event=event, acting_user=acting_user, facility=facility, address=address, detail=detail
    )

"""What a new appliance needs before its first user: a facility to file into and an administrator who can get in."""

from __future__ import annotations

from pathlib import Path

from django.conf import settings
from django.contrib.auth.hashers import UNUSABLE_PASSWORD_PREFIX
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import QuerySet

from noctis.accounts.actions import UserParticulars, add_user, issue_set_up_link, make_default_facility
from noctis.accounts.models import Facility, Role, User
from noctis.audit.actions import record
from noctis.audit.models import Action
from noctis.env import ConfigurationError

FIRST_ADMINISTRATOR = "admin"


@transaction.atomic
def prepare_appliance() -> list[str]:
    """Make what is missing and return a line for each thing made; a second call makes nothing."""
    lines = []
    if settings.NOCTIS_EMBEDDED and not Facility.objects.filter(is_default=True).exists():
        lines.append(f"Made the default facility {make_default_facility().code}.")
    if settings.NOCTIS_ADMIN_PASSWORD_FILE and not administrators_who_can_sign_in().exists():
        lines += _set_first_password(Path(settings.NOCTIS_ADMIN_PASSWORD_FILE))
    return lines


def administrators_who_can_sign_in() -> QuerySet[User]:
    """Return the active administrators that have a password."""
    administrators = User.objects.filter(role=Role.ADMINISTRATOR, is_active=True)
    return administrators.exclude(password__startswith=UNUSABLE_PASSWORD_PREFIX)


def set_up_address() -> str | None:
    """Return a fresh one-time address where the first administrator chooses a password; None once one can sign in."""
    if administrators_who_can_sign_in().exists():
        return None
    return issue_set_up_link(_first_administrator())


def _first_administrator() -> User:
    user = User.objects.filter(username=FIRST_ADMINISTRATOR).first()
    if user is None:
        particulars = UserParticulars(full_name="Administrator", email="", role=Role.ADMINISTRATOR, facility=None)
        return add_user(FIRST_ADMINISTRATOR, particulars)
    user.role, user.is_active = Role.ADMINISTRATOR, True
    user.save(update_fields=["role", "is_active"])
    return user


def _set_first_password(path: Path) -> list[str]:
    try:
        password = path.read_text(encoding="utf-8").strip()
    except OSError as error:
        raise ConfigurationError(
            f"NOCTIS_ADMIN_PASSWORD_FILE names {path}, which cannot be read: {error.strerror}."
        ) from error
    if not password:
        raise ConfigurationError(f"NOCTIS_ADMIN_PASSWORD_FILE names {path}, which is empty.")
    user = _first_administrator()
    user.set_password(password)
    user.save(update_fields=["password"])
    record(Action.PASSWORD_SET, username=user.username, by="NOCTIS_ADMIN_PASSWORD_FILE")
    lines = [f"The administrator {user.username} signs in with the password of {path}."]
    try:
        validate_password(password, user)
    except ValidationError as error:
        lines.append(f"That password is weak: {' '.join(error.messages)}")
    return lines

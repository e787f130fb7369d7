"""Who may do what with studies of the worklist that they see. Whatever is not allowed here is not allowed."""

from __future__ import annotations

from typing import Final

from noctis.accounts.models import Role, User

ROLES_THAT_HOLD: Final = frozenset({Role.ADMINISTRATOR, Role.RADIOLOGIST})
ROLES_THAT_PRIORITISE: Final = ROLES_THAT_HOLD | {Role.TECHNICIAN}


def may_hold(user: User) -> bool:
    """Whether a user may claim studies, release them and give them to a radiologist."""
    return user.is_active and user.role in ROLES_THAT_HOLD


def may_prioritise(user: User) -> bool:
    """Whether a user may say how urgent a study is."""
    return user.is_active and user.role in ROLES_THAT_PRIORITISE


def may_be_given(user: User) -> bool:
    """Whether studies may be assigned to a user."""
    return user.is_active and user.role == Role.RADIOLOGIST

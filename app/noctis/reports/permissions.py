"""Who may write and read reports."""

from __future__ import annotations

from noctis.accounts.models import Role, User


def may_report(user: User) -> bool:
    """Whether a user who sees a study may write and sign its report."""
    return user.role == Role.RADIOLOGIST

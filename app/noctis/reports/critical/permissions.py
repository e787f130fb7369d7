"""Who may do what about a critical result."""

from __future__ import annotations

from django.db.models import QuerySet

from noctis.accounts.models import Role, User
from noctis.archive.models import Study
from noctis.notifications.recipients import who_see
from noctis.reports.models import CriticalResult


def may_acknowledge(result: CriticalResult, user: User) -> bool:
    """Whether ``user`` was told of it: as addressee, or as administrator once nobody else was left."""
    if result.addressees.filter(user=user, told_at__isnull=False).exists():
        return True
    return result.due_at is None and user.is_administrator


def may_tell(result: CriticalResult, user: User) -> bool:
    """Whether ``user`` may write down a call about it, or withdraw it."""
    return user.is_active and user.role in {Role.RADIOLOGIST, Role.ADMINISTRATOR}


def addressees_for(study: Study, *, besides: User) -> QuerySet[User]:
    """Return whom a critical result of ``study`` can be addressed to: users who see it, those of its facility first."""
    users = User.objects.filter(who_see(study.facility_id)).exclude(pk=besides.pk)
    return users.order_by("-facility", "full_name", "username")

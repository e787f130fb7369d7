"""Which studies changed, for the live worklist."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from noctis.accounts.models import User
from noctis.archive.models import Study
from noctis.live.feed import Changes, Topic

MOST_CHANGES: Final = 1000


@dataclass(frozen=True)
class Scope:
    """Whose studies a page shows; pages of equal scope share their queries."""

    role: str
    facility_id: int | None

    @classmethod
    def of(cls, user: User) -> Scope:
        """Return the scope of ``user``."""
        return cls(user.role, None if user.sees_all_facilities else user.facility_id)


def changes_since(user: User, moment: datetime) -> Changes:
    """Return the last changes of the studies that ``user`` may see."""
    changed = Study.objects.visible_to(user).filter(changed_at__gte=moment).order_by("-changed_at")
    return list(changed.values_list("pk", "changed_at")[:MOST_CHANGES])


def _changes(readers: Mapping[Hashable, User], moment: datetime) -> Mapping[Hashable, Changes]:
    return {scope: changes_since(reader, moment) for scope, reader in readers.items()}


STUDIES: Final = Topic("studies", Scope.of, _changes)

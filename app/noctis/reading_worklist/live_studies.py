"""Which rows of the worklist changed, for its live pages."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from noctis.accounts.models import User
from noctis.live.feed import Changes, Topic
from noctis.reading_worklist.models import ReadingTask

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
    """Return the last changes of the rows that ``user`` may see."""
    changed = ReadingTask.objects.visible_to(user).filter(changed_at__gte=moment).order_by("-changed_at")
    return list(changed.values_list("pk", "changed_at")[:MOST_CHANGES])


def _changes(readers: Mapping[Hashable, User], moment: datetime) -> Mapping[Hashable, Changes]:
    return {scope: changes_since(reader, moment) for scope, reader in readers.items()}


STUDIES: Final = Topic("studies", Scope.of, _changes)

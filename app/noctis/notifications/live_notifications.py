"""Whose notifications changed, for the bell: one query for everybody who has a page open."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Mapping
from datetime import datetime
from typing import Final

from noctis.accounts.models import User
from noctis.live.feed import Changes, Topic
from noctis.notifications.models import Notification

MOST_CHANGES: Final = 5000


def scope_of(user: User) -> Hashable:
    """Return whose notifications a page shows: the reader's own."""
    return user.pk


def changes(readers: Mapping[Hashable, User], moment: datetime) -> Mapping[Hashable, Changes]:
    """Return by reader the notifications that are new, were read or were told again since ``moment``."""
    changed = Notification.objects.in_app().filter(user__in=readers.values(), changed_at__gte=moment)
    found: dict[Hashable, Changes] = defaultdict(list)
    for user_id, pk, changed_at in changed.order_by("-changed_at").values_list("user_id", "pk", "changed_at")[
        :MOST_CHANGES
    ]:
        found[user_id].append((pk, changed_at))
    return found


NOTIFICATIONS: Final = Topic("notifications", scope_of, changes)

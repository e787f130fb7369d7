"""Notifications as people read them: what a line says, where it leads to, and a flood as one line."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Final

from django.urls import reverse

from noctis.accounts.models import User
from noctis.notifications.event_kinds import MANDATORY, Event, default_choice
from noctis.notifications.models import Notification, NotificationQuerySet

MOST_LINES: Final = 12
LOOKED_AT: Final = 60
# So many of one kind in a row, and none of them read, are shown as one line.
A_FLOOD: Final = 4
MOST_COUNTED: Final = 99
LEADS_TO_THE_REPORT: Final = frozenset({Event.REPORT_FINAL, Event.REPORT_ADDENDUM})


@dataclass(frozen=True)
class Line:
    """One line: a notification, or several of a kind (``notification`` is then the newest)."""

    notification: Notification
    bundled: int = 1

    @property
    def event(self) -> Event:
        """What happened."""
        return self.notification.kind

    @property
    def is_critical(self) -> bool:
        """Whether nobody may overlook it."""
        return self.event in MANDATORY

    @property
    def address(self) -> str:
        """Where it leads to; following it takes the notification as read."""
        if self.bundled > 1:
            return f"{reverse('notifications')}?event={self.event}&unread=1"
        return reverse("notification_open", args=[self.notification.uid])


def of_reader(user: User) -> NotificationQuerySet:
    """Return what the bell of ``user`` shows, with what its lines name."""
    return Notification.objects.visible_to(user).in_app().select_related("study__facility", "acting_user")


def latest_lines(user: User) -> list[Line]:
    """Return the lines of the bell's panel, the newest first."""
    found = of_reader(user)[:LOOKED_AT]
    return list(bundled(found))[:MOST_LINES]


def bundled(notifications: Iterable[Notification]) -> Iterable[Line]:
    """Yield lines, where many unread ones of a kind follow one another one for all of them."""
    for (_, is_read), same in groupby(notifications, key=lambda found: (found.event, found.read_at is not None)):
        run = list(same)
        if len(run) >= A_FLOOD and not is_read:
            yield Line(run[0], len(run))
        else:
            yield from map(Line, run)


def unread_counts(user: User) -> tuple[int, bool]:
    """Return how many are unread, at most one more than are counted, and whether a critical one is among them."""
    unread = Notification.objects.visible_to(user).in_app().unread().order_by()
    count = unread[: MOST_COUNTED + 1].count()
    return count, count > 0 and unread.filter(event__in=MANDATORY).exists()


def target(notification: Notification) -> str:
    """Return the page that a notification is about."""
    if notification.path:
        return notification.path
    if notification.study is None:
        return reverse("notifications")
    page = "report" if notification.kind in LEADS_TO_THE_REPORT else "viewer"
    return reverse(page, args=[notification.study.study_instance_uid])


def events_of(user: User) -> list[Event]:
    """Return what the role of ``user`` is told of."""
    return [event for event in Event if default_choice(event, user.role) is not None]


@dataclass(frozen=True)
class Cursor:
    """The place in the list below which a page begins."""

    at: datetime
    pk: int

    @classmethod
    def of(cls, notification: Notification) -> Cursor:
        """Return the place of ``notification``."""
        return cls(notification.happened_at, notification.pk)

    @classmethod
    def read(cls, text: str) -> Cursor | None:
        """Return what ``str`` wrote; None for anything else."""
        moment, _, key = text.partition("_")
        try:
            at = datetime.fromisoformat(moment)
        except ValueError:
            return None
        is_key = key.isascii() and key.isdigit() and len(key) < 19  # noqa: PLR2004  (what a key column holds)
        return cls(at, int(key)) if is_key and at.tzinfo is not None else None

    def __str__(self) -> str:
        return f"{self.at.isoformat()}_{self.pk}"

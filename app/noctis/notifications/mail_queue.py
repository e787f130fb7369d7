"""Which e-mail carries a notification: one of each kind at a time, so that a flood becomes one mail."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final

from django.conf import settings

from noctis.accounts.models import User
from noctis.notifications.event_kinds import Event
from noctis.notifications.models import Mail, MailState

# After a mail the next of its kind to the same user waits so long, and takes up what happens meanwhile.
PAUSE: Final = timedelta(minutes=10)


def may_get_mail(user: User) -> bool:
    """Whether there is a server to send by and an address to send to."""
    return bool(settings.NOCTIS_SMTP_HOST and user.email)


def mail_for(users: Iterable[User], event: Event, *, at: datetime, bundled: bool) -> dict[int, Mail]:
    """Return by user the e-mail that is to carry a notification of ``event``: a waiting one, else a new one.

    The caller's transaction keeps a waiting one from being sent before the notification is in it.
    """
    readers = list(users)
    if not readers:
        return {}
    mails = _waiting(readers, event) if bundled else {}
    pauses = _ends_of_pauses(readers, event, at) if bundled else {}
    new = [Mail(user=user, event=event, due_at=pauses.get(user.pk, at)) for user in readers if user.pk not in mails]
    Mail.objects.bulk_create(new)
    return {**mails, **{mail.user_id: mail for mail in new}}


def _waiting(readers: list[User], event: Event) -> dict[int, Mail]:
    waiting = Mail.objects.filter(user__in=readers, event=event, state=MailState.WAITING)
    return {mail.user_id: mail for mail in waiting.select_for_update().order_by("pk")}


def _ends_of_pauses(readers: list[User], event: Event, at: datetime) -> dict[int, datetime]:
    recent = Mail.objects.filter(user__in=readers, event=event, created_at__gt=at - PAUSE).order_by("created_at")
    return {user: created_at + PAUSE for user, created_at in recent.values_list("user_id", "created_at")}

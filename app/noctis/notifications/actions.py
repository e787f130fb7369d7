"""Telling people what happened.

A notification is written in the transaction of what it tells of: what is rolled back was never told. Browsers learn of
it from the live events, mail servers from the process for outgoing work; both read what is committed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, time
from typing import Final

from django.db import transaction
from django.utils import timezone

from noctis.accounts.models import User
from noctis.archive.models import Study
from noctis.audit.actions import record
from noctis.audit.models import Action
from noctis.notifications.choices import choices_of
from noctis.notifications.event_kinds import MANDATORY, NOTHING, Choice, Event, MailChoice, default_choice
from noctis.notifications.mail_queue import mail_for, may_get_mail
from noctis.notifications.models import (
    DIGEST_TIME,
    LONGEST_TEXT,
    DigestPreference,
    EventPreference,
    Mail,
    MailQuerySet,
    MailState,
    Notification,
)
from noctis.notifications.recipients import who_see

MOST_RECIPIENTS: Final = 1000


@dataclass(frozen=True)
class Occurrence:
    """What happened, the same for everybody who is told."""

    event: Event
    study: Study | None
    acting_user: User | None
    text: str
    path: str
    key: str
    at: datetime


@transaction.atomic
def notify(
    event: Event,
    *,
    recipients: Iterable[User],
    study: Study | None = None,
    acting_user: User | None = None,
    text: str = "",
    path: str = "",
    key: str = "",
) -> None:
    """Tell ``recipients`` of an event, each as the user prefers; see noctis.notifications.recipients.

    Left out are those who may not see ``study``, those whose role is never told of the event, and ``acting_user``, who
    did it. ``text`` and ``path`` go out by e-mail too: nothing of a patient may stand in them. ``path`` is an address
    of the appliance that the notification leads to, the viewer of the study where it is empty. What happens again with
    the same ``study`` and ``key`` before it was read is counted, not told twice. Raises ValueError for another path.
    """
    if path and (not path.startswith("/") or path.startswith("//")):
        raise ValueError("a notification leads to an address of the appliance")
    found = User.objects.filter(pk__in=[user.pk for user in recipients], is_active=True)
    if study is not None:
        found = found.filter(who_see(study.facility_id))
    if acting_user is not None:
        found = found.exclude(pk=acting_user.pk)
    readers = list(found.order_by("pk")[:MOST_RECIPIENTS])
    choices = {pk: choice for pk, choice in choices_of(readers, event).items() if choice != NOTHING}
    told = [user for user in readers if user.pk in choices]
    if told:
        _tell(told, choices, Occurrence(event, study, acting_user, text[:LONGEST_TEXT], path, key, timezone.now()))


def _tell(readers: list[User], choices: Mapping[int, Choice], occurrence: Occurrence) -> None:
    mailed = [user for user in readers if choices[user.pk].mail == MailChoice.AT_ONCE and may_get_mail(user)]
    mails = mail_for(mailed, occurrence.event, at=occurrence.at, bundled=occurrence.event not in MANDATORY)
    known = _unread(readers, occurrence)
    new = []
    for user in readers:
        notification = known.get(user.pk)
        if notification is None:
            new.append(_new(user, occurrence))
        _renew(notification or new[-1], choices[user.pk], mails.get(user.pk), occurrence)
    for again in known.values():
        again.save()
    Notification.objects.bulk_create(new)


def _new(user: User, occurrence: Occurrence) -> Notification:
    return Notification(
        user=user, event=occurrence.event, study=occurrence.study, key=occurrence.key, count=0, is_in_app=False
    )


def _renew(notification: Notification, choice: Choice, mail: Mail | None, occurrence: Occurrence) -> None:
    notification.count += 1
    notification.happened_at = occurrence.at
    notification.acting_user = occurrence.acting_user
    notification.text = occurrence.text
    notification.path = occurrence.path
    notification.is_in_app = choice.in_app
    notification.waits_for_digest = choice.mail == MailChoice.DIGEST
    notification.mail = mail or notification.mail


def _unread(readers: list[User], occurrence: Occurrence) -> dict[int, Notification]:
    """Return by user what was told of the same thing and not read."""
    same = Notification.objects.unread().filter(
        user__in=readers, event=occurrence.event, study=occurrence.study, key=occurrence.key
    )
    return {found.user_id: found for found in same.select_for_update().order_by("pk")}


@transaction.atomic
def mark_read(user: User, *, uid: str | None = None, event: str = "") -> int:
    """Take the unread of a user's notifications as read: one, those of an event, or all; return how many."""
    unread = Notification.objects.filter(user=user).unread()
    if uid is not None:
        unread = unread.filter(uid=uid)
    if event:
        unread = unread.filter(event=event)
    now = timezone.now()
    return unread.update(read_at=now, changed_at=now)


@transaction.atomic
def choose(choices: Mapping[Event, Choice], digest_at: time, *, acting_user: User) -> None:
    """Keep how a user wants to be told; what is as the role has it by default is not kept and follows it."""
    for event, choice in choices.items():
        default = default_choice(event, acting_user.role)
        if default is None:
            continue
        own = EventPreference.objects.filter(user=acting_user, event=event)
        if choice == default:
            own.delete()
        else:
            own.update_or_create(user=acting_user, event=event, defaults={"in_app": choice.in_app, "mail": choice.mail})
    DigestPreference.objects.update_or_create(user=acting_user, defaults={"at": digest_at})
    record(Action.SETTING_CHANGED, acting_user=acting_user, setting="notifications")


@transaction.atomic
def choose_defaults(*, acting_user: User) -> None:
    """Forget what a user chose: the defaults of the role count again."""
    EventPreference.objects.filter(user=acting_user).delete()
    DigestPreference.objects.filter(user=acting_user).update(at=DIGEST_TIME)
    record(Action.SETTING_CHANGED, acting_user=acting_user, setting="notifications", defaults=True)


@transaction.atomic
def send_mail_again(mails: MailQuerySet, *, acting_user: User) -> int:
    """Let e-mail that failed or waits be tried at once; return how many."""
    chosen = mails.filter(state__in=(MailState.FAILED, MailState.WAITING))
    count = chosen.update(
        state=MailState.WAITING, due_at=timezone.now(), attempts=0, finished_at=None, created_at=timezone.now()
    )
    if count:
        record(Action.MAIL_SENT_AGAIN, acting_user=acting_user, mails=count)
    return count

"""How each user is told of an event: what the user chose, else the default of the role."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import time

from noctis.accounts.models import User
from noctis.notifications.event_kinds import MANDATORY, NOTHING, Choice, Event, MailChoice, default_choice
from noctis.notifications.models import DIGEST_TIME, DigestPreference, EventPreference


def choices_of(users: Iterable[User], event: Event) -> Mapping[int, Choice]:
    """Return by user how each is told of an event."""
    readers = list(users)
    chosen = {kept.user_id: kept for kept in EventPreference.objects.filter(event=event, user__in=readers)}
    return {user.pk: _choice(user, event, chosen.get(user.pk)) for user in readers}


def choices_for(user: User) -> Mapping[Event, Choice]:
    """Return by event how a user is told of it; without those that the role is never told of."""
    chosen = {kept.event: kept for kept in EventPreference.objects.filter(user=user)}
    return {
        event: _choice(user, event, chosen.get(event))
        for event in Event
        if default_choice(event, user.role) is not None
    }


def digest_time_of(user: User) -> time:
    """Return when a user gets the daily digest, by the clock of the installation."""
    kept = DigestPreference.objects.filter(user=user).first()
    return kept.at if kept else DIGEST_TIME


def _choice(user: User, event: Event, kept: EventPreference | None) -> Choice:
    default = default_choice(event, user.role)
    if default is None:
        return NOTHING
    choice = default if kept is None else Choice(in_app=kept.in_app, mail=MailChoice(kept.mail))
    return Choice(in_app=True, mail=choice.mail) if event in MANDATORY else choice

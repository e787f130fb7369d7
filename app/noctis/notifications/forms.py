"""How a user wants to be told, as a form: one row per event that the role is told of, and the time of the digest."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import time
from typing import Any, Final

from django import forms
from django.forms import BoundField

from noctis.accounts.models import User
from noctis.notifications.choices import choices_for, digest_time_of
from noctis.notifications.event_kinds import MANDATORY, Choice, Event, MailChoice

TIMES: Final = [(time(hour, minute).strftime("%H:%M"),) * 2 for hour in range(24) for minute in (0, 30)]


@dataclass(frozen=True)
class Row:
    """The fields of one event."""

    event: Event
    in_app: BoundField
    mail: BoundField
    is_mandatory: bool


class PreferencesForm(forms.Form):
    """What a user chose; bound to what is kept where nothing is sent."""

    def __init__(self, user: User, data: Any = None) -> None:
        """Make the fields of the events that concern the role of ``user``."""
        super().__init__(data, prefix="told")
        self._events = []
        for event, choice in choices_for(user).items():
            self._events.append(event)
            self.fields[f"{event}_in_app"] = forms.BooleanField(
                required=False,
                initial=choice.in_app,
                disabled=event in MANDATORY,
                label=f"{event.label}: in the bell",
            )
            self.fields[f"{event}_mail"] = forms.ChoiceField(
                choices=MailChoice.choices, initial=choice.mail, label=f"{event.label}: by e-mail"
            )
        self.fields["digest_at"] = forms.ChoiceField(
            choices=TIMES, initial=digest_time_of(user).strftime("%H:%M"), label="Daily digest at"
        )

    def rows(self) -> Iterator[Row]:
        """Yield the fields of each event."""
        for event in self._events:
            yield Row(event, self[f"{event}_in_app"], self[f"{event}_mail"], event in MANDATORY)

    def choices(self) -> dict[Event, Choice]:
        """Return what was chosen, by event; only of a valid form."""
        return {
            event: Choice(
                in_app=self.cleaned_data[f"{event}_in_app"], mail=MailChoice(self.cleaned_data[f"{event}_mail"])
            )
            for event in self._events
        }

    def digest_at(self) -> time:
        """Return the time of the digest; only of a valid form."""
        return time.fromisoformat(self.cleaned_data["digest_at"])

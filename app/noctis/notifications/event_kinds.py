"""What people are notified of, and how each event stands for each role until its user says otherwise."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from django.db import models

from noctis.accounts.models import Role


class Event(models.TextChoices):
    """What happened; a new one needs no migration."""

    STUDY_ARRIVED = "study_arrived", "Study arrived"
    STUDY_ASSIGNED = "study_assigned", "Study assigned to you"
    STUDY_STAT = "study_stat", "Stat study arrived"
    REPORT_FINAL = "report_final", "Final report"
    REPORT_ADDENDUM = "report_addendum", "Addendum to a report"
    CRITICAL_RESULT = "critical_result", "Critical result"
    CRITICAL_ESCALATED = "critical_escalated", "Critical result not acknowledged"
    CRITICAL_ACKNOWLEDGED = "critical_acknowledged", "Critical result acknowledged"
    OBJECT_QUARANTINED = "object_quarantined", "Object quarantined"
    SHARED_LINK_OPENED = "shared_link_opened", "Shared link opened"
    SYSTEM_ALERT = "system_alert", "System alert"


def event_choices() -> list[tuple[str, str]]:
    """Return the choices of an event; a function, so that a new event needs no migration."""
    return Event.choices


class MailChoice(models.TextChoices):
    """When an event is told by e-mail."""

    AT_ONCE = "at_once", "At once"
    DIGEST = "digest", "Daily digest"
    OFF = "off", "Off"


@dataclass(frozen=True)
class Choice:
    """How a user is told of an event."""

    in_app: bool
    mail: MailChoice


NOTHING: Final = Choice(in_app=False, mail=MailChoice.OFF)
BELL: Final = Choice(in_app=True, mail=MailChoice.OFF)
BELL_AND_DIGEST: Final = Choice(in_app=True, mail=MailChoice.DIGEST)
BELL_AND_MAIL: Final = Choice(in_app=True, mail=MailChoice.AT_ONCE)

# What nobody may overlook: always in the bell, whatever the user prefers.
MANDATORY: Final = frozenset({Event.CRITICAL_RESULT, Event.CRITICAL_ESCALATED})

# By event: how it stands for the roles that are told of it. A role that is absent is not told, and not asked.
_CRITICAL: Final = {
    Role.ADMINISTRATOR: BELL_AND_MAIL,
    Role.RADIOLOGIST: BELL_AND_MAIL,
    Role.FACILITY_USER: BELL_AND_MAIL,
    Role.TECHNICIAN: BELL,
}
DEFAULTS: Final[dict[Event, dict[Role, Choice]]] = {
    # Off by default: the worklist shows every arrival, and a bell that rings all day is not heard.
    Event.STUDY_ARRIVED: dict.fromkeys(Role, NOTHING),
    Event.STUDY_ASSIGNED: {Role.ADMINISTRATOR: BELL, Role.RADIOLOGIST: BELL},
    Event.STUDY_STAT: {Role.ADMINISTRATOR: NOTHING, Role.RADIOLOGIST: BELL, Role.TECHNICIAN: NOTHING},
    Event.REPORT_FINAL: {
        Role.ADMINISTRATOR: NOTHING,
        Role.RADIOLOGIST: BELL,
        Role.FACILITY_USER: BELL_AND_MAIL,
        Role.TECHNICIAN: NOTHING,
    },
    Event.REPORT_ADDENDUM: {
        Role.ADMINISTRATOR: NOTHING,
        Role.RADIOLOGIST: BELL,
        Role.FACILITY_USER: BELL_AND_MAIL,
        Role.TECHNICIAN: NOTHING,
    },
    Event.CRITICAL_RESULT: _CRITICAL,
    Event.CRITICAL_ESCALATED: _CRITICAL,
    Event.CRITICAL_ACKNOWLEDGED: {Role.ADMINISTRATOR: BELL, Role.RADIOLOGIST: BELL, Role.FACILITY_USER: BELL},
    Event.OBJECT_QUARANTINED: {Role.ADMINISTRATOR: BELL_AND_DIGEST, Role.TECHNICIAN: BELL},
    Event.SHARED_LINK_OPENED: {
        Role.ADMINISTRATOR: BELL,
        Role.RADIOLOGIST: BELL,
        Role.FACILITY_USER: BELL,
        Role.TECHNICIAN: BELL,
    },
    Event.SYSTEM_ALERT: {Role.ADMINISTRATOR: BELL_AND_MAIL},
}


def default_choice(event: Event, role: str) -> Choice | None:
    """Return how an event stands for a role; None where the role is never told of it."""
    return DEFAULTS[event].get(Role(role)) if role in Role.values else None

"""What an e-mail says: that something happened and where to read it, never anything of a patient.

A link names a notification by an opaque number; who follows it must sign in and may then see the study, or not.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, localtime
from typing import Final
from urllib.parse import urlsplit

from django.conf import settings
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone

from noctis.notifications.event_kinds import MANDATORY, Event
from noctis.notifications.models import Mail, Notification

MOST_LINKS: Final = 10
UNUSABLE_ADDRESS: Final = "No e-mail can be written to this address:"
# Whose text was written by Noctis about itself.
WITH_TEXT: Final = frozenset({Event.SYSTEM_ALERT})


@dataclass(frozen=True)
class Item:
    """One line of an e-mail."""

    words: str
    link: str
    text: str = ""


def message_for(mail: Mail, notifications: Sequence[Notification]) -> EmailMessage:
    """Return the e-mail that tells of ``notifications``, at least one.

    Raises ValueError or email.errors.MessageError for an address that no header can hold.
    """
    event = mail.kind
    subject = _subject(event, len(notifications))
    items = _digest_items(notifications) if event is None else _items(event, notifications)
    context = {
        "subject": subject,
        "items": items,
        "is_digest": event is None,
        "is_critical": event in MANDATORY,
        "more": max(0, len(notifications) - MOST_LINKS) if event else 0,
        "all": absolute(reverse("notifications")),
        "preferences": absolute(reverse("notification_preferences")),
    }
    text = render_to_string("notifications/mail/mail.txt", context)
    html = render_to_string("notifications/mail/mail.html", context)
    message = _message(mail.user.email, subject, str(mail.uid))
    message.set_content(text)
    message.add_alternative(html, subtype="html")
    return message


def trial_message(to: str, uid: str) -> EmailMessage:
    """Return the e-mail by which an administrator tries the settings."""
    message = _message(to, "Noctis: test of the e-mail settings", uid)
    message.set_content(
        "This is a test. Noctis can send e-mail by the mail server of its settings.\n\n"
        f"Asked for on {absolute(reverse('mail'))}\n"
    )
    return message


def absolute(path: str) -> str:
    """Return the whole address of a page."""
    return f"{settings.NOCTIS_BASE_URL}{path}"


def _message(to: str, subject: str, uid: str) -> EmailMessage:
    message = EmailMessage(policy=SMTP.clone(cte_type="7bit"))
    message["From"] = Address("Noctis", addr_spec=_ascii(settings.NOCTIS_SMTP_FROM))
    message["To"] = Address(addr_spec=_ascii(to))
    message["Subject"] = subject
    message["Date"] = format_datetime(localtime())
    message["Message-ID"] = f"<{uid}@{urlsplit(settings.NOCTIS_BASE_URL).hostname}>"
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834: nobody's holiday note shall answer
    message["X-Auto-Response-Suppress"] = "All"
    message["List-Unsubscribe"] = f"<{absolute(reverse('notification_preferences'))}>"
    return message


def _ascii(address: str) -> str:
    """Return an address with its domain as DNS has it (RFC 5891)."""
    local, _, domain = address.rpartition("@")
    return f"{local}@{domain.encode('idna').decode('ascii')}"


def _subject(event: Event | None, count: int) -> str:
    if event is None:
        return "Noctis: your daily digest"
    return f"Noctis: {event.label}" if count == 1 else f"Noctis: {event.label} ({count})"


def _items(event: Event, notifications: Sequence[Notification]) -> list[Item]:
    return [
        Item(
            words=f"{event.label}, {timezone.localtime(told.happened_at):%Y-%m-%d %H:%M}",
            link=absolute(reverse("notification_open", args=[told.uid])),
            text=told.text if event in WITH_TEXT else "",
        )
        for told in notifications[:MOST_LINKS]
    ]


def _digest_items(notifications: Sequence[Notification]) -> list[Item]:
    counts = Counter(told.kind for told in notifications)
    page = absolute(reverse("notifications"))
    return [
        Item(words=f"{event.label}: {counts[event]}", link=f"{page}?event={event}&unread=1")
        for event in Event
        if event in counts
    ]

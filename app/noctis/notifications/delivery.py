"""Sends the queue of e-mail, in the process for outgoing work.

A mail is claimed by one conditional UPDATE, so that two hosts never send the same one; a claim that nobody gave back,
as after a crash, ends by itself. Where the server cannot be used everything waits; a mail that is refused waits alone.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Hashable, Iterable
from datetime import datetime, timedelta
from email.errors import MessageError
from typing import Final

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from noctis.audit.actions import record
from noctis.audit.models import Action
from noctis.notifications.event_kinds import MANDATORY
from noctis.notifications.mail_content import UNUSABLE_ADDRESS, message_for
from noctis.notifications.models import LONGEST_TEXT, OPEN_STATES, Mail, MailState, Notification
from noctis.notifications.smtp import MailServer, Refused, ServerFailure, mail_server

logger = logging.getLogger(__name__)

CLAIM: Final = timedelta(minutes=10)
GIVEN_UP_AFTER: Final = timedelta(days=3)
EVERYTHING: Final = "mail"

RetryAfter = Callable[[int], timedelta]


class MailCourier:
    """Does the work of the queue; see noctis.network.outgoing.Courier."""

    def __init__(self, retry_after: RetryAfter) -> None:
        """Wait ``retry_after(failures)`` before the next attempt."""
        self._retry_after = retry_after

    def due(self) -> Iterable[Hashable]:
        """Return the one destination there is, when something is to be sent by it."""
        if settings.NOCTIS_SMTP_HOST and Mail.objects.due(timezone.now()).exists():
            return [EVERYTHING]
        return []

    def deliver(self, destination: Hashable, is_stopping: Callable[[], bool]) -> None:
        """Send what is due by one session with the server."""
        try:
            with mail_server() as server:
                while not is_stopping() and (mail := claim_next(timezone.now())):
                    self._send(mail, server)
        except ServerFailure as error:
            logger.warning("e-mail waits: %s", error)
            self._let_all_wait(str(error))

    def _send(self, mail: Mail, server: MailServer) -> None:
        told = told_by(mail)
        if not told:
            mail.delete()  # read meanwhile, or its reader may not see it any more
            return
        try:
            server.send(message_for(mail, told))
        except Refused as error:
            self._put_off(mail, str(error), give_up=error.is_permanent)
        except (ValueError, MessageError) as error:
            self._put_off(mail, f"{UNUSABLE_ADDRESS} {error}", give_up=True)
        except ServerFailure:
            Mail.objects.filter(pk=mail.pk).update(state=MailState.WAITING, due_at=timezone.now())
            raise
        else:
            _note_sent(mail, len(told))

    def _put_off(self, mail: Mail, why: str, *, give_up: bool) -> None:
        now = timezone.now()
        mail.attempts += 1
        mail.last_error = why[:LONGEST_TEXT]
        if give_up or now - mail.created_at > GIVEN_UP_AFTER:
            mail.state, mail.finished_at = MailState.FAILED, now
        else:
            mail.state, mail.due_at = MailState.WAITING, now + self._retry_after(mail.attempts)
        mail.save(update_fields=["attempts", "last_error", "state", "finished_at", "due_at"])
        logger.warning("mail %s was not taken: %s", mail.uid, why)

    def _let_all_wait(self, why: str) -> None:
        """Put off whatever is due: the longest that any of it has waited says when the server is tried again."""
        now = timezone.now()
        waiting = Mail.objects.filter(state=MailState.WAITING, due_at__lte=now)
        most = waiting.order_by("-attempts").values_list("attempts", flat=True).first() or 0
        old = now - GIVEN_UP_AFTER
        waiting.filter(created_at__lt=old).update(
            state=MailState.FAILED, finished_at=now, last_error=why[:LONGEST_TEXT], attempts=F("attempts") + 1
        )
        waiting.update(
            due_at=now + self._retry_after(most + 1), attempts=F("attempts") + 1, last_error=why[:LONGEST_TEXT]
        )


def claim_next(now: datetime) -> Mail | None:
    """Return a mail that is due and now ours alone; None where there is none."""
    while True:
        found = Mail.objects.due(now).first()
        if found is None:
            return None
        mine = Mail.objects.filter(pk=found.pk, state__in=OPEN_STATES, due_at=found.due_at)
        if mine.update(state=MailState.SENDING, due_at=now + CLAIM):
            return Mail.objects.select_related("user").get(pk=found.pk)


def told_by(mail: Mail) -> list[Notification]:
    """Return what a mail tells of: what its reader may see and has not read; a critical result in any case."""
    told = Notification.objects.visible_to(mail.user).filter(mail=mail)
    if mail.kind not in MANDATORY:
        told = told.unread()
    return list(told) if mail.user.email else []


@transaction.atomic
def _note_sent(mail: Mail, count: int) -> None:
    mail.state, mail.finished_at, mail.last_error = MailState.SENT, timezone.now(), ""
    mail.save(update_fields=["state", "finished_at", "last_error"])
    record(
        Action.NOTIFICATION_MAILED,
        username=mail.user.username,
        mail=str(mail.uid),
        event=mail.event or "digest",
        notifications=count,
    )

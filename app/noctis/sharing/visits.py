"""What guests do: give the code, look, leave. Each step is recorded, and every request looks at the link anew."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import Final
from uuid import UUID

from django.db import transaction
from django.db.models import F
from django.urls import reverse
from django.utils import timezone

from noctis.audit.models import Action
from noctis.notifications.actions import notify
from noctis.notifications.event_kinds import Event
from noctis.sharing.actions import note
from noctis.sharing.models import MOST_WRONG_CODES, GuestVisit, Share, ShareState
from noctis.sharing.secrets import digest, is_code, new_secret

logger = logging.getLogger(__name__)

SEEN_IS_NOTED_EVERY: Final = timedelta(minutes=1)
_NEEDED = ("study__facility", "study__patient", "made_by__facility")


class NotOpened(Exception):
    """The code opens nothing; ``state`` says what the link is now, OPEN being that the code was wrong."""

    def __init__(self, state: ShareState) -> None:
        super().__init__(state.label)
        self.state = state


def share_of(token: str) -> Share | None:
    """Return the link whose token this is."""
    return Share.objects.select_related(*_NEEDED).filter(token_sha256=digest(token)).first()


def open_share(share: Share, code: str, *, address: str | None) -> str:
    """Let in who gives the code, and return the secret of the visit. Raises NotOpened.

    A try is counted before the code is looked at, so that many at once are no more than the few that are allowed.
    """
    if (state := share.state) != ShareState.OPEN:
        raise NotOpened(state)
    tries = Share.objects.filter(pk=share.pk, code_hash=share.code_hash, wrong_codes__lt=MOST_WRONG_CODES)
    if not tries.update(wrong_codes=F("wrong_codes") + 1):
        raise NotOpened(ShareState.LOCKED)
    if not is_code(code, share.code_hash):
        _refuse(share, address)
    return _let_in(share, address)


def running_visit(share_uid: UUID, secret: str) -> GuestVisit | None:
    """Return the visit that a browser's cookie belongs to, also one that is over."""
    visits = GuestVisit.objects.select_related(*(f"share__{name}" for name in _NEEDED))
    return visits.filter(share__uid=share_uid, secret_sha256=digest(secret)).first()


def note_seen(visit: GuestVisit) -> None:
    """Remember that the guest is there, not more often than once a minute: a viewer asks for many images."""
    now = timezone.now()
    if now - visit.seen_at > SEEN_IS_NOTED_EVERY:
        GuestVisit.objects.filter(pk=visit.pk).update(seen_at=now)


def note_read(visit: GuestVisit, what: str, *, address: str | None) -> None:
    """Record that the guest opened the images or the report."""
    note(Action.SHARE_READ, visit.share, address=address, what=what)


def end_visit(visit: GuestVisit) -> None:
    """Let the guest leave."""
    GuestVisit.objects.filter(pk=visit.pk, ended_at=None).update(ended_at=timezone.now())


@transaction.atomic
def _record_refusal(share: Share, address: str | None) -> bool:
    """Record a wrong code; return whether it locked the link."""
    note(Action.SHARE_CODE_REFUSED, share, address=address)
    share.refresh_from_db(fields=["wrong_codes"])
    if share.wrong_codes < MOST_WRONG_CODES:
        return False
    note(Action.SHARE_LOCKED, share, address=address)
    _tell_sharer(share, "A link that you shared is locked after wrong codes.", key="locked")
    return True


def _refuse(share: Share, address: str | None) -> None:
    logger.warning("wrong code for a shared link from %s", address or "unknown")
    is_locked = _record_refusal(share, address)
    raise NotOpened(ShareState.LOCKED if is_locked else ShareState.OPEN)


@transaction.atomic
def _let_in(share: Share, address: str | None) -> str:
    """Spend the code and begin a visit; of two that give it at once, one comes in."""
    now = timezone.now()
    unspent = Share.objects.filter(
        pk=share.pk, code_hash=share.code_hash, revoked_at=None, visit_count__lt=F("most_visits")
    )
    if not unspent.update(
        code_hash="", wrong_codes=0, visit_count=F("visit_count") + 1, last_opened_at=now, last_opened_from=address
    ):
        raise NotOpened(ShareState.CODE_USED)
    secret = new_secret()
    GuestVisit.objects.create(share=share, secret_sha256=digest(secret), address=address, seen_at=now)
    note(Action.SHARE_OPENED, share, address=address)
    if share.visit_count == 0:
        _tell_sharer(share, "A link that you shared was opened for the first time.", key="opened")
    return secret


def _tell_sharer(share: Share, text: str, *, key: str) -> None:
    notify(
        Event.SHARED_LINK_OPENED,
        recipients=[share.made_by],
        study=share.study,
        text=text,
        path=reverse("shares"),
        key=f"share-{share.pk}-{key}",
    )

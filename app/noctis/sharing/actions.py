"""Every change of a link by the people inside, with its entry in the audit trail; guests.py has what guests do.

The callers find studies by ``visible_to`` and links by ``managed_by``. Who a link is for stands in its row alone: the
audit trail names the link by its UID.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from noctis.accounts.models import Facility, User
from noctis.archive.models import Study
from noctis.audit.actions import record
from noctis.audit.models import Action
from noctis.sharing.models import FacilitySharing, Share, ShareState
from noctis.sharing.permissions import may_share
from noctis.sharing.secrets import digest, hash_code, new_code, new_secret


class NotAllowed(Exception):
    """The change is not made; the text says why."""


@dataclass(frozen=True)
class Terms:
    """What a user says of a link: what it shows, to whom, why and for how long."""

    has_images: bool
    has_report: bool
    recipient: str
    contact: str
    purpose: str
    days: int
    most_visits: int


@dataclass(frozen=True)
class Opener:
    """What opens a link; shown once to who made it, and to be handed over in two different ways."""

    share: Share
    code: str
    token: str = ""

    @property
    def address(self) -> str:
        """The link; it is not known any more once only a new code was made."""
        return f"{settings.NOCTIS_BASE_URL}{reverse('shared', args=[self.token])}" if self.token else ""


@transaction.atomic
def make_share(study: Study, terms: Terms, *, acting_user: User, address: str | None = None) -> Opener:
    """Make a link to a study. Raises NotAllowed."""
    if not may_share(acting_user):
        raise NotAllowed("You cannot share studies of your facility; an administrator can allow it.")
    opener = Opener(Share(study=study, made_by=acting_user), new_code(), new_secret())
    share = opener.share
    for name in ("has_images", "has_report", "recipient", "contact", "purpose", "most_visits"):
        setattr(share, name, getattr(terms, name))
    share.patient, share.study_uid = study.patient, study.study_instance_uid
    share.expires_at = timezone.now() + timedelta(days=_days(terms.days))
    share.token_sha256, share.code_hash = digest(opener.token), hash_code(opener.code)
    share.save()
    note(
        Action.SHARE_MADE,
        share,
        acting_user=acting_user,
        address=address,
        images=share.has_images,
        report=share.has_report,
        until=share.expires_at.isoformat(),
        most_visits=share.most_visits,
    )
    return opener


@transaction.atomic
def issue_code(share: Share, *, acting_user: User) -> Opener:
    """Give a link a new code, which opens it once; the one before opens nothing, and a lock ends. Raises NotAllowed."""
    if share.state not in {ShareState.OPEN, ShareState.CODE_USED, ShareState.LOCKED}:
        raise NotAllowed("This link is not open any more: make a new one.")
    opener = Opener(share, new_code())
    share.code_hash, share.wrong_codes = hash_code(opener.code), 0
    share.save(update_fields=["code_hash", "wrong_codes"])
    note(Action.SHARE_CODE_ISSUED, share, acting_user=acting_user)
    return opener


@transaction.atomic
def extend(share: Share, days: int, *, acting_user: User) -> None:
    """Let a link stand for some days from now. Raises NotAllowed for one that was revoked."""
    if share.revoked_at is not None:
        raise NotAllowed("This link was revoked: make a new one.")
    share.expires_at = timezone.now() + timedelta(days=_days(days))
    share.save(update_fields=["expires_at"])
    note(Action.SHARE_EXTENDED, share, acting_user=acting_user, until=share.expires_at.isoformat())


@transaction.atomic
def revoke(share: Share, *, acting_user: User) -> None:
    """End a link at once, running visits included; ending it again changes nothing."""
    now = timezone.now()
    if not Share.objects.filter(pk=share.pk, revoked_at=None).update(revoked_at=now, revoked_by=acting_user):
        return
    share.visits.filter(ended_at=None).update(ended_at=now)
    note(Action.SHARE_REVOKED, share, acting_user=acting_user)


@transaction.atomic
def let_staff_share(facility: Facility, *, allowed: bool, acting_user: User) -> None:
    """Say whether a facility's own technicians and users may share its studies; links that stand stay."""
    FacilitySharing.objects.update_or_create(facility=facility, defaults={"staff_may_share": allowed})
    record(Action.SHARING_ALLOWED, acting_user=acting_user, facility=facility, staff_may_share=allowed)


def note(
    action: Action, share: Share, *, acting_user: User | None = None, address: str | None = None, **detail: Any
) -> None:
    """Record what happened to a link; without a user it was a guest."""
    record(
        action,
        acting_user=acting_user,
        username="" if acting_user else "guest",
        address=address,
        facility=share.study.facility,
        study_instance_uid=share.study.study_instance_uid,
        share=str(share.uid),
        **detail,
    )


def _days(days: int) -> int:
    longest: int = settings.NOCTIS_SHARE_MOST_DAYS
    return min(max(days, 1), longest)

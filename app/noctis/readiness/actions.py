"""Every write on the way to go-live, each with its audit entry."""

from __future__ import annotations

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone

from noctis.accounts.models import User
from noctis.audit.actions import record
from noctis.audit.models import Action
from noctis.readiness.checklist import Item, steps
from noctis.readiness.models import ClinicalRelease, Confirmation


class NotReady(Exception):
    """It cannot be done now; the text is a sentence for the person who asked."""


def confirm(item: Item, *, note: str, is_waiver: bool, acting_user: User) -> None:
    """Keep that a person confirms ``item``, or that it does not apply here. Raises NotReady where that is not allowed.

    What the appliance checks itself can only be waived, and only where the item allows it.
    """
    note = note.strip()
    if is_waiver and not item.may_be_waived:
        raise NotReady("This step cannot be left out.")
    if is_waiver and not note:
        raise NotReady("Say why it does not apply here.")
    if not is_waiver and item.check is not None:
        raise NotReady("The appliance checks this itself.")
    with transaction.atomic():
        values = {"note": note, "is_waiver": is_waiver, "by": acting_user, "at": timezone.now()}
        Confirmation.objects.update_or_create(item=item.key, defaults=values)
        record(Action.GO_LIVE_STEP_CONFIRMED, acting_user=acting_user, item=item.key, waived=is_waiver, note=note)


@transaction.atomic
def take_back(item: Item, *, acting_user: User) -> None:
    """Let an item be open again; nothing happens where nobody confirmed it."""
    deleted, _ = Confirmation.objects.filter(item=item.key).delete()
    if deleted:
        record(Action.GO_LIVE_STEP_REOPENED, acting_user=acting_user, item=item.key)


def go_live(*, acting_user: User) -> None:
    """Release the appliance for clinical use. Raises NotReady while a step is open."""
    if settings.NOCTIS_EMBEDDED:
        raise NotReady("The embedded default is for trying: only a server can be released for clinical use.")
    waiting = [item.title for step in steps() for item in step.items if not item.is_done]
    if waiting:
        raise NotReady(f"Still open: {', '.join(waiting)}.")
    try:
        with transaction.atomic():
            ClinicalRelease.objects.create(released_by=acting_user)
            record(Action.WENT_LIVE, acting_user=acting_user)
    except IntegrityError:  # somebody else was faster
        return


def withdraw(*, reason: str, acting_user: User) -> None:
    """Take the release for clinical use back. Raises NotReady without a reason."""
    if not reason.strip():
        raise NotReady("Say why the release is withdrawn.")
    with transaction.atomic():
        values = {
            "is_current": False,
            "withdrawn_at": timezone.now(),
            "withdrawn_by": acting_user,
            "reason": reason.strip(),
        }
        if ClinicalRelease.objects.current().update(**values):
            record(Action.GO_LIVE_WITHDRAWN, acting_user=acting_user, reason=reason.strip())

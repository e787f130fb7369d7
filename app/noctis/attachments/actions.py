"""Every change of an attachment, with its entry in the audit trail.

Whoever may see a study may attach a file to it; its author or an administrator removes it and brings it back. The
callers find study and attachment by ``visible_to``.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError, transaction

from noctis.accounts.models import User
from noctis.archive.models import Study
from noctis.attachments.file_area import Received, keep, receiving
from noctis.attachments.media_types import media_type_of
from noctis.attachments.models import Attachment
from noctis.attachments.names import clean_name
from noctis.attachments.scanner import Infected, scan
from noctis.audit.actions import record
from noctis.audit.models import Action

logger = logging.getLogger(__name__)

MOST_ON_A_STUDY: Final = 500


class Refused(Exception):
    """The change is not made; the text says why."""


class NotAllowed(Refused):
    """The user may not do this."""


class Empty(Refused):
    """The file has no bytes."""


class NotAnAllowedType(Refused):
    """Files of this kind are not taken."""


class Malicious(Refused):
    """The virus scanner found something."""


class TooMany(Refused):
    """The study has as many attachments as it may."""


class Taken(Refused):
    """The UID is that of another attachment."""


@dataclass(frozen=True)
class Label:
    """What the author says about a file."""

    uid: UUID
    name: str
    category: str


def attach(study: Study, label: Label, chunks: Iterable[bytes], *, acting_user: User) -> Attachment:
    """Take a file as it comes in.

    The same file sent again under its UID is the attachment that is there already: an upload whose answer was lost is
    simply repeated. Raises a Refused, TooLarge or ScannerFailed.
    """
    with receiving(chunks, settings.NOCTIS_ATTACHMENT_MAX_MEGABYTES * 1_000_000) as received:
        if received.size == 0:
            raise Empty("The file is empty.")
        if present := Attachment.objects.filter(uid=label.uid).first():
            return _same(present, study, received, acting_user)
        media_type = media_type_of(received.path)
        if media_type not in settings.NOCTIS_ATTACHMENT_TYPES or media_type is None:
            raise NotAnAllowedType("Files of this kind are not taken: by its content it is none of the allowed types.")
        is_scanned = _require_harmless(study, received, acting_user)
        keep(received)
    try:
        return _add(study, label, received, media_type, is_scanned=is_scanned, acting_user=acting_user)
    except IntegrityError as error:  # the same upload twice at once
        raise Taken("This file is being attached already.") from error


@transaction.atomic
def set_removed(attachment: Attachment, *, removed: bool, acting_user: User) -> None:
    """Take an attachment away or bring it back; the file stays. Raises NotAllowed."""
    if not may_remove(attachment, acting_user):
        raise NotAllowed("Only the person who attached a file, or an administrator, may remove it.")
    if not Attachment.objects.filter(pk=attachment.pk).exclude(is_removed=removed).update(is_removed=removed):
        return
    _note(Action.ATTACHMENT_CHANGED, attachment.study, acting_user, attachment=str(attachment.uid), removed=removed)


def note_read(attachment: Attachment, *, acting_user: User) -> None:
    """Record that somebody got the content of a file."""
    _note(Action.ATTACHMENT_READ, attachment.study, acting_user, attachment=str(attachment.uid))


def may_remove(attachment: Attachment, user: User) -> bool:
    """Whether a user who sees an attachment may take it away."""
    return user.is_administrator or attachment.author_id == user.pk


def _same(present: Attachment, study: Study, received: Received, user: User) -> Attachment:
    known = (present.study_id, present.author_id, present.sha256, present.is_removed)
    if known != (study.pk, user.pk, received.sha256, False):
        raise Taken("Another file was attached under this number; try again.")
    return present


def _require_harmless(study: Study, received: Received, user: User) -> bool:
    """Return whether a scanner looked at the file; without one there is nothing to ask."""
    if not settings.NOCTIS_CLAMD_SOCKET:
        return False
    try:
        scan(received.path, settings.NOCTIS_CLAMD_SOCKET)
    except Infected as error:
        logger.warning("refused an attachment: the virus scanner found %s", error)
        _note(Action.ATTACHMENT_REFUSED, study, user, found=str(error)[:200], sha256=received.sha256)
        raise Malicious("The virus scanner found malware in the file; it was not kept.") from error
    return True


@transaction.atomic
def _add(
    study: Study, label: Label, received: Received, media_type: str, *, is_scanned: bool, acting_user: User
) -> Attachment:
    if Attachment.objects.filter(study=study, is_removed=False).count() >= MOST_ON_A_STUDY:
        raise TooMany("The study has as many attachments as it may.")
    attachment = Attachment.objects.create(
        uid=label.uid,
        study=study,
        author=acting_user,
        category=label.category,
        name=clean_name(label.name),
        media_type=media_type,
        size=received.size,
        sha256=received.sha256,
        is_scanned=is_scanned,
    )
    _note(
        Action.ATTACHMENT_ADDED,
        study,
        acting_user,
        attachment=str(attachment.uid),
        media_type=media_type,
        size=received.size,
        sha256=received.sha256,
        scanned=is_scanned,
    )
    return attachment


def _note(action: Action, study: Study, user: User, **detail: Any) -> None:
    record(
        action,
        acting_user=user,
        facility=study.facility,
        study_instance_uid=study.study_instance_uid,
        **detail,
    )

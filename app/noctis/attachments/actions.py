"""Every change of an attachment, with its entry in the audit trail.

Whoever may see a study may attach a file to it or to its patient, and who may write reports to its report; its author
or an administrator removes it and brings it back. The callers find study and attachment by ``visible_to``. Where a file
belongs to the patient, the audit trail names the study beside which it was added.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError, transaction

from noctis.accounts.models import Role, User
from noctis.archive.models import Study
from noctis.attachments.file_area import Received, keep, receiving
from noctis.attachments.media_types import media_type_of
from noctis.attachments.models import AUDIENCES_OF_ROLES, Attachment, Audience, Subject
from noctis.attachments.names import clean_name
from noctis.attachments.scanner import Infected, scan
from noctis.audit.actions import record
from noctis.audit.models import Action

logger = logging.getLogger(__name__)

MOST_ON_A_STUDY: Final = 500
ROLES_THAT_ADD_TO_REPORTS: Final = frozenset({Role.ADMINISTRATOR, Role.RADIOLOGIST})


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
    subject: str = Subject.STUDY
    audience: str = Audience.EVERYONE


def attach(study: Study, label: Label, chunks: Iterable[bytes], *, acting_user: User) -> Attachment:
    """Take a file as it comes in.

    The same file sent again under its UID is the attachment that is there already: an upload whose answer was lost is
    simply repeated. Raises a Refused, TooLarge or ScannerFailed.
    """
    _require_right(study, label, acting_user)
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
def set_removed(attachment: Attachment, study: Study, *, removed: bool, acting_user: User) -> None:
    """Take an attachment, shown beside ``study``, away or bring it back; the file stays. Raises NotAllowed."""
    if not may_remove(attachment, acting_user):
        raise NotAllowed("Only the person who attached a file, or an administrator, may remove it.")
    if not Attachment.objects.filter(pk=attachment.pk).exclude(is_removed=removed).update(is_removed=removed):
        return
    _note(Action.ATTACHMENT_CHANGED, study, acting_user, attachment=str(attachment.uid), removed=removed)


def note_read(attachment: Attachment, study: Study, *, acting_user: User) -> None:
    """Record that somebody got the content of a file."""
    _note(Action.ATTACHMENT_READ, study, acting_user, attachment=str(attachment.uid))


def may_remove(attachment: Attachment, user: User) -> bool:
    """Whether a user who sees an attachment may take it away."""
    return user.is_administrator or attachment.author_id == user.pk


def subjects_of(study: Study, user: User) -> list[Subject]:
    """Return what a user who sees a study may attach files to."""
    may_add_to_report = user.role in ROLES_THAT_ADD_TO_REPORTS and hasattr(study, "report")
    return [subject for subject in Subject if subject != Subject.REPORT or may_add_to_report]


def _require_right(study: Study, label: Label, user: User) -> None:
    """Refuse what the author may not say: nobody hides a file from people who see more than they do."""
    if label.subject not in subjects_of(study, user):
        raise NotAllowed("You cannot attach files to the report of this study.")
    if label.audience not in AUDIENCES_OF_ROLES.get(user.role, ()):
        raise NotAllowed("You cannot attach files for these people alone.")


def _same(present: Attachment, study: Study, received: Received, user: User) -> Attachment:
    is_beside = present.study_id == study.pk or (present.study_id is None and present.patient_id == study.patient_id)
    known = (is_beside, present.author_id, present.sha256, present.is_removed)
    if known != (True, user.pk, received.sha256, False):
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
    if Attachment.objects.beside(study).filter(is_removed=False).count() >= MOST_ON_A_STUDY:
        raise TooMany("The study has as many attachments as it may.")
    is_of_patient = label.subject == Subject.PATIENT
    attachment = Attachment.objects.create(
        uid=label.uid,
        subject=label.subject,
        study=None if is_of_patient else study,
        patient=study.patient if is_of_patient else None,
        author=acting_user,
        category=label.category,
        audience=label.audience,
        name=clean_name(label.name),
        media_type=media_type,
        size=received.size,
        sha256=received.sha256,
        is_scanned=is_scanned,
        is_later=label.subject == Subject.REPORT and study.report.is_signed,
    )
    _note(
        Action.ATTACHMENT_ADDED_TO_SIGNED_REPORT if attachment.is_later else Action.ATTACHMENT_ADDED,
        study,
        acting_user,
        attachment=str(attachment.uid),
        subject=attachment.subject,
        audience=attachment.audience,
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

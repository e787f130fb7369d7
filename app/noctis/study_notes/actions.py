"""Every change of a study note: a new version beside the earlier ones, and an entry in the audit trail.

Whoever may see a study may write a note on it; a note is changed and removed by its author alone. The callers find the
study by ``visible_to``, so that nobody comes here with a study of others.
"""

from __future__ import annotations

from typing import Final
from uuid import UUID

from django.db import IntegrityError, transaction

from noctis.accounts.models import User
from noctis.archive.models import Study
from noctis.audit.actions import record
from noctis.audit.models import Action
from noctis.study_notes.models import StudyNote, StudyNoteVersion

MOST_ON_A_STUDY: Final = 500


class Refused(Exception):
    """The change is not made; the text says why."""


class NotTheAuthor(Refused):
    """Somebody else wrote the note."""

    def __init__(self) -> None:
        """Say so."""
        super().__init__("Only its author may change a note.")


class NotThere(Refused):
    """The study has no such note."""

    def __init__(self) -> None:
        """Say so."""
        super().__init__("The study has no such note.")


class TooMany(Refused):
    """The study has as many notes as it may."""

    def __init__(self) -> None:
        """Say so."""
        super().__init__("The study has as many notes as it may.")


class Conflict(Exception):
    """The note is not in the version that the change was made from; ``current`` is what it is now."""

    def __init__(self, current: StudyNote | None) -> None:
        """Keep what is there; None where it was removed."""
        super().__init__("the note was changed meanwhile")
        self.current = current


def save(study: Study, uid: UUID, text: str, version: int, *, acting_user: User) -> StudyNote:
    """Keep a new note (``version`` 0) or the change of ``version``.

    A removed note comes back as a new one does: with ``version`` 0. Raises NotTheAuthor, NotThere, TooMany or Conflict.
    """
    try:
        with transaction.atomic():
            note = StudyNote.objects.select_for_update().filter(uid=uid).first()
            if note is None:
                note = _begin(study, uid, version, acting_user)
            else:
                _require_version(note, study, version, acting_user)
            return _write(note, text, acting_user, is_removal=False)
    except IntegrityError as error:  # two first versions at once
        raise Conflict(StudyNote.objects.filter(uid=uid, study=study, is_removed=False).first()) from error


@transaction.atomic
def remove(study: Study, uid: UUID, version: int, *, acting_user: User) -> None:
    """Take a note away; its versions stay. Raises NotTheAuthor, NotThere or Conflict."""
    note = StudyNote.objects.select_for_update().filter(uid=uid, study=study).first()
    if note is None:
        raise NotThere
    if note.is_removed:
        return
    _require_version(note, study, version, acting_user)
    _write(note, note.text, acting_user, is_removal=True)


def _begin(study: Study, uid: UUID, version: int, author: User) -> StudyNote:
    if version != 0:
        raise Conflict(None)
    if StudyNote.objects.filter(study=study, is_removed=False).count() >= MOST_ON_A_STUDY:
        raise TooMany
    return StudyNote.objects.create(uid=uid, study=study, author=author)


def _require_version(note: StudyNote, study: Study, version: int, user: User) -> None:
    if note.study_id != study.pk:
        raise NotThere
    if note.author_id != user.pk:
        raise NotTheAuthor
    if version != (0 if note.is_removed else note.version):
        raise Conflict(None if note.is_removed else note)


def _write(note: StudyNote, text: str, user: User, *, is_removal: bool) -> StudyNote:
    note.version += 1
    note.text = text
    note.is_removed = is_removal
    note.save()
    StudyNoteVersion.objects.create(note=note, number=note.version, text=text, is_removal=is_removal)
    record(
        Action.STUDY_NOTE_CHANGED,
        acting_user=user,
        facility=note.study.facility,
        study_instance_uid=note.study.study_instance_uid,
        note=str(note.uid),
        version=note.version,
        removed=is_removal,
    )
    return note

"""Every change of an annotation: a new version beside the earlier ones, and an entry in the audit trail."""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID

from django.db import IntegrityError, transaction

from noctis.accounts.models import User
from noctis.accounts.permissions import may_annotate
from noctis.archive.models import Instance, Study
from noctis.audit.actions import record
from noctis.audit.models import Action
from noctis.viewer.models import Annotation, AnnotationVersion

MOST_IN_A_STUDY: Final = 5000


class Refused(Exception):
    """The change is not made; the text says why."""


class NotAllowed(Refused):
    """The user may not do this."""


class NotThere(Refused):
    """The study has no such image or annotation."""

    def __init__(self) -> None:
        """Say so."""
        super().__init__("The study has no such image or annotation.")


class TooMany(Refused):
    """The study holds as many annotations as it may."""

    def __init__(self) -> None:
        """Say so."""
        super().__init__("The study holds as many annotations as it may.")


class Conflict(Exception):
    """The annotation is not in the version that the change was made from; ``current`` is what it is now."""

    def __init__(self, current: Annotation | None) -> None:
        """Keep what is there; None where it was removed."""
        super().__init__("the annotation was changed meanwhile")
        self.current = current


def save(study: Study, uid: UUID, content: dict[str, Any], version: int, *, acting_user: User) -> Annotation:
    """Keep a new annotation (``version`` 0) or the change of ``version``; what is sent twice is kept once.

    Raises NotAllowed, NotThere, TooMany or Conflict.
    """
    _require_permission(acting_user)
    _require_image(study, content)
    try:
        return _save(study, uid, content, version, acting_user)
    except IntegrityError:  # two first versions at once: the other is there now, and may be this very change
        return _save(study, uid, content, version, acting_user)


@transaction.atomic
def _save(study: Study, uid: UUID, content: dict[str, Any], version: int, user: User) -> Annotation:
    annotation = Annotation.objects.select_for_update().filter(uid=uid).first()
    if annotation is None:
        annotation = _begin(study, uid, content, version, user)
    elif not _is_repeated(annotation, study, content, version, user):
        _require_version(annotation, study, version, user)
    elif annotation.content == content:
        return annotation
    return _write(annotation, content, user, is_removal=False)


def remove(study: Study, uid: UUID, version: int, *, acting_user: User) -> None:
    """Take an annotation away; its versions stay. Raises NotAllowed, NotThere or Conflict."""
    _require_permission(acting_user)
    with transaction.atomic():
        annotation = Annotation.objects.select_for_update().filter(uid=uid, study=study).first()
        if annotation is None:
            raise NotThere
        if annotation.is_removed:
            return
        _require_version(annotation, study, version, acting_user)
        _write(annotation, annotation.content, acting_user, is_removal=True)


def _require_permission(user: User) -> None:
    if not may_annotate(user):
        raise NotAllowed("Your role may look at measurements, not make them.")


def _require_image(study: Study, content: dict[str, Any]) -> None:
    image = Instance.objects.filter(
        series__study=study,
        series__series_instance_uid=content["seriesUid"],
        sop_instance_uid=content["sopInstanceUid"],
    )
    if not image.exists():
        raise NotThere


def _begin(study: Study, uid: UUID, content: dict[str, Any], version: int, author: User) -> Annotation:
    if version != 0:
        raise Conflict(None)
    if Annotation.objects.filter(study=study, is_removed=False).count() >= MOST_IN_A_STUDY:
        raise TooMany
    return Annotation.objects.create(uid=uid, study=study, author=author, content=content)


def _is_repeated(annotation: Annotation, study: Study, content: dict[str, Any], version: int, user: User) -> bool:
    """Whether the latest version is this very change: its answer was lost, so it is sent again.

    The values of what was drawn may have been worked out anew since.
    """
    is_same = not annotation.is_removed and _drawing(annotation.content) == _drawing(content)
    if not is_same or annotation.study_id != study.pk or annotation.author_id != user.pk:
        return False
    former = annotation.versions.filter(number=annotation.version - 1).first()
    return version == (0 if former is None or former.is_removal else former.number)


def _drawing(content: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in content.items() if name != "quantities"}


def _require_version(annotation: Annotation, study: Study, version: int, user: User) -> None:
    """A removed annotation begins anew with version 0: that is how a removal is undone."""
    if annotation.study_id != study.pk:
        raise NotThere
    if annotation.author_id != user.pk:
        raise NotAllowed("Only its author may change a measurement.")
    if version != (0 if annotation.is_removed else annotation.version):
        raise Conflict(None if annotation.is_removed else annotation)


def _write(annotation: Annotation, content: dict[str, Any], user: User, *, is_removal: bool) -> Annotation:
    annotation.version += 1
    annotation.content = content
    annotation.is_removed = is_removal
    annotation.save()
    AnnotationVersion.objects.create(
        annotation=annotation, number=annotation.version, author=user, content=content, is_removal=is_removal
    )
    record(
        Action.ANNOTATION_CHANGED,
        acting_user=user,
        facility=annotation.study.facility,
        study_instance_uid=annotation.study.study_instance_uid,
        annotation=str(annotation.uid),
        version=annotation.version,
        removed=is_removal,
    )
    return annotation

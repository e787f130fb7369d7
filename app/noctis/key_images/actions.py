"""Marking images, taking marks away, and keeping the marked images of a study as a key object selection."""

from __future__ import annotations

from typing import Final

from django.db import transaction
from pydicom.dataset import Dataset

from noctis.accounts.models import User
from noctis.accounts.permissions import may_annotate
from noctis.archive.authored import put_into_archive
from noctis.archive.models import Instance, Study
from noctis.audit.actions import record
from noctis.audit.models import Action
from noctis.key_images.models import KeyImage
from noctis.key_images.selection_document import Selection, selection_document

MOST_IN_A_STUDY: Final = 500


class Refused(Exception):
    """The change is not made; the text says why."""


class NotAllowed(Refused):
    """The user may look, not mark."""

    def __init__(self) -> None:
        """Say so."""
        super().__init__("Your role may look at key images, not mark them.")


class NotThere(Refused):
    """The study has no such image."""

    def __init__(self) -> None:
        """Say so."""
        super().__init__("The study has no such image.")


class TooMany(Refused):
    """The study has as many key images as it may."""

    def __init__(self) -> None:
        """Say so."""
        super().__init__("The study has as many key images as it may. Take the mark from another one first.")


class NothingMarked(Refused):
    """There is nothing to keep."""

    def __init__(self) -> None:
        """Say so."""
        super().__init__("No image of this study is marked. Mark one first.")


@transaction.atomic
def mark(
    study: Study, instance_uid: str, frame_number: int, window: tuple[float, float] | None, *, acting_user: User
) -> KeyImage:
    """Mark an image; one that is marked already stays as it is. Raises NotAllowed, NotThere or TooMany."""
    instance = _image(study, instance_uid, frame_number, acting_user)
    if KeyImage.objects.of_study(study).count() >= MOST_IN_A_STUDY:
        raise TooMany
    center, width = window or (None, None)
    marked, is_new = KeyImage.objects.get_or_create(
        instance=instance,
        frame_number=frame_number,
        defaults={"author": acting_user, "window_center": center, "window_width": width},
    )
    if is_new:
        _record(study, instance_uid, frame_number, acting_user, marked=True)
    return marked


@transaction.atomic
def unmark(study: Study, instance_uid: str, frame_number: int, *, acting_user: User) -> None:
    """Take the mark from an image, whoever made it. Raises NotAllowed or NotThere."""
    instance = _image(study, instance_uid, frame_number, acting_user)
    removed, _ = KeyImage.objects.filter(instance=instance, frame_number=frame_number).delete()
    if removed:
        _record(study, instance_uid, frame_number, acting_user, marked=False)


def keep_selection(study: Study, selection: Selection, *, acting_user: User, address: str | None) -> Dataset:
    """Store the study's key images as a Key Object Selection Document and return it (PS3.3 A.35.4).

    Raises NotAllowed or NothingMarked, and OSError where the disk refuses.
    """
    if not may_annotate(acting_user):
        raise NotAllowed
    images = list(KeyImage.objects.of_study(study).visible_to(acting_user))
    if not images:
        raise NothingMarked
    document = selection_document(images, selection, acting_user)
    put_into_archive(document, study, acting_user=acting_user, address=address)
    record(
        Action.KEY_OBJECTS_STORED,
        acting_user=acting_user,
        address=address,
        facility=study.facility,
        study_instance_uid=study.study_instance_uid,
        sop_instance_uid=str(document.SOPInstanceUID),
        title=selection.title,
        images=len(images),
    )
    return document


def _image(study: Study, instance_uid: str, frame_number: int, user: User) -> Instance:
    if not may_annotate(user):
        raise NotAllowed
    instance = Instance.objects.filter(
        series__study=study, sop_instance_uid=instance_uid, number_of_frames__gte=max(1, frame_number)
    ).first()
    if instance is None or frame_number < 1:
        raise NotThere
    return instance


def _record(study: Study, instance_uid: str, frame_number: int, user: User, *, marked: bool) -> None:
    record(
        Action.KEY_IMAGE_CHANGED,
        acting_user=user,
        facility=study.facility,
        study_instance_uid=study.study_instance_uid,
        sop_instance_uid=instance_uid,
        frame=frame_number,
        marked=marked,
    )

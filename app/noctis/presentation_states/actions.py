"""Keeping how images are shown as an object of their study."""

from __future__ import annotations

from typing import Final

from django.conf import settings
from pydicom import dcmread
from pydicom.dataset import Dataset

from noctis.accounts.models import User
from noctis.accounts.permissions import may_annotate
from noctis.archive.authored import put_into_archive
from noctis.archive.models import Instance, Study
from noctis.audit.actions import record
from noctis.audit.models import Action
from noctis.presentation_states.content import Presentation
from noctis.presentation_states.softcopy import softcopy_presentation

ONE_SAMPLE: Final = 1


class Refused(Exception):
    """Nothing is kept; the text says why."""


class NotAllowed(Refused):
    """The user may look, not keep."""

    def __init__(self) -> None:
        """Say so."""
        super().__init__("Your role may use presentations, not save them.")


class NotThere(Refused):
    """The study lacks one of the images."""

    def __init__(self) -> None:
        """Say so."""
        super().__init__("The study has no such image.")


class NotGrey(Refused):
    """A presentation of colour images needs a colour profile, which they seldom have."""

    def __init__(self) -> None:
        """Say so."""
        super().__init__("Presentations are saved for grey images only.")


def keep_presentation(study: Study, presentation: Presentation, *, acting_user: User, address: str | None) -> Dataset:
    """Store a presentation state in the study of its images and return it.

    Raises NotAllowed, NotThere or NotGrey, and OSError where the disk refuses.
    """
    if not may_annotate(acting_user):
        raise NotAllowed
    images = _images(study, presentation)
    first = images[presentation.pictures[0].sop_instance_uid]
    header = dcmread(settings.NOCTIS_DATA.storage / first.path, stop_before_pixels=True)
    state = softcopy_presentation(presentation, images, header, acting_user)
    put_into_archive(state, study, acting_user=acting_user, address=address)
    record(
        Action.PRESENTATION_STORED,
        acting_user=acting_user,
        address=address,
        facility=study.facility,
        study_instance_uid=study.study_instance_uid,
        sop_instance_uid=str(state.SOPInstanceUID),
        images=len(images),
    )
    return state


def _images(study: Study, presentation: Presentation) -> dict[str, Instance]:
    wanted = {picture.sop_instance_uid for picture in presentation.pictures}
    found = Instance.objects.filter(series__study=study, sop_instance_uid__in=wanted, number_of_frames__gt=0)
    images = {image.sop_instance_uid: image for image in found.select_related("series__study")}
    if len(images) != len(wanted):
        raise NotThere
    if any((image.samples_per_pixel or ONE_SAMPLE) != ONE_SAMPLE for image in images.values()):
        raise NotGrey
    return images

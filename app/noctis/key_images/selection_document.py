"""Key Object Selection Documents as Noctis writes them (PS3.3 A.35.4, PS3.16 TID 2010)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Final

from django.utils import timezone
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence as DicomSequence

from noctis.accounts.models import User
from noctis.archive.authored import begin_object, person_name_of
from noctis.key_images.models import KeyImage

KEY_OBJECT_SELECTION: Final = "1.2.840.10008.5.1.4.1.1.88.59"
SERIES_DESCRIPTION: Final = "Key images"
OF_INTEREST: Final = "113000"
# PS3.16 CID 7010, without what is no choice of a reader's.
TITLES: Final[Mapping[str, str]] = {
    OF_INTEREST: "Of Interest",
    "113002": "For Referring Provider",
    "113003": "For Surgery",
    "113004": "For Teaching",
    "113005": "For Conference",
    "113006": "For Therapy",
    "113007": "For Patient",
    "113008": "For Peer Review",
    "113009": "For Research",
    "113010": "Quality Issue",
    "113013": "Best In Set",
    "113018": "For Printing",
    "113020": "For Report Attachment",
    "113021": "For Litigation",
}


@dataclass(frozen=True)
class Selection:
    """What a selection is for: a code of TITLES, and free words."""

    title: str
    description: str = ""


def selection_document(images: Sequence[KeyImage], selection: Selection, author: User) -> Dataset:
    """Return a document that names ``images``, of one study and at least one, in their order."""
    made = begin_object(images[0].instance, KEY_OBJECT_SELECTION, "KO", SERIES_DESCRIPTION)
    now = timezone.localtime()
    made.ContentDate, made.ContentTime = now.strftime("%Y%m%d"), now.strftime("%H%M%S")
    made.ReferencedPerformedProcedureStepSequence = DicomSequence()
    made.CurrentRequestedProcedureEvidenceSequence = DicomSequence([_evidence(images)])
    made.ValueType, made.ContinuityOfContent = "CONTAINER", "SEPARATE"
    made.ConceptNameCodeSequence = _coded(selection.title, TITLES[selection.title])
    made.ContentTemplateSequence = DicomSequence([_item(MappingResource="DCMR", TemplateIdentifier="2010")])
    made.ContentSequence = DicomSequence([*_context(author, selection.description), *map(_image, images)])
    return made


def _context(author: User, description: str) -> list[Dataset]:
    """Return who selected (PS3.16 TID 1002, 1003) and why."""
    person = _content("HAS OBS CONTEXT", "CODE", "121005", "Observer Type")
    person.ConceptCodeSequence = _coded("121006", "Person")
    name = _content("HAS OBS CONTEXT", "PNAME", "121008", "Person Observer Name")
    name.PersonName = person_name_of(author)
    if not description:
        return [person, name]
    words = _content("CONTAINS", "TEXT", "113012", "Key Object Description")
    words.TextValue = description
    return [person, name, words]


def _image(image: KeyImage) -> Dataset:
    reference = _reference(image)
    if image.instance.number_of_frames > 1:
        reference.ReferencedFrameNumber = image.frame_number
    return _item(RelationshipType="CONTAINS", ValueType="IMAGE", ReferencedSOPSequence=DicomSequence([reference]))


def _evidence(images: Sequence[KeyImage]) -> Dataset:
    """Return all images by study and series, each once (PS3.3 C.17.2.1)."""
    instances = {image.instance_id: image for image in images}.values()
    by_series = groupby(
        sorted(instances, key=lambda image: image.instance.series_id), lambda image: image.instance.series
    )
    series_items = [
        _item(
            SeriesInstanceUID=series.series_instance_uid,
            ReferencedSOPSequence=DicomSequence([_reference(image) for image in members]),
        )
        for series, members in by_series
    ]
    study = images[0].instance.series.study
    return _item(StudyInstanceUID=study.study_instance_uid, ReferencedSeriesSequence=DicomSequence(series_items))


def _reference(image: KeyImage) -> Dataset:
    return _item(
        ReferencedSOPClassUID=image.instance.sop_class_uid,
        ReferencedSOPInstanceUID=image.instance.sop_instance_uid,
    )


def _content(relationship: str, value_type: str, code: str, meaning: str) -> Dataset:
    return _item(RelationshipType=relationship, ValueType=value_type, ConceptNameCodeSequence=_coded(code, meaning))


def _coded(code: str, meaning: str) -> DicomSequence:
    return DicomSequence([_item(CodeValue=code, CodingSchemeDesignator="DCM", CodeMeaning=meaning)])


def _item(**attributes: object) -> Dataset:
    item = Dataset()
    for keyword, value in attributes.items():
        setattr(item, keyword, value)
    return item

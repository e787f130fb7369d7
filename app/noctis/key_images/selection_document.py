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
from noctis.archive.models import Instance
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


@dataclass(frozen=True)
class Picked:
    """An object that a document names, with its series and study, or one frame of it."""

    instance: Instance
    frame_number: int | None = None


@dataclass(frozen=True)
class Purpose:
    """What a document is for: the code and meaning of its title, free words, and the series that it joins."""

    code: str
    meaning: str
    description: str
    series_description: str


def selection_document(images: Sequence[KeyImage], selection: Selection, author: User) -> Dataset:
    """Return a document that names ``images``, of one study and at least one, in their order."""
    picked = [
        Picked(image.instance, image.frame_number if image.instance.number_of_frames > 1 else None) for image in images
    ]
    meaning = TITLES[selection.title]
    return key_object_document(
        picked, Purpose(selection.title, meaning, selection.description, SERIES_DESCRIPTION), author
    )


def key_object_document(picked: Sequence[Picked], purpose: Purpose, author: User) -> Dataset:
    """Return a Key Object Selection Document that names ``picked``, of one study and at least one, in their order."""
    made = begin_object(picked[0].instance, KEY_OBJECT_SELECTION, "KO", purpose.series_description)
    now = timezone.localtime()
    made.ContentDate, made.ContentTime = now.strftime("%Y%m%d"), now.strftime("%H%M%S")
    made.ReferencedPerformedProcedureStepSequence = DicomSequence()
    made.CurrentRequestedProcedureEvidenceSequence = DicomSequence([_evidence(picked)])
    made.ValueType, made.ContinuityOfContent = "CONTAINER", "SEPARATE"
    made.ConceptNameCodeSequence = _coded(purpose.code, purpose.meaning)
    made.ContentTemplateSequence = DicomSequence([_item(MappingResource="DCMR", TemplateIdentifier="2010")])
    made.ContentSequence = DicomSequence([*_context(author, purpose.description), *map(_named, picked)])
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


def _named(picked: Picked) -> Dataset:
    """Return a reference as content; what has no pixels is a COMPOSITE (PS3.16 TID 2010)."""
    reference = _reference(picked)
    if picked.frame_number is not None:
        reference.ReferencedFrameNumber = picked.frame_number
    value_type = "IMAGE" if picked.instance.number_of_frames else "COMPOSITE"
    return _item(RelationshipType="CONTAINS", ValueType=value_type, ReferencedSOPSequence=DicomSequence([reference]))


def _evidence(picked: Sequence[Picked]) -> Dataset:
    """Return all objects by study and series, each once (PS3.3 C.17.2.1)."""
    objects = {one.instance.pk: one for one in picked}.values()
    by_series = groupby(sorted(objects, key=lambda one: one.instance.series_id), lambda one: one.instance.series)
    series_items = [
        _item(
            SeriesInstanceUID=series.series_instance_uid,
            ReferencedSOPSequence=DicomSequence([_reference(one) for one in members]),
        )
        for series, members in by_series
    ]
    study = picked[0].instance.series.study
    return _item(StudyInstanceUID=study.study_instance_uid, ReferencedSeriesSequence=DicomSequence(series_items))


def _reference(picked: Picked) -> Dataset:
    return _item(
        ReferencedSOPClassUID=picked.instance.sop_class_uid,
        ReferencedSOPInstanceUID=picked.instance.sop_instance_uid,
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

"""The content tree of a report as Basic Text SR (PS3.3 A.35.1.3, PS3.16 TID 2000): headings, words, images, addenda."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from django.utils import timezone
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from noctis.accounts.models import User
from noctis.archive.authored import person_name_of
from noctis.archive.models import Instance
from noctis.reports.content import SECTIONS, Node, as_text, images_of, is_empty
from noctis.reports.models import Addendum
from noctis.reports.output.codes_of_content import (
    ADDED,
    ADDENDUM,
    DCM,
    DIAGNOSTIC_IMAGING_REPORT,
    ELEMENTS,
    HEADINGS,
    Code,
)
from noctis.reports.output.models import Edition

LANGUAGE: Final = Code("121049", DCM, "Language of Content Item and Descendants")
UNDETERMINED: Final = Code("und", "RFC5646", "Undetermined")  # nobody says in which language a report is written
OBSERVER_TYPE: Final = Code("121005", DCM, "Observer Type")
PERSON: Final = Code("121006", DCM, "Person")
OBSERVER_NAME: Final = Code("121008", DCM, "Person Observer Name")

Images = Mapping[str, Instance]


def fill_text_sr(made: Dataset, edition: Edition, images: Images) -> None:
    """Write the content tree of ``edition`` into ``made``; ``images`` are those that it may show, by their UIDs."""
    content = edition.report.versions.get(number=edition.version).content
    addenda = edition.report.addenda.filter(number__lte=edition.addendum).select_related("author")
    made.ValueType, made.ContinuityOfContent = "CONTAINER", "SEPARATE"
    made.ConceptNameCodeSequence = coded(DIAGNOSTIC_IMAGING_REPORT)
    made.ContentTemplateSequence = Sequence([_with(MappingResource="DCMR", TemplateIdentifier="2000")])
    made.ContentSequence = Sequence(
        [
            _code("HAS CONCEPT MOD", LANGUAGE, UNDETERMINED),
            *_observer(edition.report.signed_by),
            *(
                _heading(HEADINGS[key], ELEMENTS[key], content[key], images)
                for key in SECTIONS
                if not is_empty(content.get(key))
            ),
            *(_addendum(addendum, images) for addendum in addenda),
        ]
    )


def coded(code: Code) -> Sequence:
    """Return a code sequence with one code."""
    return Sequence([_with(CodeValue=code.value, CodingSchemeDesignator=code.scheme, CodeMeaning=code.meaning)])


def _heading(heading: Code, element: Code, document: Node, images: Images) -> Dataset:
    container = _item("CONTAINS", "CONTAINER", heading)
    container.ContinuityOfContent = "SEPARATE"
    container.ContentSequence = Sequence([*_words(element, document), *_shown(document, images)])
    return container


def _addendum(addendum: Addendum, images: Images) -> Dataset:
    """Return an addendum with its own observer and, as its words begin, when it was signed."""
    container = _heading(ADDENDUM, ADDED, addendum.document, images)
    signed = timezone.localtime(addendum.signed_at).strftime("%Y-%m-%d %H:%M %z")
    first = _text(ADDED, f"Addendum {addendum.number}, signed by {addendum.author} on {signed}")
    container.ContentSequence = Sequence([*_observer(addendum.author), first, *container.ContentSequence])
    return container


def _words(element: Code, document: Node) -> Iterator[Dataset]:
    if words := as_text(document).strip():
        yield _text(element, words)


def _shown(document: Node, images: Images) -> Iterator[Dataset]:
    for image in images_of([document]):
        instance = images.get(image["instance"])
        if instance is None:
            continue
        reference = _with(
            ReferencedSOPClassUID=instance.sop_class_uid, ReferencedSOPInstanceUID=instance.sop_instance_uid
        )
        if instance.number_of_frames > 1:
            reference.ReferencedFrameNumber = image["frame"]
        yield _with(RelationshipType="CONTAINS", ValueType="IMAGE", ReferencedSOPSequence=Sequence([reference]))


def _observer(user: User | None) -> list[Dataset]:
    """Return who says what follows (PS3.16 TID 1002, 1003)."""
    if user is None:
        return []
    name = _item("HAS OBS CONTEXT", "PNAME", OBSERVER_NAME)
    name.PersonName = person_name_of(user)
    return [_code("HAS OBS CONTEXT", OBSERVER_TYPE, PERSON), name]


def _text(name: Code, words: str) -> Dataset:
    item = _item("CONTAINS", "TEXT", name)
    item.TextValue = words.replace("\n", "\r\n")
    return item


def _code(relationship: str, name: Code, value: Code) -> Dataset:
    item = _item(relationship, "CODE", name)
    item.ConceptCodeSequence = coded(value)
    return item


def _item(relationship: str, value_type: str, name: Code) -> Dataset:
    return _with(RelationshipType=relationship, ValueType=value_type, ConceptNameCodeSequence=coded(name))


def _with(**values: object) -> Dataset:
    item = Dataset()
    for keyword, value in values.items():
        setattr(item, keyword, value)
    return item

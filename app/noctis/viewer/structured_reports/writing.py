"""A study's annotations as a measurement report: a Comprehensive 3D SR document after TID 1500 (PS3.16).

Each annotation is a Measurement Group, lines after TID 1501 and regions after TID 1410: its tracking identifiers, who
measured it, its tool as the method, the values with their units, the graphics on the image and frame.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final
from uuid import UUID

from django.utils import timezone
from pydicom.dataset import Dataset
from pydicom.sr.codedict import codes
from pydicom.sr.coding import Code
from pydicom.uid import Comprehensive3DSRStorage

from noctis.accounts.models import User
from noctis.archive.authored import begin_object, person_name_of
from noctis.dicom.uids import UUID_ROOT
from noctis.implementation import IMPLEMENTATION_CLASS_UID
from noctis.viewer.models import Annotation
from noctis.viewer.structured_reports import exact_text
from noctis.viewer.structured_reports.codes import (
    ANNOTATION,
    DERIVATIONS,
    SCHEME,
    SCHEME_NAME,
    SITES,
    TOOL_NAMES,
    concept_of,
    pixel_value_concept,
    tool_code,
    unit_code,
)
from noctis.viewer.structured_reports.content_items import (
    CONTAINS,
    HAS_CONCEPT_MOD,
    HAS_OBS_CONTEXT,
    INFERRED_FROM,
    SELECTED_FROM,
    code_item,
    container,
    coordinates_item,
    image_item,
    number_item,
    person_item,
    text_item,
    uid_item,
)
from noctis.viewer.structured_reports.image_planes import ImagePlane
from noctis.viewer.structured_reports.images import StudyImages
from noctis.viewer.structured_reports.shapes import LINES_OF, Graphic, graphics_of

SERIES_DESCRIPTION: Final = "Measurements"
ENGLISH: Final = Code("en", "RFC5646", "English")


class NothingToWrite(Exception):
    """The study has no annotation that a report could hold."""


def report_of(annotations: Sequence[Annotation], images: StudyImages, *, acting_user: User) -> tuple[Dataset, int]:
    """Return a report of annotations with the study's particulars, and how many are not in it.

    Left out is what lies on an image that cannot be read. Raises NothingToWrite.
    """
    placed = [(annotation, _plane(annotation, images)) for annotation in annotations]
    drawn = [(annotation, plane) for annotation, plane in placed if plane is not None]
    beside = images.instance(drawn[0][1].sop_instance_uid) if drawn else None
    if beside is None:
        raise NothingToWrite
    report = begin_object(beside, str(Comprehensive3DSRStorage), "SR", SERIES_DESCRIPTION)
    planes = [plane for _, plane in drawn]
    report.update(_content(acting_user, planes, [_group(annotation, plane) for annotation, plane in drawn]))
    _add_document(report, acting_user)
    report.CurrentRequestedProcedureEvidenceSequence = [_evidence(report, planes)]
    return report, len(placed) - len(drawn)


def tracking_uid(uid: UUID) -> str:
    """Return an annotation's identifier as a UID (PS3.5 B.2)."""
    return f"{UUID_ROOT}.{uid.int}"


def _plane(annotation: Annotation, images: StudyImages) -> ImagePlane | None:
    content = annotation.content
    return images.plane(content["sopInstanceUid"], content["frameNumber"])


def _add_document(report: Dataset, user: User) -> None:
    """Add the SR Document Series and SR Document General modules (PS3.3 C.17.1, C.17.2)."""
    now = timezone.localtime()
    report.ContentDate, report.ContentTime = now.strftime("%Y%m%d"), now.strftime("%H%M%S.%f")
    report.CompletionFlag, report.VerificationFlag = "COMPLETE", "UNVERIFIED"
    report.ReferencedPerformedProcedureStepSequence = []
    report.PerformedProcedureCodeSequence = []
    author = Dataset()
    author.ObserverType, author.PersonName, author.InstitutionName = "PSN", person_name_of(user), ""
    author.PersonIdentificationCodeSequence, author.InstitutionCodeSequence = [], []
    report.AuthorObserverSequence = [author]
    scheme = Dataset()
    scheme.CodingSchemeDesignator, scheme.CodingSchemeName = SCHEME, SCHEME_NAME
    report.CodingSchemeIdentificationSequence = [scheme]


def _content(user: User, planes: Sequence[ImagePlane], groups: Iterable[Dataset]) -> Dataset:
    library = container(codes.DCM.ImageLibraryGroup, "", [_reference(plane, CONTAINS) for plane in _each_once(planes)])
    return container(
        codes.DCM.ImagingMeasurementReport,
        "1500",
        [
            code_item(codes.DCM.LanguageOfContentItemAndDescendants, ENGLISH, HAS_CONCEPT_MOD),
            *_person(user),
            code_item(codes.DCM.ObserverType, codes.DCM.Device, HAS_OBS_CONTEXT),
            uid_item(codes.DCM.DeviceObserverUID, IMPLEMENTATION_CLASS_UID, HAS_OBS_CONTEXT),
            text_item(codes.DCM.DeviceObserverName, SCHEME_NAME, HAS_OBS_CONTEXT),
            code_item(codes.DCM.ProcedureReported, codes.SCT.ImagingProcedure, HAS_CONCEPT_MOD),
            container(codes.DCM.ImageLibrary, "1600", [library]),
            container(codes.DCM.ImagingMeasurements, "", groups),
        ],
        relationship="",
    )


def _person(user: User) -> list[Dataset]:
    return [
        code_item(codes.DCM.ObserverType, codes.DCM.Person, HAS_OBS_CONTEXT),
        person_item(codes.DCM.PersonObserverName, person_name_of(user), HAS_OBS_CONTEXT),
    ]


def _group(annotation: Annotation, plane: ImagePlane) -> Dataset:
    content = annotation.content
    tool, text = content["tool"], content["text"]
    graphics = graphics_of(content, plane)
    items = [
        text_item(codes.DCM.TrackingIdentifier, text or TOOL_NAMES.get(tool, tool), HAS_OBS_CONTEXT),
        uid_item(codes.DCM.TrackingUniqueIdentifier, tracking_uid(annotation.uid), HAS_OBS_CONTEXT),
        *_person(annotation.author),
        code_item(codes.SCT.MeasurementMethod, tool_code(tool), HAS_CONCEPT_MOD),
        *_measurements(content, plane, graphics),
        *([text_item(codes.DCM.Comment, text, CONTAINS)] if text else []),
        text_item(ANNOTATION, exact_text.written(content, annotation.version), CONTAINS),
    ]
    return container(codes.DCM.MeasurementGroup, "1501" if tool in LINES_OF else "1410", items)


def _measurements(content: dict[str, Any], plane: ImagePlane, graphics: list[Graphic]) -> list[Dataset]:
    """Return the values, each line below the value that it is the measure of, and the graphics of no such value."""
    tool = content["tool"]
    image = _reference(plane, SELECTED_FROM)
    lines = dict(zip(LINES_OF.get(tool, ()), graphics, strict=False))
    below = {name: coordinates_item(None, line.kind, line.pixels, image, INFERRED_FROM) for name, line in lines.items()}
    values = [
        _number(tool, quantity, plane.modality, below.pop(quantity["name"], None)) for quantity in content["quantities"]
    ]
    regions = [graphic for graphic in graphics if graphic not in lines.values()]
    regions += [line for name, line in lines.items() if name in below]
    name = codes.DCM.ImageRegion
    return [*(coordinates_item(name, region.kind, region.pixels, image, CONTAINS) for region in regions), *values]


def _number(tool: str, quantity: dict[str, Any], modality: str, line: Dataset | None) -> Dataset:
    name, value, unit = quantity["name"], quantity["value"], quantity["unit"]
    items = [line] if line else []
    if site := SITES.get(name):
        items.insert(0, code_item(codes.SCT.FindingSite, site, HAS_CONCEPT_MOD))
    concept = concept_of(tool, name)
    if derivation := DERIVATIONS.get(name):
        items.insert(0, code_item(codes.DCM.Derivation, derivation, HAS_CONCEPT_MOD))
    if derivation or name == "Value":
        concept = pixel_value_concept(modality, unit)
    return number_item(concept, value, unit_code(unit), items)


def _reference(plane: ImagePlane, relationship: str) -> Dataset:
    frame = plane.frame_number if plane.frame_count > 1 else None
    return image_item(plane.sop_class_uid, plane.sop_instance_uid, frame, relationship)


def _each_once(planes: Sequence[ImagePlane]) -> list[ImagePlane]:
    return list({(plane.sop_instance_uid, plane.frame_number): plane for plane in planes}.values())


def _evidence(report: Dataset, planes: Sequence[ImagePlane]) -> Dataset:
    """Return the study's item of the evidence, each image once (PS3.3 C.17.2.3)."""
    by_series: dict[str, dict[str, Dataset]] = {}
    for plane in planes:
        image = Dataset()
        image.ReferencedSOPClassUID, image.ReferencedSOPInstanceUID = plane.sop_class_uid, plane.sop_instance_uid
        by_series.setdefault(plane.series_uid, {})[plane.sop_instance_uid] = image
    series_items = []
    for series_uid, referenced in by_series.items():
        series = Dataset()
        series.SeriesInstanceUID, series.ReferencedSOPSequence = series_uid, list(referenced.values())
        series_items.append(series)
    study = Dataset()
    study.StudyInstanceUID, study.ReferencedSeriesSequence = report.StudyInstanceUID, series_items
    return study

"""Grayscale Softcopy Presentation States as Noctis writes them (PS3.3 A.33.1)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any, Final

from django.utils import timezone
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence as DicomSequence

from noctis.accounts.models import User
from noctis.archive.authored import begin_object, person_name_of
from noctis.archive.models import Instance
from noctis.dicom.attributes import decimal_number, sequence_items, text, texts
from noctis.presentation_states.content import Graphic, Picture, Presentation, Words

GRAYSCALE_SOFTCOPY: Final = "1.2.840.10008.5.1.4.1.1.11.1"
SERIES_DESCRIPTION: Final = "Presentation states"
LAYER: Final = "ANNOTATIONS"
OVERLAY_LAYER: Final = "OVERLAYS"
OVERLAY_GROUPS: Final = range(0x6000, 0x6020, 2)
SHUTTER: Final = (
    *("ShutterShape", "ShutterLeftVerticalEdge", "ShutterRightVerticalEdge", "ShutterUpperHorizontalEdge"),
    *("ShutterLowerHorizontalEdge", "CenterOfCircularShutter", "RadiusOfCircularShutter"),
    *("VerticesOfThePolygonalShutter", "ShutterPresentationValue"),
)
# The turns (degrees clockwise, then flipped or not) that bring the image's right edge to the screen's left, and its
# bottom to the screen's top: corners of an area are those of the screen, in coordinates of the unturned image.
RIGHT_FIRST: Final = frozenset({(180, False), (270, False), (0, True), (270, True)})
BOTTOM_FIRST: Final = frozenset({(90, False), (180, False), (180, True), (270, True)})


def softcopy_presentation(
    presentation: Presentation, images: Mapping[str, Instance], header: Dataset, author: User
) -> Dataset:
    """Return ``presentation`` as an object.

    ``images`` are those that it names, by SOP Instance UID; ``header`` is that of the first of them, on which its
    modality values, its shutter and its overlays are modelled.
    """
    first = images[presentation.pictures[0].sop_instance_uid]
    made = begin_object(first, GRAYSCALE_SOFTCOPY, "PR", SERIES_DESCRIPTION)
    now = timezone.localtime()
    made.PresentationCreationDate, made.PresentationCreationTime = now.strftime("%Y%m%d"), now.strftime("%H%M%S")
    made.ContentLabel, made.ContentDescription = presentation.label, presentation.description
    made.ContentCreatorName = person_name_of(author)
    made.ReferencedSeriesSequence = _references(presentation.pictures, images)
    _write_values(made, presentation, header)
    _write_area(made, presentation, header)
    _write_layers(made, presentation, images, header)
    if presentation.with_shutter and "ShutterShape" in header:
        for keyword in SHUTTER:
            if keyword in header:
                made[keyword] = header[keyword]
        made.ShutterPresentationValue = header.get("ShutterPresentationValue", 0)
    return made


def _references(pictures: Sequence[Picture], images: Mapping[str, Instance]) -> DicomSequence:
    """Return the images by series (PS3.3 C.11.11)."""
    ordered = sorted(pictures, key=lambda picture: images[picture.sop_instance_uid].series_id)
    by_series = groupby(ordered, key=lambda picture: images[picture.sop_instance_uid].series)
    return DicomSequence(
        _item(
            SeriesInstanceUID=series.series_instance_uid,
            ReferencedImageSequence=DicomSequence(_reference(picture, images) for picture in members),
        )
        for series, members in by_series
    )


def _reference(picture: Picture, images: Mapping[str, Instance]) -> Dataset:
    instance = images[picture.sop_instance_uid]
    item = _item(
        ReferencedSOPClassUID=instance.sop_class_uid,
        ReferencedSOPInstanceUID=instance.sop_instance_uid,
    )
    if picture.frames and instance.number_of_frames > 1:
        item.ReferencedFrameNumber = list(picture.frames)
    return item


def _write_values(made: Dataset, presentation: Presentation, header: Dataset) -> None:
    """Write how stored values become grey: modality, window, polarity (PS3.3 C.11.1, C.11.8, C.11.6)."""
    scope = _value_scope(header)
    if "ModalityLUTSequence" in scope:
        made.ModalityLUTSequence = scope.ModalityLUTSequence
    elif "RescaleSlope" in scope:
        made.RescaleIntercept = decimal_number(scope, "RescaleIntercept") or 0
        made.RescaleSlope = decimal_number(scope, "RescaleSlope") or 1
        made.RescaleType = text(scope, "RescaleType") or "US"
    if presentation.window is not None:
        center, width = (f"{value:.10g}" for value in presentation.window)
        voi = _item(WindowCenter=center, WindowWidth=width)
        if presentation.voi_lut_function != "LINEAR":
            voi.VOILUTFunction = presentation.voi_lut_function
        made.SoftcopyVOILUTSequence = DicomSequence([voi])
    made.PresentationLUTShape = "INVERSE" if presentation.inverted else "IDENTITY"


def _value_scope(header: Dataset) -> Dataset:
    """Return what holds the modality values, also of an enhanced object whose frames share them (PS3.3 C.7.6.16)."""
    for keyword in ("SharedFunctionalGroupsSequence", "PerFrameFunctionalGroupsSequence"):
        for group in sequence_items(header, keyword)[:1]:
            for item in sequence_items(group, "PixelValueTransformationSequence"):
                return item
    return header


def _write_area(made: Dataset, presentation: Presentation, header: Dataset) -> None:
    """Write what part is shown, and how it is turned (PS3.3 C.10.4, C.10.6)."""
    left, top, right, bottom = presentation.area
    turn = (presentation.rotation, presentation.flipped)
    columns = (right, left) if turn in RIGHT_FIRST else (left, right)
    rows = (bottom, top) if turn in BOTTOM_FIRST else (top, bottom)
    area = _item(
        DisplayedAreaTopLeftHandCorner=[columns[0], rows[0]],
        DisplayedAreaBottomRightHandCorner=[columns[1], rows[1]],
        PresentationSizeMode="SCALE TO FIT",
    )
    spacing = texts(header, "PixelSpacing") or texts(header, "ImagerPixelSpacing")
    if len(spacing) == 2:  # noqa: PLR2004  (rows and columns)
        area.PresentationPixelSpacing = spacing
    else:
        area.PresentationPixelAspectRatio = texts(header, "PixelAspectRatio") or [1, 1]
    made.DisplayedAreaSelectionSequence = DicomSequence([area])
    made.ImageRotation = presentation.rotation
    made.ImageHorizontalFlip = "Y" if presentation.flipped else "N"


def _write_layers(made: Dataset, presentation: Presentation, images: Mapping[str, Instance], header: Dataset) -> None:
    """Write what is drawn over the image, and which of its overlays are (PS3.3 C.10.5, C.10.7, C.11.7)."""
    layers: list[str] = []
    annotations = [_annotation(one, images) for one in presentation.pictures if one.graphics or one.words]
    if annotations:
        made.GraphicAnnotationSequence = DicomSequence(annotations)
        layers.append(LAYER)
    overlays = [group for group in OVERLAY_GROUPS if (group, 0x0010) in header]
    if presentation.with_overlays and overlays:
        for group in overlays:
            made.add_new((group, 0x1001), "CS", OVERLAY_LAYER)
        layers.append(OVERLAY_LAYER)
    if layers:
        made.GraphicLayerSequence = DicomSequence(
            _item(GraphicLayer=layer, GraphicLayerOrder=order) for order, layer in enumerate(layers, 1)
        )


def _annotation(picture: Picture, images: Mapping[str, Instance]) -> Dataset:
    item = _item(ReferencedImageSequence=DicomSequence([_reference(picture, images)]), GraphicLayer=LAYER)
    if picture.graphics:
        item.GraphicObjectSequence = DicomSequence(_graphic(graphic) for graphic in picture.graphics)
    if picture.words:
        item.TextObjectSequence = DicomSequence(_words(words) for words in picture.words)
    return item


def _graphic(graphic: Graphic) -> Dataset:
    item = _item(
        GraphicAnnotationUnits="PIXEL",
        GraphicDimensions=2,
        NumberOfGraphicPoints=len(graphic.points),
        GraphicData=[coordinate for point in graphic.points for coordinate in point],
        GraphicType=graphic.kind,
    )
    is_closed = graphic.kind in {"CIRCLE", "ELLIPSE"} or graphic.points[0] == graphic.points[-1]
    if is_closed and graphic.kind != "POINT":
        item.GraphicFilled = "Y" if graphic.filled else "N"
    return item


def _words(words: Words) -> Dataset:
    return _item(
        AnchorPointAnnotationUnits="PIXEL",
        UnformattedTextValue=words.text,
        AnchorPoint=list(words.anchor),
        AnchorPointVisibility="N",
    )


def _item(**attributes: Any) -> Dataset:
    item = Dataset()
    for keyword, value in attributes.items():
        setattr(item, keyword, value)
    return item

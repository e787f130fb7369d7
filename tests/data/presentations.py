"""Images with overlays and shutters, and presentation states and key object selections about them (PS3.3 A.33, A.35.4).

The image is a grid of known greys, so that what is drawn over it can be found on the screen to the pixel.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence as DicomSequence
from pydicom.uid import (
    CTImageStorage,
    GrayscaleSoftcopyPresentationStateStorage,
    KeyObjectSelectionDocumentStorage,
)

from tests.data.phantoms import ADA, SyntheticSeries, SyntheticStudy, new_instance, set_grey_pixels

STUDY: Final = SyntheticStudy("presented", ADA, "Images to present", "SYN2025150", "20250321", "101500")
SERIES: Final = SyntheticSeries(STUDY, "CT", 2, "Presented slices")
OTHER_SERIES: Final = SyntheticSeries(STUDY, "CT", 3, "Further slices")
ROWS, COLUMNS = 120, 160
SLICES: Final = 4
PLAIN, OVERLAID, SHUTTERED, PRESENTED = range(SLICES)
INTERCEPT: Final = -1024
GREY: Final = 100  # HU: mid grey in the window
WINDOW: Final = (100, 401)
BRIGHT: Final = (slice(30, 60), slice(20, 70), 300)  # rows, columns, HU
DARK: Final = (slice(70, 110), slice(90, 150), -100)
# A plane of 20 × 30 beside the bright patch, a region that begins off the image, and bits among the pixels' own.
BESIDE: Final = (11, 101)  # row and column from 1
OFF: Final = (-4, -9)
EMBEDDED_BIT: Final = 14
EMBEDDED: Final = (slice(100, 110), slice(10, 40))
CIRCLE: Final = (61, 81, 40)  # row, column, radius
EDGES: Final = (31, 130, 21, 100)  # left, right, upper, lower
ANCHOR: Final = (120.0, 20.0)


def stored_values(index: int = PLAIN) -> NDArray[np.int16]:
    """Return the Hounsfield units of a slice; the greys of its patches differ from slice to slice."""
    values = np.full((ROWS, COLUMNS), GREY, np.int16)
    for rows, columns, value in (BRIGHT, DARK):
        values[rows, columns] = value
    values[0:4, 0:4] = 10 * index
    return values


def presented_slices(series: SyntheticSeries = SERIES, count: int = SLICES) -> Iterator[Dataset]:
    """Yield slices; the second has overlays, the third a shutter."""
    for index in range(count):
        dataset = new_instance(CTImageStorage, series, index + 1)
        dataset.FrameOfReferenceUID = series.uid
        dataset.ImagePositionPatient = [-80.0, -60.0, -5.0 * index]
        dataset.ImageOrientationPatient = [1, 0, 0, 0, 1, 0]
        dataset.PixelSpacing = [1, 1]
        dataset.SliceThickness = 5
        dataset.RescaleIntercept, dataset.RescaleSlope, dataset.RescaleType = INTERCEPT, 1, "HU"
        dataset.WindowCenter, dataset.WindowWidth = WINDOW
        pixels = (stored_values(index) - np.int16(INTERCEPT)).astype(np.uint16)
        if series is SERIES and index == OVERLAID:
            _embed(pixels)
            set_grey_pixels(dataset, pixels, bits_stored=12)
            _add_overlays(dataset)
        else:
            set_grey_pixels(dataset, pixels, bits_stored=12)
        if series is SERIES and index == SHUTTERED:
            add_shutter(dataset)
        yield dataset


def plane_bits() -> NDArray[np.uint8]:
    """Return the first plane: a frame with a dot in its middle."""
    bits = np.zeros((20, 30), np.uint8)
    bits[[0, -1], :] = bits[:, [0, -1]] = 1
    bits[9:11, 14:16] = 1
    return bits


def _embed(pixels: NDArray[np.uint16]) -> None:
    rows, columns = EMBEDDED
    pixels[rows, columns] |= np.uint16(1 << EMBEDDED_BIT)


def _add_overlays(dataset: Dataset) -> None:
    add_plane(dataset, 0x6000, plane_bits(), BESIDE, description="Frame with a dot")
    add_plane(dataset, 0x6002, np.ones((15, 30), np.uint8), OFF, kind="R", description="Corner region")
    group = 0x6004
    dataset.add_new((group, 0x0010), "US", ROWS)
    dataset.add_new((group, 0x0011), "US", COLUMNS)
    dataset.add_new((group, 0x0022), "LO", "Bits among the pixels")
    dataset.add_new((group, 0x0040), "CS", "G")
    dataset.add_new((group, 0x0050), "SS", [1, 1])
    dataset.add_new((group, 0x0100), "US", 16)
    dataset.add_new((group, 0x0102), "US", EMBEDDED_BIT)


def add_plane(
    dataset: Dataset,
    group: int,
    bits: NDArray[np.uint8],
    origin: tuple[int, int],
    *,
    kind: str = "G",
    description: str = "",
) -> None:
    """Add an overlay plane with data of its own (PS3.3 C.9.2)."""
    dataset.add_new((group, 0x0010), "US", bits.shape[0])
    dataset.add_new((group, 0x0011), "US", bits.shape[1])
    if description:
        dataset.add_new((group, 0x0022), "LO", description)
    dataset.add_new((group, 0x0040), "CS", kind)
    dataset.add_new((group, 0x0050), "SS", list(origin))
    dataset.add_new((group, 0x0100), "US", 1)
    dataset.add_new((group, 0x0102), "US", 0)
    packed = np.packbits(bits.ravel(), bitorder="little").tobytes()
    dataset.add_new((group, 0x3000), "OW", packed + b"\0" * (len(packed) % 2))


def add_shutter(dataset: Dataset) -> None:
    """Add a shutter: what lies within a rectangle and a circle stays open."""
    dataset.ShutterShape = ["RECTANGULAR", "CIRCULAR"]
    left, right, upper, lower = EDGES
    dataset.ShutterLeftVerticalEdge, dataset.ShutterRightVerticalEdge = left, right
    dataset.ShutterUpperHorizontalEdge, dataset.ShutterLowerHorizontalEdge = upper, lower
    dataset.CenterOfCircularShutter, dataset.RadiusOfCircularShutter = list(CIRCLE[:2]), CIRCLE[2]
    dataset.ShutterPresentationValue = 0


def presentation_state(image: Dataset, **attributes: Any) -> Dataset:
    """Return a presentation state of one image: a narrow window, turned by 90 degrees, a part of it, with graphics."""
    series = SyntheticSeries(STUDY, "PR", 90, "Presentations from elsewhere")
    state = new_instance(GrayscaleSoftcopyPresentationStateStorage, series, 1)
    state.PresentationCreationDate, state.PresentationCreationTime = STUDY.date, STUDY.time
    state.ContentLabel, state.ContentDescription = "NARROW", "Narrow and turned"
    state.ContentCreatorName = "Hopper^Grace"
    reference = item(ReferencedSOPClassUID=image.SOPClassUID, ReferencedSOPInstanceUID=image.SOPInstanceUID)
    images = DicomSequence([reference])
    state.ReferencedSeriesSequence = DicomSequence(
        [item(SeriesInstanceUID=image.SeriesInstanceUID, ReferencedImageSequence=images)]
    )
    state.RescaleIntercept, state.RescaleSlope, state.RescaleType = INTERCEPT, 1, "HU"
    state.SoftcopyVOILUTSequence = DicomSequence([item(WindowCenter=200, WindowWidth=401)])
    state.PresentationLUTShape = "IDENTITY"
    area = item(
        DisplayedAreaTopLeftHandCorner=[1, ROWS],
        DisplayedAreaBottomRightHandCorner=[COLUMNS, 1],
        PresentationSizeMode="SCALE TO FIT",
        PresentationPixelSpacing=[1, 1],
    )
    state.DisplayedAreaSelectionSequence = DicomSequence([area])
    state.ImageRotation, state.ImageHorizontalFlip = 90, "N"
    state.GraphicLayerSequence = DicomSequence([item(GraphicLayer="LINES", GraphicLayerOrder=1)])
    state.GraphicAnnotationSequence = DicomSequence([_annotation(images)])
    for keyword, value in attributes.items():
        setattr(state, keyword, value)
    return state


def _annotation(images: DicomSequence) -> Dataset:
    shapes: Sequence[tuple[str, list[float], str]] = (
        ("POLYLINE", [20, 30, 70, 30, 70, 60, 20, 60, 20, 30], "N"),
        ("ELLIPSE", [90, 90, 150, 90, 120, 70, 120, 110], "N"),
        ("CIRCLE", [40, 90, 50, 90], "Y"),
        ("POINT", [*ANCHOR], "N"),
        ("INTERPOLATED", [80, 10, 100, 20, 120, 10, 140, 20], "N"),
    )
    graphics = [
        item(
            GraphicAnnotationUnits="PIXEL",
            GraphicDimensions=2,
            NumberOfGraphicPoints=len(points) // 2,
            GraphicData=points,
            GraphicType=kind,
            GraphicFilled=filled,
        )
        for kind, points, filled in shapes
    ]
    words = item(
        AnchorPointAnnotationUnits="PIXEL",
        AnchorPoint=list(ANCHOR),
        AnchorPointVisibility="Y",
        UnformattedTextValue="Look here",
    )
    return item(
        ReferencedImageSequence=images,
        GraphicLayer="LINES",
        GraphicObjectSequence=DicomSequence(graphics),
        TextObjectSequence=DicomSequence([words]),
    )


def key_object_selection(images: Sequence[Dataset]) -> Dataset:
    """Return a selection of images, which may lie in several series, as another workstation would send it."""
    series = SyntheticSeries(STUDY, "KO", 91, "Key objects from elsewhere")
    selection = new_instance(KeyObjectSelectionDocumentStorage, series, 1)
    selection.ReferencedPerformedProcedureStepSequence = DicomSequence()
    references = [
        item(ReferencedSOPClassUID=image.SOPClassUID, ReferencedSOPInstanceUID=image.SOPInstanceUID) for image in images
    ]
    evidence = [
        item(SeriesInstanceUID=image.SeriesInstanceUID, ReferencedSOPSequence=DicomSequence([reference]))
        for image, reference in zip(images, references, strict=True)
    ]
    selection.CurrentRequestedProcedureEvidenceSequence = DicomSequence(
        [item(StudyInstanceUID=STUDY.uid, ReferencedSeriesSequence=DicomSequence(evidence))]
    )
    selection.ValueType, selection.ContinuityOfContent = "CONTAINER", "SEPARATE"
    title = item(CodeValue="113004", CodingSchemeDesignator="DCM", CodeMeaning="For Teaching")
    selection.ConceptNameCodeSequence = DicomSequence([title])
    selection.ContentSequence = DicomSequence(
        item(RelationshipType="CONTAINS", ValueType="IMAGE", ReferencedSOPSequence=DicomSequence([reference]))
        for reference in references
    )
    return selection


def item(**attributes: Any) -> Dataset:
    """Return an item of a sequence."""
    made = Dataset()
    for keyword, value in attributes.items():
        setattr(made, keyword, value)
    return made


def presented_study() -> list[Dataset]:
    """Return all of it: two series, a presentation state of the last slice and a selection over both series."""
    slices, further = list(presented_slices()), list(presented_slices(OTHER_SERIES, 2))
    return [
        *slices,
        *further,
        presentation_state(slices[PRESENTED]),
        key_object_selection([slices[OVERLAID], further[1]]),
    ]

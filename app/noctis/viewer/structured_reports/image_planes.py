"""Between points of the patient, in which annotations are kept, and columns and rows, in which reports give them.

The same rules as the viewer's ``study/frame.ts`` and ``study/calibration.ts``: where an image says nothing of the
patient its points lie in its own grid, as far apart as its calibration or the shape of its pixels says.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from pydicom.dataset import Dataset
from pydicom.valuerep import VR

Vector = tuple[float, float, float]
Pixel = tuple[float, float]

CENTIMETRES: Final = 3  # Physical Units X/Y Direction (PS3.3 C.8.5.5.1.15)
DIMENSIONS: Final = 3


@dataclass(frozen=True)
class ImagePlane:
    """One frame of an image: which it is and where it lies, in millimetres."""

    series_uid: str
    sop_class_uid: str
    sop_instance_uid: str
    frame_number: int
    frame_count: int
    frame_of_reference_uid: str | None
    modality: str
    position: Vector
    row: Vector
    column: Vector
    row_spacing: float
    column_spacing: float

    def pixel_of(self, point: Vector) -> Pixel:
        """Return column and row of a point; the middle of the first pixel is (0.5, 0.5) (PS3.3 C.18.6.1.2)."""
        way = (point[0] - self.position[0], point[1] - self.position[1], point[2] - self.position[2])
        return _dot(way, self.row) / self.column_spacing + 0.5, _dot(way, self.column) / self.row_spacing + 0.5

    def point_of(self, pixel: Pixel) -> Vector:
        """Return the point at column and row."""
        across, down = (pixel[0] - 0.5) * self.column_spacing, (pixel[1] - 0.5) * self.row_spacing
        x, y, z = (
            start + across * along_row + down * along_column
            for start, along_row, along_column in zip(self.position, self.row, self.column, strict=True)
        )
        return x, y, z

    @property
    def has_square_pixels(self) -> bool:
        """Whether what is round in the patient is round in columns and rows."""
        return abs(self.row_spacing - self.column_spacing) < 1e-9 * self.row_spacing


def plane_of(header: Dataset, frame_number: int) -> ImagePlane | None:
    """Return where a frame lies, counted from 1; None for what is no image or has no such frame."""
    frame_count = max(1, int(header.get("NumberOfFrames") or 1))
    if not header.get("Rows") or not header.get("Columns") or not 1 <= frame_number <= frame_count:
        return None
    attributes = _FrameAttributes(header, frame_number)
    position, row, column = _place(attributes)
    row_spacing, column_spacing = _grid_spacing(attributes)
    return ImagePlane(
        series_uid=str(header.get("SeriesInstanceUID") or ""),
        sop_class_uid=str(header.get("SOPClassUID") or ""),
        sop_instance_uid=str(header.get("SOPInstanceUID") or ""),
        frame_number=frame_number,
        frame_count=frame_count,
        frame_of_reference_uid=str(header.get("FrameOfReferenceUID") or "") or None,
        modality=str(header.get("Modality") or ""),
        position=position,
        row=row,
        column=column,
        row_spacing=row_spacing,
        column_spacing=column_spacing,
    )


class _FrameAttributes:
    """Finds an attribute where a frame may hold it: its own functional group, the shared one, the instance."""

    def __init__(self, header: Dataset, frame_number: int) -> None:
        self.header = header
        own = _items(header, "PerFrameFunctionalGroupsSequence")[frame_number - 1 : frame_number]
        self._holders = [*own, *_items(header, "SharedFunctionalGroupsSequence")[:1]]

    def numbers(self, group: str, keyword: str) -> list[float]:
        for holder in self._holders:
            for item in _items(holder, group)[:1]:
                if keyword in item:
                    return numbers_of(item, keyword)
        return numbers_of(self.header, keyword)


def numbers_of(dataset: Dataset, keyword: str) -> list[float]:
    """Return the numbers of an attribute, one or many; nothing where it holds something else."""
    value = dataset.get(keyword)
    if value is None or isinstance(value, str):
        return []
    try:
        return [float(number) for number in value] if hasattr(value, "__iter__") else [float(value)]
    except (TypeError, ValueError):
        return []


def _items(dataset: Dataset, keyword: str) -> list[Dataset]:
    if keyword not in dataset:
        return []
    element = dataset[keyword]
    return list(element.value or []) if element.VR == VR.SQ else []


def _place(attributes: _FrameAttributes) -> tuple[Vector, Vector, Vector]:
    position = attributes.numbers("PlanePositionSequence", "ImagePositionPatient")
    axes = attributes.numbers("PlaneOrientationSequence", "ImageOrientationPatient")
    if len(position) < DIMENSIONS or len(axes) < 2 * DIMENSIONS:
        return (0.0, 0.0, 0.0), (1.0, 0.0, 0.0), (0.0, 1.0, 0.0)
    return (
        (position[0], position[1], position[2]),
        (axes[0], axes[1], axes[2]),
        (axes[3], axes[4], axes[5]),
    )


def _grid_spacing(attributes: _FrameAttributes) -> tuple[float, float]:
    """Return the distance between rows, then between columns (PS3.3 10.7)."""
    header = attributes.header
    spacing = _positive_pair(attributes.numbers("PixelMeasuresSequence", "PixelSpacing"))
    detector = _positive_pair(numbers_of(header, "ImagerPixelSpacing"))
    if spacing and spacing != detector:
        return spacing
    if detector:
        magnification = next(iter(numbers_of(header, "EstimatedRadiographicMagnificationFactor")), 0.0)
        factor = magnification if magnification > 0 else 1.0
        return detector[0] / factor, detector[1] / factor
    return _ultrasound_spacing(header) or _positive_pair(numbers_of(header, "PixelAspectRatio")) or (1.0, 1.0)


def _ultrasound_spacing(header: Dataset) -> tuple[float, float] | None:
    """Return the one scale of all regions in space, or nothing where they disagree."""
    scales = set()
    for region in _items(header, "SequenceOfUltrasoundRegions"):
        units = [region.get(f"PhysicalUnits{axis}Direction") for axis in "XY"]
        column, row = (abs(next(iter(numbers_of(region, f"PhysicalDelta{axis}")), 0.0)) * 10 for axis in "XY")
        if units == [CENTIMETRES, CENTIMETRES] and row > 0 and column > 0:
            scales.add((row, column))
    return scales.pop() if len(scales) == 1 else None


def _positive_pair(values: list[float]) -> tuple[float, float] | None:
    if len(values) < 2 or values[0] <= 0 or values[1] <= 0:  # noqa: PLR2004
        return None
    return values[0], values[1]


def _dot(first: Vector, second: Vector) -> float:
    return first[0] * second[0] + first[1] * second[1] + first[2] * second[2]

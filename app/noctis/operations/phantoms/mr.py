"""An MR series of a synthetic head in an oblique plane (MR Image IOD, PS3.3 A.4), as if T1-weighted with contrast.

``signal_at`` tells the truth at a point in patient coordinates (mm); a pixel is that of its centre, rounded. The folds
of the cortex come from a sum of waves, so that no two slices look alike.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import ArrayLike, NDArray
from pydicom.dataset import Dataset
from pydicom.uid import MRImageStorage

from noctis.operations.phantoms.identity import MR_STUDY, SyntheticSeries, SyntheticStudy
from noctis.operations.phantoms.objects import new_instance, set_grey_pixels
from noctis.operations.phantoms.shapes import Ellipsoid, Grid, Layer, Phantom, Point, Shape, rods
from noctis.operations.phantoms.stamp import stamp
from noctis.operations.phantoms.texture import correlated_noise

MATRIX = 256
PIXEL_MM = 0.859375
SPACING_MM = 5.0
TILT_DEGREES, TURN_DEGREES = 14.0, 5.0
NOISE = 12.0
STAMP_SIGNAL = 900


@dataclass(frozen=True)
class Brain(Ellipsoid):
    """The brain: an ellipsoid whose inner boundary between grey and white matter is folded."""

    def paint(self, values: Grid, x: Grid, y: Grid, z: Grid) -> None:
        """Paint the fluid in the furrows, then the ribbon of grey matter, then the white matter."""
        depth = -self.distance(x, y, z)
        folds = np.sin(0.33 * x + 1.7 * np.sin(0.11 * z) + 0.6 * np.sin(0.21 * y))
        folds += np.sin(0.31 * y + 1.5 * np.sin(0.13 * x)) + np.sin(0.36 * z + 1.4 * np.sin(0.12 * y))
        cleft = np.abs(x + 1.5 * np.sin(0.09 * y)) - 1.2 + np.clip(depth - 32.0, 0.0, 50.0)
        inset = np.clip(depth / 20.0, 0.0, 1.0)
        for value, level in (
            (180.0, depth),
            (430.0, np.minimum(depth - 2.5 - 4.0 * np.maximum(folds - 0.7, 0.0) * (1.0 - inset), cleft)),
            (640.0, np.minimum(depth - 9.0 - 4.2 * folds, cleft - 3.0)),
        ):
            values += np.clip(0.5 + level / 1.5, 0.0, 1.0) * (value - values)


@cache
def head() -> Phantom:
    """Return the whole phantom in units of signal."""
    eye = (Layer(60.0), Layer(170.0, 1.5))
    fluid = (Layer(150.0, 0.0, 1.5),)
    shapes: list[Shape] = [
        Ellipsoid((Layer(820.0), Layer(60.0, 6.0), Layer(150.0, 12.0)), (0.0, 0.0, 0.0), (80.0, 100.0, 92.0)),
        *(Ellipsoid(eye, (side * 32.0, -82.0, -34.0), (13.0, 13.0, 13.0)) for side in (-1, 1)),
        Brain((), (0.0, 2.0, 8.0), (66.0, 84.0, 72.0)),
        Ellipsoid((Layer(120.0), Layer(500.0, 2.0)), (0.0, 52.0, -44.0), (46.0, 26.0, 22.0)),
        *rods([(0.0, 20.0, -100.0), (0.0, 22.0, -46.0), (0.0, 8.0, -14.0)], 11.0, 600.0),
        *(Ellipsoid((Layer(460.0),), (side * 17.0, 6.0, 8.0), (9.0, 18.0, 12.0)) for side in (-1, 1)),
        *(Ellipsoid((Layer(440.0),), (side * 22.0, -14.0, 10.0), (7.0, 13.0, 11.0)) for side in (-1, 1)),
    ]
    for side in (-1.0, 1.0):
        horn = [(side * 8.0, -30.0, 18.0), (side * 7.0, 0.0, 27.0), (side * 14.0, 28.0, 22.0), (side * 26.0, 42.0, 6.0)]
        shapes += rods(horn, 5.5, fluid[0].value)
    shapes += [
        Ellipsoid(fluid, (0.0, 2.0, 4.0), (2.2, 14.0, 9.0)),
        Ellipsoid(fluid, (0.0, 36.0, -40.0), (7.0, 5.0, 9.0)),
        Ellipsoid((Layer(900.0), Layer(380.0, 3.5)), (34.0, 30.0, 30.0), (12.0, 11.0, 11.0)),
        Ellipsoid((Layer(950.0),), (0.0, -30.0, -26.0), (5.0, 4.0, 4.0)),
        *rods([(0.0, 84.0, 50.0), (0.0, 88.0, 10.0), (-6.0, 86.0, -20.0)], 3.5, 950.0),
    ]
    return Phantom(shapes, 0.0)


def signal_at(x_mm: ArrayLike, y_mm: ArrayLike, z_mm: ArrayLike) -> NDArray[np.float64]:
    """Return the phantom's signal at points in patient coordinates."""
    x, y, z = (np.asarray(part, dtype=np.float64) for part in (x_mm, y_mm, z_mm))
    return head().at(x, y, z)


def directions() -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Return the unit vectors along a row, down a column and to the next slice."""
    tilt, turn = np.radians(TILT_DEGREES), np.radians(TURN_DEGREES)
    row = np.array([np.cos(turn), np.sin(turn), 0.0])
    column = np.array([-np.sin(turn) * np.cos(tilt), np.cos(turn) * np.cos(tilt), -np.sin(tilt)])
    return row, column, np.cross(row, column)


def position(index: int, slices: int) -> Point:
    """Return Image Position (Patient) of the slice with this index from 0."""
    row, column, normal = directions()
    half = (MATRIX - 1) / 2 * PIXEL_MM
    x, y, z = (index - (slices - 1) / 2) * SPACING_MM * normal - half * row - half * column
    return (float(x), float(y), float(z) + 6.0)


def mr_series(study: SyntheticStudy = MR_STUDY, *, slices: int = 26, noise: bool = False) -> Iterator[Dataset]:
    """Yield an oblique series from the neck up: 256 x 256 pixels of 0.86 mm, 5 mm apart."""
    series = SyntheticSeries(study, "MR", 4, "T1 oblique with contrast", "HEAD", f"{slices} {noise}")
    row, column, _ = directions()
    for index in range(slices):
        dataset = new_instance(MRImageStorage, series, index + 1)
        dataset.FrameOfReferenceUID = study.frame_of_reference_uid
        dataset.PositionReferenceIndicator = ""
        dataset.PatientPosition = "HFS"
        dataset.ImagePositionPatient = [f"{value:.8g}" for value in position(index, slices)]
        dataset.ImageOrientationPatient = [f"{value:.10f}" for value in (*row, *column)]
        dataset.PixelSpacing = [PIXEL_MM, PIXEL_MM]
        dataset.SliceThickness = SPACING_MM
        dataset.SpacingBetweenSlices = SPACING_MM
        _add_acquisition(dataset)
        set_grey_pixels(dataset, _slice(index, slices, noise=noise), bits_stored=12)
        yield dataset


def _slice(index: int, slices: int, *, noise: bool) -> NDArray[np.uint16]:
    row, column, _ = directions()
    steps = np.arange(MATRIX, dtype=np.float64) * PIXEL_MM
    x, y, z = (
        origin + across * steps + down * steps[:, None]
        for origin, across, down in zip(position(index, slices), row, column, strict=True)
    )
    values = signal_at(x, y, z)
    if noise:
        values = np.hypot(values + NOISE * correlated_noise(values.shape, 100 + index), NOISE)
    pixels = np.clip(np.rint(values), 0, 4095).astype(np.uint16)
    stamp(pixels, index + 1, STAMP_SIGNAL)
    return pixels


def _add_acquisition(dataset: Dataset) -> None:
    dataset.ImageType = ["ORIGINAL", "PRIMARY", "OTHER"]
    dataset.AcquisitionNumber = 1
    dataset.ScanningSequence = "SE"
    dataset.SequenceVariant = "NONE"
    dataset.ScanOptions = ""
    dataset.MRAcquisitionType = "2D"
    dataset.RepetitionTime = 550
    dataset.EchoTime = 12
    dataset.EchoTrainLength = 1
    dataset.MagneticFieldStrength = "1.5"
    dataset.ImagedNucleus = "1H"
    dataset.ContrastBolusAgent = "Gadolinium"
    dataset.BurnedInAnnotation = "NO"
    dataset.WindowCenter, dataset.WindowWidth = 480, 960

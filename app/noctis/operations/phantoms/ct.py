"""CT series of the synthetic thorax (CT Image IOD, PS3.3 A.3): axial slices of signed 16 bit, HU = value - 1024.

The first slice lies nearest to the head. Every slice carries its Instance Number in the lower right corner, outside
the circle of reconstruction. Inside the circle a pixel is ``hu_at`` of its centre, rounded, plus noise where the plan
asks for it; the balls of ``PROBES`` stay free of noise.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset
from pydicom.uid import CTImageStorage

from noctis.operations.phantoms.identity import CT_STUDY, SyntheticSeries, SyntheticStudy
from noctis.operations.phantoms.objects import new_instance, set_grey_pixels
from noctis.operations.phantoms.shapes import Ellipsoid, Grid, Layer, Phantom, Point
from noctis.operations.phantoms.stamp import stamp
from noctis.operations.phantoms.texture import correlated_noise
from noctis.operations.phantoms.thorax import AIR, PROBES, thorax

RESCALE_INTERCEPT = -1024
STAMP_HU = 200
_NOISE_TILE = 1024


@dataclass(frozen=True)
class CtPlan:
    """How a series is scanned: lengths in mm, ``centre`` is (x, y) of the field of view, noise is in HU."""

    number: int
    description: str
    kernel: str
    window: tuple[int, int]
    slices: int
    spacing: float
    first_z: float
    pixel: float
    centre: tuple[float, float] = (0.0, 0.0)
    matrix: int = 512
    noise: float = 0.0

    def position(self, index: int) -> Point:
        """Return Image Position (Patient) of the slice with this index from 0: the centre of its first pixel."""
        offset = (self.matrix - 1) / 2 * self.pixel
        return (self.centre[0] - offset, self.centre[1] - offset, self.first_z - index * self.spacing)

    def coordinates(self) -> tuple[Grid, Grid]:
        """Return x of every column and y of every row."""
        steps = (np.arange(self.matrix, dtype=np.float64) - (self.matrix - 1) / 2) * self.pixel
        return self.centre[0] + steps, self.centre[1] + steps


THORAX = CtPlan(
    number=2,
    description="Thorax 2.5 mm soft tissue",
    kernel="B30s",
    window=(50, 400),
    slices=128,
    spacing=2.5,
    first_z=157.5,
    pixel=0.7,
)
SPINE = CtPlan(
    number=3,
    description="Spine 1.25 mm bone",
    kernel="B70s",
    window=(300, 1500),
    slices=40,
    spacing=1.25,
    first_z=25.0,
    pixel=0.34375,
    centre=(0.0, 40.0),
)


def ct_study(study: SyntheticStudy = CT_STUDY, *, noise: bool = False) -> Iterator[Dataset]:
    """Yield both series: 128 slices of the thorax, then 40 of the spine."""
    yield from ct_series(replace(THORAX, noise=9.0) if noise else THORAX, study)
    yield from ct_series(replace(SPINE, noise=26.0) if noise else SPINE, study)


def ct_series(plan: CtPlan = THORAX, study: SyntheticStudy = CT_STUDY) -> Iterator[Dataset]:
    """Yield the slices of ``plan`` from the head down; other plans have other UIDs."""
    series = SyntheticSeries(study, "CT", plan.number, plan.description, "CHEST", repr(plan))
    for index in range(plan.slices):
        dataset = new_instance(CTImageStorage, series, index + 1)
        _add_geometry(dataset, plan, study, index)
        _add_acquisition(dataset, plan)
        set_grey_pixels(dataset, slice_hu(plan, index) - np.int16(RESCALE_INTERCEPT), bits_stored=16)
        yield dataset


def slice_hu(plan: CtPlan, index: int) -> NDArray[np.int16]:
    """Return a slice in Hounsfield units: (rows, columns)."""
    xs, ys = plan.coordinates()
    z = plan.position(index)[2]
    values = thorax().sample(xs, ys, np.array([z]))[0]
    if plan.noise:
        values += plan.noise * _noise(plan, index) * _away_from_probes().sample(xs, ys, np.array([z]))[0]
    half = plan.matrix / 2 * plan.pixel
    outside = (xs - plan.centre[0]) ** 2 + (ys[:, None] - plan.centre[1]) ** 2 > half * half
    values[outside] = AIR
    pixels: NDArray[np.int16] = np.clip(np.rint(values), RESCALE_INTERCEPT, 3071).astype(np.int16)
    stamp(pixels, index + 1, STAMP_HU)
    return pixels


def _noise(plan: CtPlan, index: int) -> NDArray[np.float32]:
    """Return a window of one large noise image, at another place for each slice."""
    limit = _NOISE_TILE - plan.matrix
    row, column = (index * 197 + plan.number * 31) % limit, (index * 331 + plan.number * 77) % limit
    return _noise_tile()[row : row + plan.matrix, column : column + plan.matrix]


@cache
def _noise_tile() -> NDArray[np.float32]:
    return correlated_noise((_NOISE_TILE, _NOISE_TILE), seed=11)


@cache
def _away_from_probes() -> Phantom:
    """Return a phantom that is 1 everywhere but in the probes, where it is 0."""
    balls = [Ellipsoid((Layer(0.0, -1.0),), ball.centre, (ball.radius,) * 3) for ball in PROBES]
    return Phantom(balls, 1.0)


def _add_geometry(dataset: Dataset, plan: CtPlan, study: SyntheticStudy, index: int) -> None:
    position = plan.position(index)
    dataset.FrameOfReferenceUID = study.frame_of_reference_uid
    dataset.PositionReferenceIndicator = ""
    dataset.PatientPosition = "HFS"
    dataset.ImagePositionPatient = [f"{value:.6g}" for value in position]
    dataset.ImageOrientationPatient = [1, 0, 0, 0, 1, 0]
    dataset.PixelSpacing = [plan.pixel, plan.pixel]
    dataset.SliceThickness = plan.spacing
    dataset.SpacingBetweenSlices = plan.spacing
    dataset.SliceLocation = f"{position[2]:.6g}"
    dataset.ReconstructionDiameter = plan.matrix * plan.pixel


def _add_acquisition(dataset: Dataset, plan: CtPlan) -> None:
    dataset.ImageType = ["ORIGINAL", "PRIMARY", "AXIAL"]
    dataset.AcquisitionNumber = 1
    dataset.ScanOptions = "HELICAL MODE"
    dataset.KVP = 120
    dataset.XRayTubeCurrent = 220
    dataset.ExposureTime = 500
    dataset.ConvolutionKernel = plan.kernel
    dataset.GantryDetectorTilt = 0
    dataset.ContrastBolusAgent = "Iodine"
    dataset.BurnedInAnnotation = "NO"
    dataset.RescaleIntercept = RESCALE_INTERCEPT
    dataset.RescaleSlope = 1
    dataset.RescaleType = "HU"
    dataset.WindowCenter, dataset.WindowWidth = plan.window

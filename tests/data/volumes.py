"""Volumes whose value at any point is known: a CT that grows evenly along all three axes, and a PET over it.

Between voxels an evenly growing value is what linear interpolation gives, so that planes in any direction can be
checked exactly. Both hold a ball around ``BALL``: bright in the CT, hot in the PET.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset
from pydicom.uid import CTImageStorage, PositronEmissionTomographyImageStorage

from noctis.operations.phantoms.identity import SyntheticSeries, SyntheticStudy
from noctis.operations.phantoms.objects import new_instance, set_grey_pixels

BALL = (20.0, -16.0, 30.0)
BALL_RADIUS = 9.0
BALL_HU = 1200
BALL_SUV, BODY_SUV = 6.0, 0.5
_INTERCEPT = -1024
_WEIGHT_KG = 68.0
_DOSE_AT_SCAN_BQ = 340e6
_HALF_LIFE_S, _UPTAKE_S = 6586.2, 3600.0


@dataclass(frozen=True)
class Block:
    """Where voxels lie: the centre of the first, their size and their number, along x, y and down from the head."""

    first: tuple[float, float, float]
    spacing: tuple[float, float, float]
    count: tuple[int, int, int]

    def position(self, index: int) -> tuple[float, float, float]:
        """Return the centre of the first pixel of a slice."""
        return self.first[0], self.first[1], self.first[2] - index * self.spacing[2]

    def slice_points(self, index: int) -> tuple[NDArray[np.float64], NDArray[np.float64], float]:
        """Return x of each column, y of each row (as a column) and z."""
        x0, y0, z = self.position(index)
        xs = x0 + np.arange(self.count[0], dtype=np.float64) * self.spacing[0]
        ys = y0 + np.arange(self.count[1], dtype=np.float64) * self.spacing[1]
        return xs, ys[:, None], z


CT_BLOCK = Block((-61.0, -81.0, 79.0), (2.0, 2.0, 3.0), (64, 64, 40))
PET_BLOCK = Block((-60.0, -80.0, 78.0), (4.0, 4.0, 6.0), (32, 32, 20))


def even_hu(x: float, y: float, z: float) -> float:
    """Return the CT's value at a point outside of the ball."""
    return 2 * x + 3 * y + z


def even_ct(study: SyntheticStudy, *, tilt_mm: float = 0.0, without: frozenset[int] = frozenset()) -> Iterator[Dataset]:
    """Yield the CT; a tilted gantry shifts each slice by so much, and slices may be missing."""
    name = f"tilt {tilt_mm}" if tilt_mm else f"without {sorted(without)}" if without else "even"
    series = SyntheticSeries(study, "CT", 2 if name == "even" else 4, f"CT {name}", "CHEST", name)
    for index in range(CT_BLOCK.count[2]):
        if index in without:
            continue
        dataset = new_instance(CTImageStorage, series, index + 1)
        _place(dataset, CT_BLOCK, study, index, tilt_mm)
        xs, ys, z = CT_BLOCK.slice_points(index)
        values = np.where(_in_ball(xs, ys, z, BALL_RADIUS), BALL_HU, 2 * xs + 3 * ys + z)
        dataset.RescaleIntercept, dataset.RescaleSlope, dataset.RescaleType = _INTERCEPT, 1, "HU"
        dataset.WindowCenter, dataset.WindowWidth = 0, 1000
        dataset.KVP = 120
        set_grey_pixels(dataset, (np.rint(values) - _INTERCEPT).astype(np.uint16), bits_stored=12)
        yield dataset


def hot_pet(study: SyntheticStudy) -> Iterator[Dataset]:
    """Yield the PET in Bq/ml, whose rescale slope is another for every second slice, as some scanners write it."""
    series = SyntheticSeries(study, "PT", 3, "PET hot ball", "CHEST")
    per_suv = _DOSE_AT_SCAN_BQ / (_WEIGHT_KG * 1000)
    for index in range(PET_BLOCK.count[2]):
        dataset = new_instance(PositronEmissionTomographyImageStorage, series, index + 1)
        _place(dataset, PET_BLOCK, study, index, 0.0)
        xs, ys, z = PET_BLOCK.slice_points(index)
        values = np.where(_in_ball(xs, ys, z, BALL_RADIUS + 5), BALL_SUV, BODY_SUV) * per_suv
        slope = 2 + index % 2
        _add_uptake(dataset, study)
        dataset.RescaleIntercept, dataset.RescaleSlope = 0, slope
        set_grey_pixels(dataset, np.rint(values / slope).astype(np.uint16), bits_stored=16)
        yield dataset


def _in_ball(xs: NDArray[np.float64], ys: NDArray[np.float64], z: float, radius: float) -> NDArray[np.bool_]:
    inside: NDArray[np.bool_] = (xs - BALL[0]) ** 2 + (ys - BALL[1]) ** 2 + (z - BALL[2]) ** 2 <= radius**2
    return inside


def _place(dataset: Dataset, block: Block, study: SyntheticStudy, index: int, tilt_mm: float) -> None:
    x, y, z = block.position(index)
    dataset.FrameOfReferenceUID = study.frame_of_reference_uid
    dataset.PatientPosition = "HFS"
    dataset.ImagePositionPatient = [x, y + index * tilt_mm, z]
    dataset.ImageOrientationPatient = [1, 0, 0, 0, 1, 0]
    dataset.PixelSpacing = [block.spacing[1], block.spacing[0]]
    dataset.SliceThickness = block.spacing[2]


def _add_uptake(dataset: Dataset, study: SyntheticStudy) -> None:
    """Add what SUV needs (PS3.3 C.8.9.1): corrected to the start of a scan an hour after the injection."""
    dataset.PatientWeight = _WEIGHT_KG
    dataset.Units = "BQML"
    dataset.CorrectedImage = ["ATTN", "DECY", "DECAY"]
    dataset.DecayCorrection = "START"
    dataset.AcquisitionDate, dataset.AcquisitionTime = study.date, study.time
    drug = Dataset()
    drug.RadionuclideTotalDose = f"{_DOSE_AT_SCAN_BQ * 2 ** (_UPTAKE_S / _HALF_LIFE_S):.6f}"[:16]
    drug.RadionuclideHalfLife = _HALF_LIFE_S
    hours = int(study.time[:2]) - 1
    drug.RadiopharmaceuticalStartTime = f"{hours:02}{study.time[2:]}"
    dataset.RadiopharmaceuticalInformationSequence = [drug]

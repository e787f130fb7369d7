"""A multi-frame coronary angiogram (XA Image IOD, PS3.3 A.14): contrast runs down a synthetic vessel tree.

32 frames at 15 a second, 512 x 512 pixels of 8 bit. The dye reaches a point of a vessel after a time that grows with
its distance from the catheter's tip, stays and washes out. Each frame carries its number, from 1.
"""

from __future__ import annotations

import itertools
import math
from functools import cache

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset
from pydicom.uid import XRayAngiographicImageStorage

from noctis.operations.phantoms.identity import ANGIOGRAPHY_STUDY, SyntheticSeries, SyntheticStudy
from noctis.operations.phantoms.objects import new_instance, set_grey_pixels
from noctis.operations.phantoms.stamp import stamp
from noctis.operations.phantoms.texture import correlated_noise, smooth, white_noise

SIZE, FRAMES = 512, 32
FRAME_TIME_MS = 66.7
IMAGER_PIXEL_MM = 0.3
TIP = (194.0, 148.0)
_SPEED = 34.0  # pixels that the dye runs in a frame
_START, _HOLD = 3.0, 14.0

Place = tuple[float, float]
Vessel = list[tuple[Place, float]]


def angiogram(study: SyntheticStudy = ANGIOGRAPHY_STUDY) -> Dataset:
    """Return the run as one multi-frame instance."""
    series = SyntheticSeries(study, "XA", 1, "Left coronary RAO 20 CRA 15", "HEART")
    dataset = new_instance(XRayAngiographicImageStorage, series, 1)
    set_grey_pixels(dataset, np.stack([_frame(index) for index in range(FRAMES)]), bits_stored=8)
    dataset.ImageType = ["ORIGINAL", "PRIMARY", "SINGLE PLANE"]
    dataset.PatientOrientation = ""
    dataset.AcquisitionNumber = 1
    dataset.NumberOfFrames = FRAMES
    dataset.FrameTime = FRAME_TIME_MS
    dataset.FrameIncrementPointer = 0x00181063
    dataset.CineRate = dataset.RecommendedDisplayFrameRate = 15
    dataset.PixelIntensityRelationship = "LIN"
    dataset.LossyImageCompression = "00"
    dataset.ContrastBolusAgent = "Iodine"
    dataset.BurnedInAnnotation = "NO"
    dataset.WindowCenter, dataset.WindowWidth = 128, 256
    _add_acquisition(dataset)
    return dataset


def _add_acquisition(dataset: Dataset) -> None:
    dataset.KVP = 80
    dataset.XRayTubeCurrent = 600
    dataset.ExposureTime = 8
    dataset.RadiationSetting = "GR"
    dataset.ImagerPixelSpacing = [IMAGER_PIXEL_MM, IMAGER_PIXEL_MM]
    dataset.DistanceSourceToDetector = 1050
    dataset.DistanceSourceToPatient = 750
    dataset.EstimatedRadiographicMagnificationFactor = 1.4
    dataset.PositionerMotion = "STATIC"
    dataset.PositionerPrimaryAngle = -20
    dataset.PositionerSecondaryAngle = 15


def _below(distance: NDArray[np.float32], softness: float) -> NDArray[np.float32]:
    """Return 1 where ``distance`` in pixels is negative, 0 where it is positive, with a smooth step between."""
    return np.asarray(0.5 - 0.5 * np.tanh(distance / np.float32(2.0 * softness)), dtype=np.float32)


@cache
def _background() -> NDArray[np.float32]:
    """Return the brightness without contrast: heart, spine, diaphragm and ribs as shadows, and the catheter."""
    row, column = np.mgrid[0:SIZE, 0:SIZE].astype(np.float32)
    image = 184.0 + 70.0 * smooth(white_noise((SIZE, SIZE), 31), 60)
    image -= 34.0 * _below((np.hypot((column - 290) / 200, (row - 300) / 200) - 1.0) * 200, 9.0)
    from_spine = np.abs(column - 470 + 0.16 * row)
    image -= 24.0 * _below(from_spine - 46, 3.0)
    image -= 9.0 * _below(from_spine - 42, 2.0) * (np.sin(row / 11.0) + 0.5 > 0)
    image -= 40.0 * _below(452 + 0.0011 * (column - 170) ** 2 - row, 4.0)
    for rib in range(6):
        middle = -30 + 96 * rib + 0.42 * column - 0.0005 * (column - 200) ** 2
        image -= 9.0 * np.exp(-(((row - middle) / 13.0) ** 4))
    return np.asarray(image - 38.0 * np.exp(-((_from_catheter(row, column) / 2.4) ** 2)), dtype=np.float32)


def _from_catheter(row: NDArray[np.float32], column: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the distance from the catheter: up the aorta on the right, over the arch, down to the tip on the left."""
    up = np.abs(column - 300 - 0.10 * (row - 78))
    down = np.abs(column - 180 - 0.20 * (row - 78)) + 1000.0 * (row > TIP[1])
    arch = np.abs(np.hypot(column - 240, row - 78) - 60.0)
    return np.where(row < 78, arch, np.where(column < 240, down, up)).astype(np.float32)  # noqa: PLR2004 - the centre


def _vessels() -> list[Vessel]:
    """Return bent vessels, each a list of places (column, row) with the distance that the dye has run to them."""
    random = iter(white_noise((4000,), 41).tolist())
    vessels: list[Vessel] = []
    ends = [(TIP, 0.35, 0.0, 0), (TIP, 1.35, 0.0, 0)]
    while ends:
        place, heading, run, generation = ends.pop()
        vessel: Vessel = [(place, run)]
        for step in range(19 - 6 * generation):
            heading += 0.11 * next(random) + 0.045  # follows the heart
            place = (place[0] + 15.0 * math.cos(heading), place[1] + 15.0 * math.sin(heading))
            run += 15.0
            vessel.append((place, run))
            if step % 4 == 2 and generation < 2:  # noqa: PLR2004 - a side branch after every fourth step
                side = 1.0 if (step + generation) % 8 == 2 else -1.0  # noqa: PLR2004 - in turn to each side
                ends.append((place, heading + 0.7 * side, run, generation + 1))
        vessels.append(vessel)
    return vessels


@cache
def _contrast() -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return, for each pixel, how much the full vessel dims it and how far the dye runs to reach it."""
    dimming = np.zeros((SIZE, SIZE), dtype=np.float32)
    arrival = np.full((SIZE, SIZE), 1e6, dtype=np.float32)
    for vessel in _vessels():
        for (start, run), (end, _) in itertools.pairwise(vessel):
            radius = 1.6 + 6.0 * math.exp(-run / 160.0)
            _draw(dimming, arrival, start, end, run, radius)
    return dimming, arrival


def _draw(
    dimming: NDArray[np.float32], arrival: NDArray[np.float32], start: Place, end: Place, run: float, radius: float
) -> None:
    left, right = (int(min(start[0], end[0]) - 12), int(max(start[0], end[0]) + 13))
    top, bottom = (int(min(start[1], end[1]) - 12), int(max(start[1], end[1]) + 13))
    if left < 0 or top < 0 or right > SIZE or bottom > SIZE:
        return
    row, column = np.mgrid[top:bottom, left:right].astype(np.float32)
    dx, dy = end[0] - start[0], end[1] - start[1]
    along = np.clip(((column - start[0]) * dx + (row - start[1]) * dy) / (dx * dx + dy * dy), 0, 1)
    distance = np.hypot(column - start[0] - along * dx, row - start[1] - along * dy)
    depth = 11.0 * np.sqrt(np.maximum(radius**2 - distance**2, 0.0)) * np.float32(1.0 + 1.2 / radius)
    window = (slice(top, bottom), slice(left, right))
    arrival[window] = np.where(depth > 0, np.minimum(arrival[window], run + 15.0 * along), arrival[window])
    dimming[window] = np.maximum(dimming[window], depth)


def _frame(frame: int) -> NDArray[np.uint8]:
    dimming, arrival = _contrast()
    beat = 3.0 * math.sin(2 * math.pi * frame / 13.0)
    since = frame - _START - arrival / _SPEED
    filled = np.clip(since / 1.5, 0, 1) * np.clip(1.0 - (since - _HOLD) / 8.0, 0, 1)
    dimmed = np.roll((np.clip(dimming, 0, 95) * filled).astype(np.float32), (round(beat), round(0.6 * beat)), (0, 1))
    image = _background() - smooth(dimmed, 1) + 3.0 * np.roll(_grain(), (frame * 37, frame * 91), (0, 1))
    row, column = np.mgrid[0:SIZE, 0:SIZE]
    image[np.hypot(row - SIZE / 2, column - SIZE / 2) > 0.64 * SIZE] = 0
    pixels: NDArray[np.uint8] = np.clip(np.rint(image), 0, 255).astype(np.uint8)
    stamp(pixels, frame + 1, 255)
    return pixels


@cache
def _grain() -> NDArray[np.float32]:
    return correlated_noise((SIZE, SIZE), 51)

"""A multi-frame ultrasound of a beating synthetic heart with a colour Doppler box (PS3.3 A.7, regions C.8.5.5).

One heart beat in 32 frames of 33 ms: the chamber's radius follows a cosine, the valve swings, the jet changes from red
to blue. Each frame carries its number, from 1, in the lower right corner.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset
from pydicom.pixels.processing import convert_color_space
from pydicom.uid import UltrasoundMultiFrameImageStorage

from noctis.operations.phantoms.identity import ULTRASOUND_STUDY, SyntheticSeries, SyntheticStudy
from noctis.operations.phantoms.objects import new_instance, set_pixel_bytes, set_rgb_pixels
from noctis.operations.phantoms.stamp import stamp
from noctis.operations.phantoms.texture import smooth, white_noise

ROWS, COLUMNS, FRAMES = 384, 512, 32
FRAME_TIME_MS = 33.3
APEX_ROW, APEX_COLUMN = 12, 256
MM_PER_PIXEL = 0.4
TRANSDUCER_MM, DEPTH_MM = 3.0, 140.0
HALF_ANGLE = np.radians(40.0)
_TISSUE, _BLOOD = 0.55, 0.04

Photometric = Literal["RGB", "YBR_FULL_422"]


@dataclass(frozen=True)
class Sector:
    """The pixels in beam coordinates: depth in mm, angle in radians, place in mm, and which of them are scanned."""

    depth: NDArray[np.float32]
    x: NDArray[np.float32]
    y: NDArray[np.float32]
    inside: NDArray[np.bool_]
    speckle: NDArray[np.float32]


def chamber_radius(frame: int) -> float:
    """Return the chamber's mean radius in mm in the frame with this index from 0."""
    return 24.0 + 5.0 * float(np.cos(2 * np.pi * frame / FRAMES))


def ultrasound_loop(study: SyntheticStudy = ULTRASOUND_STUDY, photometric: Photometric = "RGB") -> Dataset:
    """Return the loop as RGB, or as uncompressed YBR_FULL_422, which some scanners send against C.8.5.6.1.2."""
    series = SyntheticSeries(study, "US", 1, "Apical four chamber", "HEART", photometric)
    dataset = new_instance(UltrasoundMultiFrameImageStorage, series, 1)
    frames = np.stack([_frame(index) for index in range(FRAMES)])
    set_rgb_pixels(dataset, frames)
    if photometric == "YBR_FULL_422":
        dataset.PhotometricInterpretation = photometric
        set_pixel_bytes(dataset, subsample_422(frames))
    _add_acquisition(dataset)
    return dataset


def subsample_422(frames: NDArray[np.uint8]) -> bytes:
    """Return RGB ``frames`` as YBR_FULL_422: two Y, then the CB and the CR of the first pixel (PS3.3 C.7.6.3.1.2)."""
    full = convert_color_space(frames, "RGB", "YBR_FULL")
    pairs = np.empty((*full.shape[:-2], full.shape[-2] // 2, 4), dtype=np.uint8)
    pairs[..., 0], pairs[..., 1] = full[..., ::2, 0], full[..., 1::2, 0]
    pairs[..., 2:] = full[..., ::2, 1:]
    return pairs.tobytes()


def _add_acquisition(dataset: Dataset) -> None:
    dataset.ImageType = ["ORIGINAL", "PRIMARY", "TTE", "0011"]
    dataset.PatientOrientation = ""
    dataset.NumberOfFrames = FRAMES
    dataset.FrameTime = FRAME_TIME_MS
    dataset.FrameIncrementPointer = 0x00181063
    dataset.CineRate = 30
    dataset.RecommendedDisplayFrameRate = 30
    dataset.LossyImageCompression = "00"
    dataset.UltrasoundColorDataPresent = 1
    dataset.BurnedInAnnotation = "NO"
    dataset.SequenceOfUltrasoundRegions = [_region()]


def _region() -> Dataset:
    region = Dataset()
    region.RegionSpatialFormat = 1
    region.RegionDataType = 1
    region.RegionFlags = 2
    region.RegionLocationMinX0, region.RegionLocationMinY0 = 0, 0
    region.RegionLocationMaxX1, region.RegionLocationMaxY1 = COLUMNS - 1, ROWS - 1
    region.ReferencePixelX0, region.ReferencePixelY0 = APEX_COLUMN, APEX_ROW
    region.PhysicalUnitsXDirection = region.PhysicalUnitsYDirection = 3
    region.ReferencePixelPhysicalValueX = region.ReferencePixelPhysicalValueY = 0.0
    region.PhysicalDeltaX = region.PhysicalDeltaY = MM_PER_PIXEL / 10
    return region


@cache
def _sector() -> Sector:
    row, column = np.mgrid[0:ROWS, 0:COLUMNS].astype(np.float32)
    x, y = (column - APEX_COLUMN) * MM_PER_PIXEL, (row - APEX_ROW) * MM_PER_PIXEL
    depth, angle = np.hypot(x, y), np.arctan2(x, np.maximum(y, 1e-3))
    inside = (depth < DEPTH_MM) & (depth > TRANSDUCER_MM) & (np.abs(angle) < HALF_ANGLE) & (y > 0)
    beams = np.abs(smooth(smooth(white_noise((400, 256), 21), 2, (1,)), 1, (0,)))
    lines = (np.clip((angle / HALF_ANGLE + 1) / 2, 0, 1) * 255).astype(np.intp)
    speckle = beams[np.clip(depth / DEPTH_MM * 399, 0, 399).astype(np.intp), lines] * 3.2
    return Sector(depth, x, y, inside, smooth(speckle, 1))


def _step(distance: NDArray[np.float32], width: float = 2.0) -> NDArray[np.float32]:
    """Return 1 where ``distance`` is well below 0, 0 where it is well above, and a ramp of ``width`` mm between."""
    return np.asarray(np.clip(0.5 - distance / np.float32(width), 0.0, 1.0), dtype=np.float32)


def _ellipse(sector: Sector, centre: tuple[float, float], radii: tuple[float, float]) -> NDArray[np.float32]:
    level = np.hypot((sector.x - centre[0]) / radii[0], (sector.y - centre[1]) / radii[1])
    return np.asarray((level - 1.0) * min(radii), dtype=np.float32)


def _chambers(radius: float) -> tuple[tuple[tuple[float, float], tuple[float, float]], ...]:
    """Return centre and radii in mm of both ventricles and both atria; an atrium fills while its ventricle empties."""
    return (
        ((17.0, 62.0), (0.78 * radius, 1.35 * radius)),
        ((-20.0, 66.0), (0.6 * radius, 1.15 * radius)),
        ((16.0, 114.0), (22.0, 41.0 - 0.75 * radius)),
        ((-20.0, 114.0), (19.0, 38.0 - 0.7 * radius)),
    )


def _grey(sector: Sector, frame: int) -> NDArray[np.float32]:
    chambers = _chambers(chamber_radius(frame))
    echo = np.full(sector.x.shape, 0.22, dtype=np.float32)
    echo += 0.18 * _step(_ellipse(sector, (0.0, 76.0), (56.0, 62.0)))
    for centre, radii in chambers:
        echo += (_TISSUE - echo) * _step(_ellipse(sector, centre, (radii[0] + 6.0, radii[1] + 6.0)), 6.0)
    for centre, radii in chambers:
        echo += (_BLOOD - echo) * _step(_ellipse(sector, centre, radii))
    swing = 0.5 + 0.5 * np.sin(2 * np.pi * frame / FRAMES)
    for hinge, side in ((34.0, -1.0), (0.0, 1.0), (-4.0, -1.0), (-36.0, 1.0)):
        tip = (hinge + side * (15.0 - 9.0 * swing), 94.0 - 12.0 * swing)
        echo += (0.95 - echo) * _step(_segment(sector, (hinge, 94.0), tip) - np.float32(1.1))
    return echo


def _segment(sector: Sector, start: tuple[float, float], end: tuple[float, float]) -> NDArray[np.float32]:
    dx, dy = end[0] - start[0], end[1] - start[1]
    px, py = sector.x - start[0], sector.y - start[1]
    along = np.clip((px * dx + py * dy) / (dx * dx + dy * dy), 0, 1)
    return np.asarray(np.hypot(px - along * dx, py - along * dy), dtype=np.float32)


def _frame(frame: int) -> NDArray[np.uint8]:
    sector = _sector()
    shade = np.exp(-sector.depth / 260.0) * (1.0 + 0.5 * _step(np.abs(sector.depth - 70.0) - 30.0, 60.0))
    grey = np.clip(_grey(sector, frame) * shade * (0.25 + sector.speckle), 0, 1) * sector.inside
    rgb = np.repeat((235.0 * np.sqrt(grey))[..., None], 3, axis=-1)
    flow = float(np.sin(2 * np.pi * frame / FRAMES))
    jet = _step(_ellipse(sector, (17.0, 92.0), (9.0, 26.0)), 8.0) * abs(flow) * (0.6 + 0.5 * sector.speckle)
    jet = np.clip(jet, 0, 1)[..., None] * sector.inside[..., None]
    colour = np.array([235.0, 70.0, 20.0] if flow > 0 else [30.0, 90.0, 240.0])
    rgb += jet * (colour - rgb)
    _add_marks(rgb)
    pixels: NDArray[np.uint8] = np.clip(np.rint(rgb), 0, 255).astype(np.uint8)
    stamp(pixels, frame + 1, 230)
    return pixels


def _add_marks(rgb: NDArray[np.float64]) -> None:
    """Add a centimetre scale on the right, a grey bar and the bar of the Doppler colours on the left."""
    for centimetre in range(int(DEPTH_MM // 10) + 1):
        row = round(APEX_ROW + centimetre * 10 / MM_PER_PIXEL)
        length = 10 if centimetre % 5 == 0 else 5
        rgb[row, COLUMNS - 12 - length : COLUMNS - 12] = 200
    ramp = np.linspace(1.0, -1.0, 120)[:, None, None]
    red_to_blue = np.where(ramp > 0, ramp * np.array([235, 70, 20]), -ramp * np.array([30, 90, 240]))
    rgb[30:150, 14:26] = red_to_blue
    rgb[170:290, 14:26] = np.linspace(235.0, 0.0, 120)[:, None, None]

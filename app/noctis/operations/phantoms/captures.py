"""Colour images (Secondary Capture Image IOD, PS3.3 A.8): a rendering in RGB and a map in PALETTE COLOR."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset
from pydicom.uid import SecondaryCaptureImageStorage

from noctis.operations.phantoms.identity import CAPTURE_STUDY, SyntheticSeries, SyntheticStudy
from noctis.operations.phantoms.mr import MATRIX, PIXEL_MM, signal_at
from noctis.operations.phantoms.objects import new_instance, set_grey_pixels, set_rgb_pixels
from noctis.operations.phantoms.radiography import coarse_thorax
from noctis.operations.phantoms.stamp import stamp
from noctis.operations.phantoms.texture import smooth, white_noise

SIZE = 512
BONE_HU = 270.0
PATCHES = (
    ("red", (255, 0, 0)),
    ("green", (0, 255, 0)),
    ("blue", (0, 0, 255)),
    ("yellow", (255, 255, 0)),
    ("cyan", (0, 255, 255)),
    ("magenta", (255, 0, 255)),
    ("white", (255, 255, 255)),
    ("grey", (128, 128, 128)),
)
PATCH_SIZE = 16


def colour_rendering(study: SyntheticStudy = CAPTURE_STUDY) -> Dataset:
    """Return a shaded view of skeleton and vessels from the front, with ``PATCHES`` down the left edge from row 0."""
    series = SyntheticSeries(study, "OT", 1, "Volume rendering", "CHEST")
    dataset = _capture(series)
    set_rgb_pixels(dataset, _rendering())
    return dataset


def palette_map(study: SyntheticStudy = CAPTURE_STUDY) -> Dataset:
    """Return a map of the head in 256 colours from black over red and yellow to white."""
    series = SyntheticSeries(study, "OT", 2, "Perfusion map", "HEAD")
    dataset = _capture(series)
    set_grey_pixels(dataset, _perfusion(), bits_stored=8)
    dataset.PhotometricInterpretation = "PALETTE COLOR"
    for colour, values in zip(("Red", "Green", "Blue"), palette(), strict=True):
        setattr(dataset, f"{colour}PaletteColorLookupTableDescriptor", [256, 0, 16])
        setattr(dataset, f"{colour}PaletteColorLookupTableData", values.astype("<u2").tobytes())
    return dataset


def palette() -> NDArray[np.uint16]:
    """Return the look-up table as an array (3, 256): red, green, blue."""
    ramp = np.arange(256) / 85.0
    return np.rint(np.clip(np.stack([ramp, ramp - 1.0, ramp - 2.0]), 0, 1) * 65535).astype(np.uint16)


def _capture(series: SyntheticSeries) -> Dataset:
    dataset = new_instance(SecondaryCaptureImageStorage, series, 1)
    dataset.ConversionType = "WSD"
    dataset.ImageType = ["DERIVED", "SECONDARY"]
    dataset.PatientOrientation = ""
    dataset.BurnedInAnnotation = "NO"
    return dataset


def _rendering() -> NDArray[np.uint8]:
    volume = coarse_thorax()[::-1, 4:86]
    solid = volume > BONE_HU
    depth = np.where(solid.any(axis=1), solid.argmax(axis=1), volume.shape[1]).astype(np.float32)
    depth = smooth(depth.repeat(2, 0).repeat(2, 1), 3)
    hit = smooth((depth < volume.shape[1] - 2).astype(np.float32), 1)
    down, across = np.gradient(depth)
    light = (0.85 - 0.5 * across - 0.55 * down) / np.sqrt(1.0 + 1.3 * (across**2 + down**2))
    light = np.clip(0.22 + 0.8 * light, 0.12, 1.0) * (1.2 - 0.8 * depth / volume.shape[1])
    densest = _densest_near_surface(volume, solid).repeat(2, 0).repeat(2, 1)
    vessel = smooth(((densest < 360) & (densest > 0)).astype(np.float32), 2)[..., None]  # noqa: PLR2004 - contrast in HU
    colour = (1 - vessel) * np.array([244.0, 228.0, 198.0]) + vessel * np.array([210.0, 62.0, 48.0])
    pixels: NDArray[np.uint8] = np.clip(np.rint((light * hit)[..., None] * colour), 0, 255).astype(np.uint8)
    for index, (_, patch) in enumerate(PATCHES):
        pixels[index * PATCH_SIZE : (index + 1) * PATCH_SIZE, :PATCH_SIZE] = patch
    stamp(pixels, 1, 230)
    return pixels


def _densest_near_surface(volume: NDArray[np.float32], solid: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Return the largest of the first four values from the surface on along each ray, 0 where there is no surface."""
    first = solid.argmax(axis=1)
    near = [
        np.take_along_axis(volume, np.minimum(first + step, volume.shape[1] - 1)[:, None], axis=1)[:, 0]
        for step in range(4)
    ]
    return np.where(solid.any(axis=1), np.max(near, axis=0), 0.0).astype(np.float32)


def _perfusion() -> NDArray[np.uint8]:
    steps = (np.arange(MATRIX) - (MATRIX - 1) / 2) * PIXEL_MM
    signal = signal_at(steps, steps[:, None], 30.0).astype(np.float32)
    matter = np.exp(-(((signal - 430.0) / 90.0) ** 2)) + 0.3 * np.exp(-(((signal - 640.0) / 40.0) ** 2))
    texture = 1.0 + 0.5 * smooth(white_noise((MATRIX, MATRIX), 71), 12)
    brain = np.hypot(steps / 66.0, (steps[:, None] - 2.0) / 84.0) < 1.0
    defect = 1.0 - 0.75 * np.exp(-((np.hypot(steps - 34.0, steps[:, None] - 30.0) / 22.0) ** 4))
    values = smooth((matter * texture * brain * defect).astype(np.float32), 2)
    return np.asarray(np.rint(values / values.max() * 255), dtype=np.uint8)

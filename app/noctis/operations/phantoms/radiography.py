"""A chest radiograph projected from the synthetic thorax (CR Image IOD, PS3.3 A.2), stored as MONOCHROME1.

The rays run parallel from front to back, so a pixel is the line integral of the phantom along y. MONOCHROME1 means
that the smallest stored value is shown white: bone has small values, air large ones.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset
from pydicom.uid import ComputedRadiographyImageStorage

from noctis.operations.phantoms.identity import RADIOGRAPH_STUDY, SyntheticSeries, SyntheticStudy
from noctis.operations.phantoms.objects import new_instance, set_grey_pixels
from noctis.operations.phantoms.stamp import stamp
from noctis.operations.phantoms.texture import correlated_noise, smooth
from noctis.operations.phantoms.thorax import thorax

PIXEL_MM = 0.35
BITS = 12
_STEP_MM = 1.4
_SCALE = 4
_WATER_PER_MM = 0.018
_BRIGHTEST = 4000


@cache
def coarse_thorax() -> NDArray[np.float32]:
    """Return the thorax on a grid of 1.4 mm as an array (z, y, x) in HU, z and the others ascending."""
    xs = (np.arange(256) - 127.5) * _STEP_MM
    ys = (np.arange(90) - 44.5) * 2 * _STEP_MM
    zs = (np.arange(256) - 127.5) * _STEP_MM
    volume = thorax().sample(xs, ys, zs)
    volume.setflags(write=False)
    return volume


def chest_radiograph(study: SyntheticStudy = RADIOGRAPH_STUDY) -> Dataset:
    """Return the radiograph: 1024 x 1024 pixels of 0.35 mm, 12 bit."""
    series = SyntheticSeries(study, "CR", 1, "Chest PA", "CHEST")
    dataset = new_instance(ComputedRadiographyImageStorage, series, 1)
    pixels = projection()
    set_grey_pixels(dataset, pixels, bits_stored=BITS)
    dataset.PhotometricInterpretation = "MONOCHROME1"
    dataset.ImageType = ["ORIGINAL", "PRIMARY"]
    dataset.PatientOrientation = ["L", "F"]
    dataset.ViewPosition = "PA"
    dataset.ImagerPixelSpacing = [PIXEL_MM, PIXEL_MM]
    dataset.KVP = 125
    dataset.PlateType = ""
    dataset.AcquisitionNumber = 1
    dataset.BurnedInAnnotation = "NO"
    low, high = np.percentile(pixels, [1, 92])
    dataset.WindowCenter, dataset.WindowWidth = round((low + high) / 2), round(high - low)
    return dataset


def projection() -> NDArray[np.uint16]:
    """Return the stored values (rows, columns): the logarithm of what passes the body, air bright, head up."""
    volume = coarse_thorax()[:, 2:84]  # without the couch
    dense = np.maximum(volume + 1000.0, 0.0) + 1.3 * np.maximum(volume - 180.0, 0.0)
    attenuation = dense[::-1].sum(axis=1) / 1000.0 * 2 * _STEP_MM * _WATER_PER_MM
    coarse = smooth(attenuation, 150)
    processed = 0.55 * coarse + 1.5 * (attenuation - coarse)  # the plate reader's balance of large and small structures
    values = _BRIGHTEST * np.exp(-0.62 * np.maximum(_enlarged(processed), 0.0))
    values += 9.0 * correlated_noise(values.shape, 61) * np.sqrt(values / _BRIGHTEST)
    pixels: NDArray[np.uint16] = np.clip(np.rint(values), 0, 2**BITS - 1).astype(np.uint16)
    stamp(pixels, 1, 0)
    return pixels


def _enlarged(image: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return ``image`` four times as large, interpolated linearly."""
    for _ in range(2):
        rows, columns = image.shape
        across = (np.arange(2 * columns) - 0.5) / 2
        down = (np.arange(2 * rows) - 0.5) / 2
        wide = np.stack([np.interp(across, np.arange(columns), row) for row in image])
        image = np.stack([np.interp(down, np.arange(rows), column) for column in wide.T], axis=1).astype(np.float32)
    return image

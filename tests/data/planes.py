"""Slices of the synthetic thorax in other planes than the axial one, in the same frame of reference."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from pydicom.dataset import Dataset
from pydicom.uid import CTImageStorage

from noctis.operations.phantoms.identity import SyntheticSeries, SyntheticStudy
from noctis.operations.phantoms.objects import new_instance, set_grey_pixels
from noctis.operations.phantoms.thorax import thorax

MATRIX = 256
PIXEL = 1.4
# The patient coordinates of the middle of the field of view.
MIDDLE_Y, MIDDLE_Z = 0.0, 32.5


def sagittal_ct(study: SyntheticStudy, places: Sequence[float], number: int = 4) -> Iterator[Dataset]:
    """Yield one slice per x in ``places`` (mm): rows run from the head down, columns from front to back."""
    series = SyntheticSeries(study, "CT", number, "Thorax sagittal", "CHEST", repr(tuple(places)))
    offset = (MATRIX - 1) / 2 * PIXEL
    ys = MIDDLE_Y - offset + np.arange(MATRIX) * PIXEL
    zs = MIDDLE_Z + offset - np.arange(MATRIX) * PIXEL
    for index, x in enumerate(places):
        dataset = new_instance(CTImageStorage, series, index + 1)
        dataset.FrameOfReferenceUID = study.frame_of_reference_uid
        dataset.PositionReferenceIndicator = ""
        dataset.PatientPosition = "HFS"
        dataset.ImagePositionPatient = [f"{value:.6g}" for value in (x, ys[0], zs[0])]
        dataset.ImageOrientationPatient = [0, 1, 0, 0, 0, -1]
        dataset.PixelSpacing = [PIXEL, PIXEL]
        dataset.SliceThickness = 5
        dataset.ImageType = ["DERIVED", "SECONDARY", "MPR"]
        dataset.KVP = 120
        dataset.RescaleIntercept, dataset.RescaleSlope, dataset.RescaleType = -1024, 1, "HU"
        dataset.WindowCenter, dataset.WindowWidth = 50, 400
        values = np.rint(thorax().sample(np.array([x]), ys, zs)[:, :, 0])
        set_grey_pixels(dataset, (np.clip(values, -1024, 3071) + 1024).astype(np.int16), bits_stored=16)
        yield dataset

"""Synthetic mammograms (PS3.3 A.26): half an ellipse, as modalities store a breast and not as readers hang it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np
from pydicom.dataset import Dataset
from pydicom.uid import DigitalMammographyXRayImageStorageForPresentation

from tests.data.phantoms import SyntheticSeries, SyntheticStudy, new_instance, set_grey_pixels

ROWS: Final = 320
COLUMNS: Final = 240
BREAST: Final = 2500
VIEWS: Final = (("MLO", "L"), ("CC", "R"), ("CC", "L"), ("MLO", "R"))
_DOWN: Final = {("CC", "R"): "L", ("CC", "L"): "R", ("MLO", "R"): "FL", ("MLO", "L"): "FR"}


def mammograms(study: SyntheticStudy) -> Iterator[Dataset]:
    """Yield four views, each a series of its own, every one with its chest wall on the left of the stored image."""
    for number, (view, side) in enumerate(VIEWS, start=1):
        series = SyntheticSeries(study, "MG", number, f"{side} {view}", "BREAST", f"{side}{view}")
        dataset = new_instance(DigitalMammographyXRayImageStorageForPresentation, series, 1)
        rows, columns = np.mgrid[0:ROWS, 0:COLUMNS]
        inside = ((rows - ROWS / 2) / 140) ** 2 + (columns / 170) ** 2 < 1
        set_grey_pixels(dataset, np.where(inside, BREAST, 0).astype(np.uint16), bits_stored=12)
        dataset.ViewPosition = view
        dataset.ImageLaterality = side
        dataset.PatientOrientation = ["A", _DOWN[view, side]]
        dataset.WindowCenter, dataset.WindowWidth = BREAST, 2 * BREAST
        yield dataset

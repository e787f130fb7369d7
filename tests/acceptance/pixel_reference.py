"""What an image should look like on the screen and measure, by pydicom's decoding and its reading of PS3.3 C.11."""

from __future__ import annotations

import warnings
from io import BytesIO
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom import dcmread
from pydicom.dataset import Dataset
from pydicom.pixels.processing import apply_modality_lut, apply_voi_lut

from tests.data.pixel_patterns import BLOCK, PixelCase
from tests.data.specimen import file_bytes

Pixels = NDArray[Any]
WHITE = 255
FAR = 1e12  # beyond every value
_UNDECODABLE = (NotImplementedError, RuntimeError, AttributeError, KeyError, ValueError)


def screen(case: PixelCase) -> NDArray[np.float64]:
    """Return the colour of each block in the middle: (blocks, 3) from 0 to 255."""
    if case.truth.SamplesPerPixel > 1:
        return _blocks(case.truth.pixel_array).astype(np.float64)
    pixels, dataset = decoded(case)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # far outside a sigmoid, and in a window of no width
        shades = _shades(pixels, dataset)
    return np.repeat(_blocks(shades)[:, None], 3, axis=1)


def values(case: PixelCase) -> NDArray[np.float64]:
    """Return the value of each block as the modality means it."""
    return _blocks(apply_modality_lut(*decoded(case))).astype(np.float64)


def decoded(case: PixelCase) -> tuple[Pixels, Dataset]:
    """Return stored values and what describes them; of the image before it was encoded, where pydicom has no decoder.

    Samples that do not begin at the lowest bit are left there by pydicom; frames have a description of their own.
    """
    dataset = dcmread(BytesIO(file_bytes(case.dataset)))
    is_high = dataset.get("HighBit", 0) != dataset.get("BitsStored", 1) - 1
    if not is_high and "NumberOfFrames" not in dataset:
        try:
            return dataset.pixel_array, dataset
        except _UNDECODABLE:
            pass
    return case.truth.pixel_array, case.truth


def _blocks(picture: Pixels) -> Pixels:
    middle = BLOCK // 2 - 1
    chosen = picture[middle::BLOCK, middle::BLOCK]
    return chosen.reshape(-1, *chosen.shape[2:])


def _shades(pixels: Pixels, dataset: Dataset) -> NDArray[np.float64]:
    """Return greys from 0 to 255, by the first look-up table or the first window."""
    found = apply_modality_lut(pixels, dataset)
    if "VOILUTSequence" in dataset:
        most = 2 ** int(dataset.VOILUTSequence[0].LUTDescriptor[2]) - 1
        shades = apply_voi_lut(found.astype(np.int32), dataset) / most
    elif "WindowCenter" not in dataset:
        shades = found / (2**dataset.BitsStored - 1)
    elif dataset.get("VOILUTFunction") == "LINEAR_EXACT":
        shades = (found.astype(np.float64) - float(dataset.WindowCenter)) / float(dataset.WindowWidth) + 0.5
    else:
        black, white = apply_voi_lut(np.array([[-FAR, FAR]]), dataset)[0]
        shades = (apply_voi_lut(found, dataset).astype(np.float64) - black) / (white - black)
    shape = dataset.get("PresentationLUTShape")
    is_turned = shape == "INVERSE" if shape else dataset.PhotometricInterpretation == "MONOCHROME1"
    shades = np.clip(shades, 0, 1) * WHITE
    turned: NDArray[np.float64] = WHITE - shades if is_turned else shades
    return turned

"""Small images of flat blocks in every pixel format: what a block shows does not depend on how it is scaled."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset
from pydicom.uid import SecondaryCaptureImageStorage

from tests.data.phantoms import SyntheticPatient, SyntheticSeries, SyntheticStudy, new_instance

BLOCK = 8
ACROSS, DOWN = 8, 6
BLOCKS = ACROSS * DOWN
ROWS, COLUMNS = BLOCK * DOWN, BLOCK * ACROSS
PATIENT = SyntheticPatient("Phantom^Pixel", "SYN-0011", "19700101", "O")
STUDY = SyntheticStudy("pixel formats", PATIENT, "Pixel formats", "SYN2025113", "20250322", "100000")
Pixels = NDArray[Any]


@dataclass(frozen=True)
class PixelCase:
    """One image with what it should look like.

    ``truth`` is the image before it was encoded, in native pixels, which decides where no other decoder is at hand.
    ``tolerance`` is in grey levels; ``refused`` is what the viewer says where it shows no picture. ``frame`` counts
    from zero; of a frame, ``truth`` is an image of its own.
    """

    name: str
    dataset: Dataset
    truth: Dataset
    tolerance: float = 1.0
    refused: str = ""
    frame: int = 0


@dataclass(frozen=True)
class Sample:
    """How a sample is stored (PS3.3 C.7.6.3.1)."""

    allocated: int
    stored: int
    signed: bool = False
    high_bit: int = -1

    @property
    def range(self) -> tuple[int, int]:
        """The least and the greatest value."""
        if self.signed:
            return -(1 << (self.stored - 1)), (1 << (self.stored - 1)) - 1
        return 0, (1 << self.stored) - 1

    @property
    def dtype(self) -> np.dtype[Any]:
        """The native word."""
        return np.dtype(f"<{'i' if self.signed else 'u'}{self.allocated // 8}")

    @property
    def shift(self) -> int:
        """How many bits lie below the sample."""
        return 0 if self.high_bit < 0 else self.high_bit + 1 - self.stored


def series(number: int, description: str, modality: str = "OT") -> SyntheticSeries:
    """Return a series of the study of pixel formats."""
    return SyntheticSeries(STUDY, modality, number, description)


def in_blocks(values: Pixels) -> Pixels:
    """Return an image whose blocks, row by row, hold ``values``: (BLOCKS,) or (BLOCKS, samples)."""
    grid = values.reshape(DOWN, ACROSS, *values.shape[1:])
    return grid.repeat(BLOCK, axis=0).repeat(BLOCK, axis=1)


def spread(low: float, high: float) -> Pixels:
    """Return one value for each block, all different, neighbours far apart."""
    order = np.arange(BLOCKS) * 29 % BLOCKS
    return low + (high - low) * order / (BLOCKS - 1)


def grey(where: SyntheticSeries, number: int, sample: Sample, **attributes: object) -> Dataset:
    """Return a greyscale image that spans the range of ``sample``, with a window that cuts a little at both ends."""
    low, high = sample.range
    pixels = in_blocks(np.rint(spread(low, high))).astype(sample.dtype)
    dataset = capture(where, number)
    describe(dataset, pixels.shape, sample, "MONOCHROME2")
    dataset.WindowCenter, dataset.WindowWidth = round((low + high) / 2 + 1), round((high - low) * 0.9)
    stored = pixels << sample.shift
    set_native(dataset, stored.astype(sample.dtype))
    return with_attributes(dataset, attributes)


def colours() -> NDArray[np.uint8]:
    """Return a colour for each block: (BLOCKS, 3)."""
    reds, greens, blues = (16, 128, 240), (16, 96, 160, 240), (24, 100, 170, 235)
    return np.array(list(product(reds, greens, blues)), dtype=np.uint8)


def colour(where: SyntheticSeries, number: int, *, planar: bool = False, **attributes: object) -> Dataset:
    """Return an RGB image."""
    pixels = in_blocks(colours())
    dataset = capture(where, number)
    describe(dataset, pixels.shape, Sample(8, 8), "RGB")
    dataset.PlanarConfiguration = int(planar)
    set_native(dataset, np.moveaxis(pixels, -1, 0) if planar else pixels)
    return with_attributes(dataset, attributes)


def capture(where: SyntheticSeries, number: int) -> Dataset:
    """Return a secondary capture without pixels."""
    dataset = new_instance(SecondaryCaptureImageStorage, where, number)
    dataset.ConversionType = "WSD"
    dataset.PatientOrientation = ""
    return dataset


def describe(dataset: Dataset, shape: tuple[int, ...], sample: Sample, photometric: str) -> None:
    """Set the Image Pixel module but for its pixels."""
    dataset.SamplesPerPixel = shape[2] if len(shape) > 2 else 1
    dataset.PhotometricInterpretation = photometric
    dataset.Rows, dataset.Columns = shape[:2]
    dataset.BitsAllocated, dataset.BitsStored = sample.allocated, sample.stored
    dataset.HighBit = sample.stored - 1 if sample.high_bit < 0 else sample.high_bit
    dataset.PixelRepresentation = int(sample.signed)


def set_native(dataset: Dataset, pixels: Pixels) -> None:
    """Set native Pixel Data, little endian."""
    data = np.ascontiguousarray(pixels).tobytes()
    dataset.PixelData = data + b"\0" * (len(data) % 2)
    dataset["PixelData"].VR = "OB" if dataset.BitsAllocated == 8 else "OW"


def with_attributes(dataset: Dataset, attributes: dict[str, object]) -> Dataset:
    """Set attributes by keyword; those that are None are taken away."""
    for keyword, value in attributes.items():
        if value is None:
            delattr(dataset, keyword)
        else:
            setattr(dataset, keyword, value)
    return dataset

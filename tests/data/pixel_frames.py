"""Small multi-frame images: frames that begin within a byte, and frames with values and windows of their own."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from pydicom.uid import EnhancedCTImageStorage, MultiFrameSingleBitSecondaryCaptureImageStorage

from tests.data.pixel_patterns import BLOCKS, PixelCase, Sample, capture, describe, grey, in_blocks, series

BITS, ENHANCED = series(7, "Bits in frames"), series(8, "Values by frame", "CT")
U12 = Sample(16, 12)
OWN_VALUES = (("1", "-1024", "200", "1800"), ("0.5", "100", "900", "1500"), ("2", "-50", "4000", "7000"))


def frame_cases() -> Iterator[PixelCase]:
    """Yield every frame."""
    yield from _bits()
    yield from _enhanced()


def _bits() -> Iterator[PixelCase]:
    """Yield bitmaps of 47 × 61 pixels, so that no frame but the first begins with a byte."""
    order = np.arange(BLOCKS) * 29 % BLOCKS
    pictures = np.stack([in_blocks(order % modulus == 0)[:47, :61] for modulus in (2, 3, 5)]).astype(np.uint8)
    dataset = capture(BITS, 1)
    describe(dataset, pictures.shape[1:], Sample(1, 1), "MONOCHROME2")
    dataset.SOPClassUID = MultiFrameSingleBitSecondaryCaptureImageStorage
    dataset.file_meta.MediaStorageSOPClassUID = dataset.SOPClassUID
    dataset.NumberOfFrames = len(pictures)
    data = np.packbits(pictures.ravel(), bitorder="little").tobytes()
    dataset.PixelData = data + b"\0" * (len(data) % 2)
    dataset["PixelData"].VR = "OB"
    for number, picture in enumerate(pictures):
        truth = capture(BITS, 1)
        describe(truth, picture.shape, Sample(8, 1), "MONOCHROME2")
        truth.PixelData = picture.tobytes() + b"\0"
        truth["PixelData"].VR = "OB"
        yield PixelCase(f"1 bit, frame {number + 1}", dataset, truth, frame=number)


def _enhanced() -> Iterator[PixelCase]:
    truths = [
        grey(ENHANCED, 1, U12, RescaleSlope=slope, RescaleIntercept=intercept, WindowCenter=center, WindowWidth=width)
        for slope, intercept, center, width in OWN_VALUES
    ]
    dataset = grey(ENHANCED, 1, U12, WindowCenter=None, WindowWidth=None)
    dataset.SOPClassUID = EnhancedCTImageStorage
    dataset.file_meta.MediaStorageSOPClassUID = EnhancedCTImageStorage
    dataset.NumberOfFrames = len(truths)
    dataset.PixelData = b"".join(truth.PixelData for truth in truths)
    dataset.SharedFunctionalGroupsSequence = Sequence([Dataset()])
    dataset.PerFrameFunctionalGroupsSequence = Sequence([_groups(*own) for own in OWN_VALUES])
    for number, truth in enumerate(truths):
        yield PixelCase(f"values of frame {number + 1}", dataset, truth, frame=number)


def _groups(slope: str, intercept: str, center: str, width: str) -> Dataset:
    transformation, voi, groups = Dataset(), Dataset(), Dataset()
    transformation.RescaleSlope, transformation.RescaleIntercept, transformation.RescaleType = slope, intercept, "HU"
    voi.WindowCenter, voi.WindowWidth = center, width
    groups.PixelValueTransformationSequence = Sequence([transformation])
    groups.FrameVOILUTSequence = Sequence([voi])
    return groups

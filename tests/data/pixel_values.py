"""Small images for what stands between a stored value and a grey: modality LUTs, windows, VOI LUTs (PS3.3 C.11)."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from tests.data.pixel_patterns import PixelCase, Sample, grey, series

VALUES = series(6, "Values and windows")
U8, U12, S12, S16 = Sample(8, 8), Sample(16, 12), Sample(16, 12, True), Sample(16, 16, True)


def value_cases() -> Iterator[PixelCase]:
    """Yield every image, in the order of its instance number."""
    images = [*_rescaled(), *_looked_up(), *_windowed(), *_shaped(), *_padded()]
    for number, (name, image) in enumerate(images, start=1):
        image.InstanceNumber = number
        image.SOPInstanceUID = VALUES.instance_uid(number)
        image.file_meta.MediaStorageSOPInstanceUID = image.SOPInstanceUID
        yield PixelCase(name, image, image)


def _image(sample: Sample, **attributes: object) -> Dataset:
    return grey(VALUES, 1, sample, **attributes)


def _rescaled() -> Iterator[tuple[str, Dataset]]:
    rescale = {"RescaleSlope": "0.25", "RescaleIntercept": "-100.5", "WindowCenter": "400", "WindowWidth": "900"}
    yield "fractional rescale", _image(U12, **rescale)
    yield "fractional rescale of signed values", _image(S12, **{**rescale, "WindowCenter": "-100"})
    turned = {"RescaleSlope": "-1", "RescaleIntercept": "1000", "WindowCenter": "-1000", "WindowWidth": "3600"}
    yield "negative slope", _image(U12, **turned)
    small = {"RescaleSlope": "1.5e-05", "RescaleIntercept": "0", "WindowCenter": "0.03", "WindowWidth": "0.05"}
    yield "very small slope", _image(U12, **small, VOILUTFunction="LINEAR_EXACT")


def _looked_up() -> Iterator[tuple[str, Dataset]]:
    steps = np.rint(np.sqrt(np.arange(4096) / 4095) * 4000)
    yield "modality LUT", _with_modality_lut(_image(U12, WindowCenter="2000", WindowWidth="3800"), 0, 16, steps)
    image = _image(S12, WindowCenter="2000", WindowWidth="3800")
    yield "modality LUT from a negative value", _with_modality_lut(image, -1500, 16, steps[:3000])
    curve = 1 / (1 + np.exp((2048 - np.arange(4096)) / 500))
    yield "VOI LUT of 12 bits", _with_voi_luts(_image(U12), (0, 12, curve * 4095, "Curve"))
    yield "VOI LUT of 16 bits", _with_voi_luts(_image(U12), (0, 16, curve * 65535, "Curve"))
    falling = np.arange(160)[::-1] * 1.6
    image = _image(U8, WindowCenter=None, WindowWidth=None)
    yield "VOI LUT of 8 bits", _with_voi_luts(image, (40, 8, falling, "Falling"))
    stairs = np.repeat(np.arange(8) * 585, 512)
    hounsfield = _image(U12, RescaleSlope="1", RescaleIntercept="-1024")
    yield "VOI LUT of rescaled values", _with_voi_luts(hounsfield, (-1024, 12, stairs, "Stairs"))
    yield "VOI LUT of signed values", _with_voi_luts(_image(S12), (-1000, 12, stairs[:2000], "Stairs"))
    yield (
        "MONOCHROME1 with VOI LUT",
        _with_voi_luts(_image(U12, PhotometricInterpretation="MONOCHROME1"), (0, 12, curve * 4095, "Curve")),
    )


def _windowed() -> Iterator[tuple[str, Dataset]]:
    yield "LINEAR_EXACT", _image(U8, WindowCenter="100", WindowWidth="60", VOILUTFunction="LINEAR_EXACT")
    yield "LINEAR, narrow", _image(U8, WindowCenter="100", WindowWidth="60", VOILUTFunction="LINEAR")
    yield "LINEAR, width 1", _image(U8, WindowCenter="100", WindowWidth="1")
    yield "SIGMOID", _image(U12, WindowCenter="1800", WindowWidth="1500", VOILUTFunction="SIGMOID")
    yield "SIGMOID of signed values", _image(S12, WindowCenter="-200", WindowWidth="900", VOILUTFunction="SIGMOID")
    several = {
        "WindowCenter": ["2000", "1000"],
        "WindowWidth": ["3000", "500"],
        "WindowCenterWidthExplanation": ["WIDE", "NARROW"],
    }
    curve = np.rint((np.arange(4096) / 4095) ** 2 * 4095)
    yield "several windows", _image(U12, **several)
    luts = ((0, 12, curve, "SQUARE"), (0, 12, curve[::-1], "TURNED"))
    yield "windows and VOI LUTs", _with_voi_luts(_image(U12, **several), *luts)


def _shaped() -> Iterator[tuple[str, Dataset]]:
    yield "INVERSE", _image(U12, PresentationLUTShape="INVERSE")
    yield "IDENTITY", _image(U12, PresentationLUTShape="IDENTITY")
    yield "MONOCHROME1, INVERSE", _image(U12, PhotometricInterpretation="MONOCHROME1", PresentationLUTShape="INVERSE")


def _padded() -> Iterator[tuple[str, Dataset]]:
    yield "padding below", _image(S16, PixelPaddingValue=-32768)


def _with_modality_lut(image: Dataset, first: int, bits: int, values: np.ndarray) -> Dataset:
    item = _lut(first, bits, values)
    item.ModalityLUTType = "US"
    image.ModalityLUTSequence = Sequence([item])
    return image


def _with_voi_luts(image: Dataset, *luts: tuple[int, int, np.ndarray, str]) -> Dataset:
    items = []
    for first, bits, values, explanation in luts:
        item = _lut(first, bits, values)
        item.LUTExplanation = explanation
        items.append(item)
    image.VOILUTSequence = Sequence(items)
    return image


def _lut(first: int, bits: int, values: np.ndarray) -> Dataset:
    item = Dataset()
    item.LUTDescriptor = [len(values), first, bits]
    item["LUTDescriptor"].VR = "SS" if first < 0 else "US"
    item.LUTData = np.rint(values).astype("<u2").tobytes()
    item["LUTData"].VR = "OW"
    return item

"""Pictures of frames with a sensible window, for lists of series and reports (PS3.18 10.4.1.1.6, PS3.3 C.11)."""

from __future__ import annotations

import io
from contextlib import closing
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from pydicom.dataset import Dataset
from pydicom.pixels.processing import apply_color_lut, apply_modality_lut, apply_voi

from noctis.archive.header import UNREADABLE
from noctis.archive.models import Instance
from noctis.dicom.attributes import decimal_number, text, texts
from noctis.dicomweb.data_sets import read_data_set, stored_path
from noctis.dicomweb.decoding import decoded_frame
from noctis.dicomweb.errors import UnreadableInstance
from noctis.dicomweb.frames import FrameReader

Pixels = NDArray[Any]
PictureFormat = Literal["JPEG", "PNG"]

THUMBNAIL_SIZE: Final = 160
JPEG_QUALITY: Final = 82
LARGEST_ASPECT: Final = 8.0
SMALLEST_WINDOW: Final = 1e-6
_DARKEST_PERCENT, _BRIGHTEST_PERCENT = 1.0, 99.5


def render_thumbnail(instance: Instance) -> bytes:
    """Return the middle frame of ``instance`` as a JPEG of at most 160 pixels a side.

    Raises UnreadableInstance where the frame cannot be decoded, NoSuchResource where there is none.
    """
    with closing(FrameReader(instance)) as reader:
        number = (reader.count + 1) // 2
    return render_frame(instance, number, THUMBNAIL_SIZE)


def render_frame(
    instance: Instance,
    number: int,
    longest_side: int,
    window: tuple[float, float] | None = None,
    picture_format: PictureFormat = "JPEG",
) -> bytes:
    """Return frame ``number``, from 1, as a picture of at most ``longest_side`` pixels a side.

    ``window`` is centre and width for a grey image, in units of the modality; without one, that of the image counts.
    Raises UnreadableInstance where the frame cannot be decoded, NoSuchResource where there is none.
    """
    with closing(FrameReader(instance)) as reader:
        pixels = decoded_frame(reader, instance, number)
    dataset = read_data_set(stored_path(instance))
    try:
        is_colour = _is_colour(pixels, dataset)
        shades = _colour(pixels, dataset) if is_colour else _grey(pixels, dataset, number - 1, window)
        return _picture(Image.fromarray(shades), _pixel_aspect(dataset), longest_side, picture_format)
    except (*UNREADABLE, OSError) as error:
        raise UnreadableInstance("No picture can be made of this frame.") from error


def _is_colour(pixels: Pixels, dataset: Dataset) -> bool:
    return pixels.ndim == 3 or text(dataset, "PhotometricInterpretation") == "PALETTE COLOR"  # noqa: PLR2004


def _colour(pixels: Pixels, dataset: Dataset) -> NDArray[np.uint8]:
    """Return an RGB picture of 8 bits."""
    bits = int(decimal_number(dataset, "BitsStored") or 8)
    if pixels.ndim == 2:  # noqa: PLR2004  (indices into a palette)
        pixels = apply_color_lut(pixels, dataset)
        bits = pixels.dtype.itemsize * 8
    return _stretched(pixels[..., :3].astype(np.float32), 0, float(2**bits - 1))


def _grey(pixels: Pixels, dataset: Dataset, index: int, window: tuple[float, float] | None) -> NDArray[np.uint8]:
    """Return a grey picture of 8 bits, white on black as PS3.3 C.7.6.3.1.2 means it."""
    scope = _frame_scope(dataset, index)
    values = apply_modality_lut(pixels, scope).astype(np.float32)
    shades = _within(values, *window) if window else _by_header(values, scope)
    if shades is None:
        shades = _by_percentile(values, pixels, dataset)
    return 255 - shades if _is_negative(dataset) else shades


def _is_negative(dataset: Dataset) -> bool:
    """Whether small values are bright: the shape of the presentation LUT decides where there is one (PS3.3 C.11.6)."""
    shape = text(dataset, "PresentationLUTShape")
    return shape == "INVERSE" if shape else text(dataset, "PhotometricInterpretation") == "MONOCHROME1"


def _frame_scope(dataset: Dataset, index: int) -> Dataset:
    """Return the rescale and window attributes that hold for a frame, also of an enhanced object (PS3.3 C.7.6.16)."""
    scope = Dataset()
    scope.set_original_encoding(is_implicit_vr=False, is_little_endian=True)  # of words in look-up tables
    sources = [dataset]
    for groups, item in (("SharedFunctionalGroupsSequence", 0), ("PerFrameFunctionalGroupsSequence", index)):
        sequence = dataset.get(groups) or ()
        if item < len(sequence):
            for macro in ("PixelValueTransformationSequence", "FrameVOILUTSequence"):
                sources.extend(list(sequence[item].get(macro) or ())[:1])
    keywords = (
        *("RescaleIntercept", "RescaleSlope", "RescaleType", "ModalityLUTSequence"),
        *("WindowCenter", "WindowWidth", "VOILUTFunction", "VOILUTSequence", "BitsStored", "PixelRepresentation"),
    )
    for source in sources:
        for keyword in keywords:
            if keyword in source:
                scope[keyword] = source[keyword]
    return scope


def _by_header(values: Pixels, scope: Dataset) -> NDArray[np.uint8] | None:
    """Return values as their own look-up table or window shows them, or None where that shows nothing."""
    shades = _looked_up(values, scope) if "VOILUTSequence" in scope else _windowed(values, scope)
    return None if shades is None or shades.min() == shades.max() else shades


def _windowed(values: Pixels, scope: Dataset) -> NDArray[np.uint8] | None:
    """Return values within the first window (PS3.3 C.11.2.1.2), or None where there is none of use."""
    centre, width = decimal_number(scope, "WindowCenter"), decimal_number(scope, "WindowWidth")
    if centre is None or width is None or width <= 0:
        return None
    return _within(values, centre, width)


def _within(values: Pixels, centre: float, width: float) -> NDArray[np.uint8]:
    return _stretched(values, centre - width / 2, centre + width / 2)


def _looked_up(values: Pixels, scope: Dataset) -> NDArray[np.uint8] | None:
    shades = apply_voi(values.astype(np.int32), scope).astype(np.float32)
    return _stretched(shades, float(shades.min()), float(shades.max()))


def _by_percentile(values: Pixels, pixels: Pixels, dataset: Dataset) -> NDArray[np.uint8]:
    """Return values between their percentiles, padding left out."""
    padding = decimal_number(dataset, "PixelPaddingValue")
    meant = values[pixels != padding] if padding is not None else values
    if not meant.size:
        meant = values
    low, high = np.percentile(meant, (_DARKEST_PERCENT, _BRIGHTEST_PERCENT))
    if low == high:
        low, high = float(values.min()), float(values.max())
    return _stretched(values, float(low), float(high))


def _stretched(values: Pixels, low: float, high: float) -> NDArray[np.uint8]:
    scaled = (values - low) * (255 / max(high - low, SMALLEST_WINDOW))
    shades: NDArray[np.uint8] = np.clip(np.nan_to_num(scaled), 0, 255).astype(np.uint8)
    return shades


def _pixel_aspect(dataset: Dataset) -> float:
    """Return the height of a pixel as a multiple of its width."""
    for keyword in ("PixelSpacing", "ImagerPixelSpacing", "PixelAspectRatio"):
        values = texts(dataset, keyword)
        if len(values) == 2:  # noqa: PLR2004  (rows and columns)
            try:
                aspect = float(values[0]) / float(values[1])
            except (ValueError, ZeroDivisionError):
                continue
            if 1 / LARGEST_ASPECT <= aspect <= LARGEST_ASPECT:
                return aspect
    return 1.0


def _picture(picture: Image.Image, aspect: float, longest_side: int, picture_format: PictureFormat) -> bytes:
    width, height = picture.width, picture.height * aspect
    scale = longest_side / max(width, height)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    buffer = io.BytesIO()
    picture.resize(size, Image.Resampling.LANCZOS).save(buffer, picture_format, quality=JPEG_QUALITY)
    return buffer.getvalue()

"""Decompression of single frames, one at a time so that a long multi-frame object never fills the memory."""

from __future__ import annotations

import struct
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from pydicom.dataset import Dataset
from pydicom.encaps import encapsulate
from pydicom.pixels.decoders.base import get_decoder
from pydicom.pixels.utils import as_pixel_options

from noctis.archive.header import UNREADABLE
from noctis.archive.models import Instance
from noctis.dicomweb.data_sets import read_data_set, stored_path
from noctis.dicomweb.errors import UnreadableInstance
from noctis.dicomweb.frames import FrameReader
from noctis.dicomweb.media_types import EXPLICIT_LITTLE_ENDIAN, is_native

Pixels = NDArray[Any]

LARGEST_FRAME: Final = 1 << 29  # bytes; a header that claims more than 512 MiB is not believed
_UNDECODABLE: Final = (*UNREADABLE, RuntimeError, MemoryError, OSError, struct.error, Image.DecompressionBombError)


def native_frame(reader: FrameReader, instance: Instance, number: int) -> bytes:
    """Return frame ``number``, from 1, as explicit little endian pixels: what the transfer syntax hides, unchanged.

    Neither colour space nor photometric interpretation is changed, beyond what a codec itself does (JPEG 2000 gives
    back RGB). Planes and samples are laid out as the metadata say.
    """
    encoded = reader.bytes_of(reader.frame(number))
    if is_native(reader.syntax):
        return encoded
    options = pixel_options(stored_path(instance))
    return _laid_out(decode(encoded, options, instance.transfer_syntax_uid, raw=True), options)


def decoded_frame(reader: FrameReader, instance: Instance, number: int) -> Pixels:
    """Return frame ``number`` for display: (rows, columns) or (rows, columns, 3) in RGB."""
    encoded = reader.bytes_of(reader.frame(number))
    options = pixel_options(stored_path(instance))
    syntax = EXPLICIT_LITTLE_ENDIAN if is_native(reader.syntax) else instance.transfer_syntax_uid
    return decode(encoded, options, syntax, raw=False)


@lru_cache(maxsize=64)
def pixel_options(path: Path) -> dict[str, Any]:
    """Return what pydicom's decoders want to know about a stored file; stored files never change."""
    return pixel_options_of(read_data_set(path))


def pixel_options_of(dataset: Dataset) -> dict[str, Any]:
    """Return what pydicom's decoders want to know about one frame of ``dataset``."""
    try:
        options: dict[str, Any] = dict(as_pixel_options(dataset))
        size = options["rows"] * options["columns"] * options["samples_per_pixel"] * options["bits_allocated"] // 8
    except (*UNREADABLE, AttributeError) as error:
        raise UnreadableInstance("The object does not describe its pixels.") from error
    if size > LARGEST_FRAME:
        raise UnreadableInstance("A frame of this object is too large to be decoded.")
    return {**options, "number_of_frames": 1, "pixel_keyword": options.get("pixel_keyword") or "PixelData"}


def decode(encoded: bytes, options: dict[str, Any], transfer_syntax_uid: str, *, raw: bool) -> Pixels:
    """Decode one frame, see pydicom's Decoder.as_array; ``raw`` leaves the colour space as it is stored."""
    try:
        decoder = get_decoder(transfer_syntax_uid)
        if decoder.is_encapsulated:
            encoded = encapsulate([encoded], has_bot=False)
        elif len(encoded) % 2:
            encoded += b"\0"
        return decoder.as_array(encoded, raw=raw, **options)[0]
    except _UNDECODABLE as error:
        raise UnreadableInstance("The frame cannot be decoded.") from error


def _laid_out(pixels: Pixels, options: dict[str, Any]) -> bytes:
    """Return pixels as the bytes of native pixel data."""
    if options["bits_allocated"] == 1:
        return np.packbits(pixels.ravel().astype(bool), bitorder="little").tobytes()
    if options["samples_per_pixel"] > 1 and options.get("planar_configuration") == 1:
        pixels = np.moveaxis(pixels, -1, 0)
    return pixels.astype(pixels.dtype.newbyteorder("<"), copy=False).tobytes()

"""A picture of an attached image, drawn anew: the browser never shows bytes that somebody uploaded."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path
from typing import Final

from PIL import Image, ImageOps

MOST_PIXELS: Final = 100_000_000
_LONGEST_SIDE: Final = 2000
_FORMATS: Final = ("JPEG", "PNG", "TIFF", "WEBP")


class NoPreview(Exception):
    """The file cannot be drawn; the text says why."""


def preview_of(path: Path) -> bytes:
    """Return a WebP of an image file's first page, upright and at most 2000 pixels wide or high. Raises NoPreview."""
    try:
        with Image.open(path, formats=_FORMATS) as image:
            if image.width * image.height > MOST_PIXELS:
                raise NoPreview("The image is too large for a preview; download it.")
            image.draft("RGB", (_LONGEST_SIDE, _LONGEST_SIDE))
            image.thumbnail((_LONGEST_SIDE, _LONGEST_SIDE))
            upright = ImageOps.exif_transpose(image)
            written = BytesIO()
            upright.convert("RGBA" if upright.has_transparency_data else "RGB").save(written, "WEBP", quality=85)
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise NoPreview("The image cannot be read; it may be damaged.") from error
    return written.getvalue()

"""Logos as they are kept: drawn anew from their pixels, so that nothing of an uploaded file but its picture remains.

PNG and JPEG are taken. SVG is not: it is a program that may load and run things wherever it is shown.
"""

from __future__ import annotations

import io
import warnings
from typing import Final

from PIL import Image

LARGEST_BYTES: Final = 2_000_000
MOST_PIXELS: Final = 16_000_000
KEPT_SIZE: Final = (1200, 600)  # sharp at the size it is printed in
FORMATS: Final = ("PNG", "JPEG")


class NoLogo(Exception):
    """The file is no picture that can be a logo; the text says why."""


def redrawn(file: bytes) -> bytes:
    """Return the picture in ``file`` as a PNG of its own. Raises NoLogo."""
    if len(file) > LARGEST_BYTES:
        raise NoLogo(f"A logo may have up to {LARGEST_BYTES // 1_000_000} MB.")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(file), formats=FORMATS) as picture:
                if picture.width * picture.height > MOST_PIXELS:
                    raise NoLogo("The picture has too many pixels for a logo; 2000 by 1000 are plenty.")
                drawn = picture.convert("RGBA")
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise NoLogo("This is no PNG or JPEG picture.") from error
    drawn.thumbnail(KEPT_SIZE, Image.Resampling.LANCZOS)
    output = io.BytesIO()
    Image.frombytes("RGBA", drawn.size, drawn.tobytes()).save(output, "PNG", optimize=True)
    return output.getvalue()

"""A drawn picture for what has no image of its own: reports, documents, waveforms, videos."""

from __future__ import annotations

import io
from functools import lru_cache
from typing import Final

from PIL import Image, ImageDraw, ImageFont

SIZE: Final = 160
_OVERSAMPLING: Final = 4
_BACKGROUND, _PAPER, _LINE, _TEXT = "#11161d", "#1c2530", "#3d4f63", "#b9c7d6"
_LONGEST_TEXT: Final = 6


@lru_cache(maxsize=64)
def draw_placeholder(modality: str) -> bytes:
    """Return a PNG of 160 × 160 pixels: a sheet of paper with the modality's code."""
    big = SIZE * _OVERSAMPLING
    picture = Image.new("RGB", (big, big), _BACKGROUND)
    pen = ImageDraw.Draw(picture)
    unit = big / 20
    pen.rounded_rectangle((5 * unit, 3 * unit, 15 * unit, 17 * unit), unit, fill=_PAPER, outline=_LINE, width=12)
    for row, right in ((6, 13), (7.5, 13), (9, 10.5)):
        pen.line((7 * unit, row * unit, right * unit, row * unit), fill=_LINE, width=12)
    label = "".join(letter for letter in modality.upper() if letter.isascii() and letter.isalnum())[:_LONGEST_TEXT]
    font = ImageFont.load_default(size=unit * (2.8 if len(label) <= 3 else 2))  # noqa: PLR2004  (SR, DOC; RTPLAN)
    pen.text((10 * unit, 13 * unit), label or "?", fill=_TEXT, font=font, anchor="mm")
    buffer = io.BytesIO()
    picture.resize((SIZE, SIZE), Image.Resampling.LANCZOS).save(buffer, "PNG", optimize=True)
    return buffer.getvalue()

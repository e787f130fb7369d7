"""A number written into the pixels of an image, for people as digits and for tests as bits."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

_DIGITS = (
    ("###", "# #", "# #", "# #", "###"),
    (" # ", "## ", " # ", " # ", "###"),
    ("###", "  #", "###", "#  ", "###"),
    ("###", "  #", "###", "  #", "###"),
    ("# #", "# #", "###", "  #", "  #"),
    ("###", "#  ", "###", "  #", "###"),
    ("###", "#  ", "###", "# #", "###"),
    ("###", "  #", "  #", "  #", "  #"),
    ("###", "# #", "###", "# #", "###"),
    ("###", "# #", "###", "  #", "###"),
)
_SCALE = 2
_BITS = 10
_BIT_SIZE = 3
# The block's place, from the lower right corner of the image: rows and columns.
_HEIGHT, _WIDTH, _MARGIN = 5 * _SCALE + 3 + _BIT_SIZE, 4 * 4 * _SCALE, 4


def _block(number: int) -> NDArray[np.bool_]:
    block = np.zeros((_HEIGHT, _WIDTH), dtype=bool)
    for place, digit in enumerate(f"{number:04d}"):
        glyph = np.array([[cell == "#" for cell in row] for row in _DIGITS[int(digit)]])
        large = glyph.repeat(_SCALE, 0).repeat(_SCALE, 1)
        left = place * 4 * _SCALE
        block[: large.shape[0], left : left + large.shape[1]] = large
    for bit in range(_BITS):
        block[-_BIT_SIZE:, bit * _BIT_SIZE : (bit + 1) * _BIT_SIZE] = bool(number >> bit & 1)
    return block


def _place(image: NDArray[Any]) -> NDArray[Any]:
    return image[-_MARGIN - _HEIGHT : -_MARGIN, -_MARGIN - _WIDTH : -_MARGIN]


def stamp(image: NDArray[Any], number: int, ink: float) -> None:
    """Write ``number`` (0 to 1023) into the lower right corner of ``image`` (rows, columns[, samples])."""
    _place(image)[_block(number)] = ink


def read_stamp(image: NDArray[Any], threshold: float) -> int:
    """Return the number that stamp wrote; what is above ``threshold`` counts as ink."""
    place = _place(image)
    grey = place if place.ndim == 2 else place.mean(axis=-1)  # noqa: PLR2004 - without samples
    row = grey[-_BIT_SIZE // 2]
    return sum(int(row[bit * _BIT_SIZE + 1] > threshold) << bit for bit in range(_BITS))

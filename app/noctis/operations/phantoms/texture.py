"""Noise from integer arithmetic: the same on every machine and with every version of NumPy."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_MIX_1 = np.uint64(0xBF58476D1CE4E5B9)
_MIX_2 = np.uint64(0x94D049BB133111EB)
_BYTE_VARIANCE = (256**2 - 1) / 12


def white_noise(shape: tuple[int, ...], seed: int) -> NDArray[np.float32]:
    """Return noise of mean 0 and standard deviation 1: the sum of the bytes of a hash of each index (SplitMix64)."""
    index = np.arange(int(np.prod(shape)), dtype=np.uint64) + (np.uint64(seed) << np.uint64(32))
    mixed = index * _GOLDEN
    mixed = (mixed ^ (mixed >> np.uint64(30))) * _MIX_1
    mixed = (mixed ^ (mixed >> np.uint64(27))) * _MIX_2
    mixed ^= mixed >> np.uint64(31)
    total = mixed.view(np.uint8).reshape(-1, 8).sum(axis=1, dtype=np.uint16)
    scaled = (total.astype(np.float32) - 8 * 127.5) / np.float32(np.sqrt(8 * _BYTE_VARIANCE))
    return np.asarray(scaled.reshape(shape), dtype=np.float32)


def smooth(values: NDArray[np.float32], passes: int, axes: tuple[int, ...] = (-2, -1)) -> NDArray[np.float32]:
    """Return ``values`` blurred with the kernel 1 2 1 along ``axes``, ``passes`` times, wrapping around."""
    for _ in range(passes):
        for axis in axes:
            blurred = (np.roll(values, 1, axis) + 2 * values + np.roll(values, -1, axis)) / 4
            values = np.asarray(blurred, dtype=np.float32)
    return values


def correlated_noise(shape: tuple[int, ...], seed: int, passes: int = 1) -> NDArray[np.float32]:
    """Return noise with the grain of a reconstructed image: mean about 0, standard deviation 1, wrapping around."""
    grain = smooth(white_noise(shape, seed), passes)
    return np.asarray(grain / grain.std(), dtype=np.float32)

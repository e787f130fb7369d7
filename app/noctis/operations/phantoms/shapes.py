"""Smooth solids in patient coordinates (PS3.3 C.7.6.2.1.1: x to the left, y to the back, z to the head; millimetres).

A phantom is a list of shapes, painted one over the other. Each knows about how far a point is from its surface, so
that an edge is a ramp of known width, as a scanner would draw it, and everywhere else the value is exact.
"""

from __future__ import annotations

import itertools
from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

Grid: TypeAlias = NDArray[np.floating[Any]]
Point: TypeAlias = tuple[float, float, float]
Bounds: TypeAlias = tuple[tuple[float, float], tuple[float, float], tuple[float, float]]

EDGE_MM = 1.2
_TINY = 1e-6


@dataclass(frozen=True)
class Layer:
    """What a shape is made of from ``inset`` mm below its surface inwards."""

    value: float
    inset: float = 0.0
    edge: float = EDGE_MM


@dataclass(frozen=True)
class Shape(ABC):
    """A solid with one or more layers, the outermost first."""

    layers: tuple[Layer, ...]

    @property
    @abstractmethod
    def bounds(self) -> Bounds:
        """The box outside which the shape paints nothing: (x, y, z), each from and to."""

    @abstractmethod
    def distance(self, x: Grid, y: Grid, z: Grid) -> Grid:
        """Return about how far each point is from the surface in mm, negative inside."""

    def paint(self, values: Grid, x: Grid, y: Grid, z: Grid) -> None:
        """Mix the layers into ``values``; x, y and z broadcast to its shape."""
        distance = self.distance(x, y, z)
        for layer in self.layers:
            share = np.clip(0.5 - (distance + layer.inset) / layer.edge, 0.0, 1.0)
            values += share * (layer.value - values)


def _box(centre: Point, half: Point) -> Bounds:
    margin = EDGE_MM
    low_high = [(middle - size - margin, middle + size + margin) for middle, size in zip(centre, half, strict=True)]
    return (low_high[0], low_high[1], low_high[2])


@dataclass(frozen=True)
class Ellipsoid(Shape):
    """An ellipsoid with its axes along x, y and z."""

    centre: Point
    radii: Point

    @property
    def bounds(self) -> Bounds:
        """The box around it."""
        return _box(self.centre, self.radii)

    def distance(self, x: Grid, y: Grid, z: Grid) -> Grid:
        """First-order distance: the implicit value divided by the length of its gradient."""
        (cx, cy, cz), (rx, ry, rz) = self.centre, self.radii
        u, v, w = (x - cx) / rx, (y - cy) / ry, (z - cz) / rz
        level = np.sqrt(u * u + v * v + w * w)
        slope = np.sqrt((u / rx) ** 2 + (v / ry) ** 2 + (w / rz) ** 2)
        result: Grid = level * (level - 1.0) / np.maximum(slope, _TINY)
        return np.where(level < _TINY, -min(self.radii), result)


@dataclass(frozen=True)
class Column(Shape):
    """An elliptic cylinder along z, cut flat at both ends."""

    centre: tuple[float, float]
    radii: tuple[float, float]
    z_range: tuple[float, float]

    @property
    def bounds(self) -> Bounds:
        """The box around it."""
        low, high = self.z_range
        return _box((*self.centre, (low + high) / 2), (*self.radii, (high - low) / 2))

    def distance(self, x: Grid, y: Grid, z: Grid) -> Grid:
        """The larger of the distances from the curved surface and from the ends."""
        (cx, cy), (rx, ry) = self.centre, self.radii
        low, high = self.z_range
        u, v = (x - cx) / rx, (y - cy) / ry
        level = np.sqrt(u * u + v * v)
        slope = np.sqrt((u / rx) ** 2 + (v / ry) ** 2)
        across = np.where(level < _TINY, -min(self.radii), level * (level - 1.0) / np.maximum(slope, _TINY))
        result: Grid = np.maximum(across, np.abs(z - (low + high) / 2) - (high - low) / 2)
        return result


@dataclass(frozen=True)
class Rod(Shape):
    """A straight rod with round ends, in any direction, which may taper."""

    start: Point
    end: Point
    radius: float
    end_radius: float | None = None

    @property
    def bounds(self) -> Bounds:
        """The box around it."""
        centre = tuple((a + b) / 2 for a, b in zip(self.start, self.end, strict=True))
        half = tuple(abs(a - b) / 2 + self.radius for a, b in zip(self.start, self.end, strict=True))
        return _box((centre[0], centre[1], centre[2]), (half[0], half[1], half[2]))

    def distance(self, x: Grid, y: Grid, z: Grid) -> Grid:
        """The distance from the axis less the radius there."""
        dx, dy, dz = (b - a for a, b in zip(self.start, self.end, strict=True))
        px, py, pz = x - self.start[0], y - self.start[1], z - self.start[2]
        along = np.clip((px * dx + py * dy + pz * dz) / (dx * dx + dy * dy + dz * dz), 0.0, 1.0)
        radius = self.radius + along * ((self.radius if self.end_radius is None else self.end_radius) - self.radius)
        result: Grid = np.sqrt((px - along * dx) ** 2 + (py - along * dy) ** 2 + (pz - along * dz) ** 2) - radius
        return result


def rods(points: Sequence[Point], radius: float, value: float) -> list[Shape]:
    """Return a bent tube through ``points``."""
    layer = (Layer(value),)
    return [Rod(layer, start, end, radius) for start, end in itertools.pairwise(points)]


class Phantom:
    """Shapes painted in order over a background."""

    def __init__(self, shapes: Iterable[Shape], background: float) -> None:
        self.shapes = tuple(shapes)
        self.background = background
        self._bounds = np.array([shape.bounds for shape in self.shapes])

    def at(self, x: Grid, y: Grid, z: Grid) -> NDArray[np.float64]:
        """Return the value at each point; x, y and z broadcast together."""
        points = [np.asarray(part, dtype=np.float64) for part in (x, y, z)]
        values = np.full(np.broadcast_shapes(*(part.shape for part in points)), self.background, dtype=np.float64)
        for shape in self.shapes:
            shape.paint(values, *points)
        return values

    def sample(self, xs: Grid, ys: Grid, zs: Grid) -> NDArray[np.float32]:
        """Return the values on a grid along the axes, as an array (z, y, x); the coordinates must ascend.

        They are those of ``at``, but each shape is evaluated only within its box.
        """
        axes = [np.asarray(axis, dtype=np.float32) for axis in (xs, ys, zs)]
        values = np.full((len(zs), len(ys), len(xs)), self.background, dtype=np.float32)
        limits = np.stack([np.searchsorted(axis, self._bounds[:, i]) for i, axis in enumerate(axes)], axis=1)
        for index in np.flatnonzero((limits[:, :, 0] < limits[:, :, 1]).all(axis=1)):
            (x0, x1), (y0, y1), (z0, z1) = limits[index].tolist()
            x, y, z = axes[0][x0:x1], axes[1][y0:y1, None], axes[2][z0:z1, None, None]
            self.shapes[index].paint(values[z0:z1, y0:y1, x0:x1], x, y, z)
        return values

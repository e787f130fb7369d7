"""A thorax and upper abdomen in patient coordinates, in Hounsfield units: what the CT and radiographs show.

The origin lies in the middle of the body. It reaches beyond every series made from it, from z = -180 to z = 180 mm.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass
from functools import cache
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from noctis.operations.phantoms.shapes import (
    Bounds,
    Column,
    Ellipsoid,
    Grid,
    Layer,
    Phantom,
    Point,
    Rod,
    Shape,
    rods,
)
from noctis.operations.phantoms.texture import white_noise

AIR, LUNG, FAT, WATER, MUSCLE, CONTRAST, BONE = -1000.0, -800.0, -100.0, 0.0, 40.0, 300.0, 700.0
REACH: Final = (-180.0, 180.0)
VERTEBRA_MM: Final = 28.0


@dataclass(frozen=True)
class Probe:
    """A ball in which every point has the same value."""

    name: str
    centre: Point
    radius: float
    hu: float


PROBES: Final = (
    Probe("air", (-150.0, -140.0, 0.0), 10.0, AIR),
    Probe("lung", (-92.0, 24.0, 62.0), 6.0, LUNG),
    Probe("fat", (0.0, -105.0, 0.0), 3.0, FAT),
    Probe("water", (0.0, 67.0, 0.0), 8.0, WATER),
    Probe("muscle", (-62.0, 22.0, 148.0), 6.0, MUSCLE),
    Probe("liver", (-95.0, 0.0, -70.0), 10.0, 110.0),
    Probe("cyst", (-62.0, -22.0, -62.0), 11.0, WATER),
    Probe("contrast", (18.0, 15.0, -30.0), 9.0, CONTRAST),
)


@dataclass(frozen=True)
class Trunk(Shape):
    """The outer shape of the body: rounder than a box, squarer than an ellipse, narrower at the neck."""

    radii: tuple[float, float]

    @property
    def bounds(self) -> Bounds:
        """The box around it."""
        (rx, ry), (low, high) = self.radii, REACH
        return ((-rx - 2, rx + 2), (-ry - 2, ry + 2), (low, high))

    def distance(self, x: Grid, y: Grid, z: Grid) -> Grid:
        """The distance along the ray from the axis."""
        neck = np.clip((z - 105.0) / 75.0, 0.0, 1.0)
        waist = np.clip((-60.0 - z) / 120.0, 0.0, 1.0)
        u = x / (self.radii[0] * (1.0 - 0.25 * neck * neck - 0.07 * waist))
        v = y / (self.radii[1] * (1.0 - 0.12 * neck * neck))
        level = np.sqrt(np.sqrt((u * u + v * v) ** 2 - 0.9 * u * u * v * v))
        result: Grid = np.sqrt(x * x + y * y) * (1.0 - 1.0 / np.maximum(level, 1e-3))
        return result


@dataclass(frozen=True)
class Ribs(Shape):
    """A cage of rings that slope down to the front, so that an axial slice cuts each into pieces."""

    radii: tuple[float, float]
    thickness: float = 3.2
    height: float = 5.0
    slope: float = 0.62

    @property
    def bounds(self) -> Bounds:
        """The box around it."""
        rx, ry = (radius + self.thickness + 2 for radius in self.radii)
        return ((-rx, rx), (-ry, ry), (-125.0, 160.0))

    def distance(self, x: Grid, y: Grid, z: Grid) -> Grid:
        """The largest of the distances from the wall, from a rib's edges, from the ends and from the costal arch."""
        apex = 1.0 - 0.35 * np.clip((z - 60.0) / 100.0, 0.0, 1.0) ** 2
        u, v = x / (self.radii[0] * apex), y / (self.radii[1] * apex)
        level = np.sqrt(u * u + v * v)
        wall = np.abs(np.sqrt(x * x + y * y) * (1.0 - 1.0 / np.maximum(level, 1e-3))) - self.thickness
        height = z - self.slope * y
        phase = np.abs((height + VERTEBRA_MM / 2) % VERTEBRA_MM - VERTEBRA_MM / 2) - self.height
        ends = np.abs(height - 25.0) - 110.0
        arch = np.where(y < 0.0, 0.7 * (26.0 + 0.9 * np.maximum(30.0 - z, 0.0) - np.abs(x)), ends)
        edge = phase * math.cos(math.atan(self.slope))
        result: Grid = np.maximum(np.maximum(wall, edge), np.maximum(ends, arch))
        return result


@dataclass(frozen=True)
class Couch(Shape):
    """The couch: a curved board below the back."""

    centre_y: float = -150.0
    radius: float = 277.0
    half_thickness: float = 7.0

    @property
    def bounds(self) -> Bounds:
        """The box around it."""
        return ((-200.0, 200.0), (68.0, 136.0), REACH)

    def distance(self, x: Grid, y: Grid, z: Grid) -> Grid:
        """The distance from a cylinder's wall, cut at the sides of the board."""
        across = np.sqrt(x * x + (y - self.centre_y) ** 2)
        board = np.abs(across - self.radius) - self.half_thickness
        result: Grid = np.maximum(board, 74.0 - y) + 0.0 * z
        return result


def _ball(value: float, centre: Point, *radii: float) -> Ellipsoid:
    rx, ry, rz = radii if len(radii) > 1 else radii * 3
    return Ellipsoid((Layer(value),), centre, (rx, ry, rz))


def _wall() -> list[Shape]:
    muscle = (Layer(-60.0), Layer(58.0, 2.5))
    return [
        Couch((Layer(-350.0), Layer(-920.0, 1.6))),
        Rod((Layer(500.0),), (-110.0, -126.0, -175.0), (110.0, -126.0, 175.0), 3.0),
        Trunk((Layer(20.0), Layer(FAT, 2.0), Layer(MUSCLE, 15.0)), (160.0, 112.0)),
        *(Column(muscle, (side * 30.0, 82.0), (27.0, 15.0), REACH) for side in (-1.0, 1.0)),
        *(Column(muscle, (side * 74.0, 74.0), (34.0, 11.0), (-30.0, 180.0)) for side in (-1.0, 1.0)),
        *(Ellipsoid(muscle, (side * 62.0, -86.0, 90.0), (50.0, 9.0, 60.0)) for side in (-1.0, 1.0)),
    ]


def _chest() -> list[Shape]:
    return [
        _ball(LUNG, (0.0, -4.0, 40.0), 127.0, 85.0, 112.0),
        _ball(45.0, (0.0, 58.0, 40.0), 22.0, 38.0, 160.0),
        _ball(-75.0, (4.0, -34.0, 66.0), 26.0, 74.0, 100.0),
        *_vessel_tree((-32.0, 0.0, 48.0), -1),
        *_vessel_tree((40.0, 0.0, 52.0), 1),
        _ball(30.0, (-84.0, -26.0, 84.0), 6.0),
        Ellipsoid((Layer(-90.0), Layer(95.0, 5.0)), (22.0, -34.0, 10.0), (57.0, 46.0, 54.0)),
        _ball(290.0, (40.0, -34.0, 4.0), 25.0, 22.0, 30.0),
        _ball(260.0, (2.0, -54.0, 8.0), 28.0, 15.0, 28.0),
        _ball(280.0, (12.0, -10.0, 34.0), 26.0, 12.0, 16.0),
        _ball(250.0, (-22.0, -32.0, 18.0), 14.0, 20.0, 24.0),
    ]


def _vessel_tree(hilum: Point, side: int) -> list[Shape]:
    """Return the branches of one lung: from the hilum outwards, forking, thinner at each fork."""
    random = iter(white_noise((9000,), 7 + side).tolist())
    branches: list[Shape] = []
    ends = [(hilum, (side * 0.8, across, up), 4.0) for across in (-0.9, 0.0, 0.9) for up in (-1.0, 0.0, 1.0)]
    for _ in range(6):
        grown = []
        for start, direction, radius in ends:
            scale = (8.0 + 3.4 * radius) / math.hypot(*direction)
            end = (start[0] + scale * direction[0], start[1] + scale * direction[1], start[2] + scale * direction[2])
            branches.append(Rod((Layer(100.0),), start, end, radius, radius * 0.8))
            for _ in range(2):
                turned = tuple(part + 0.4 * next(random) for part in direction)
                grown.append((end, (turned[0], turned[1], turned[2]), radius * 0.76))
        ends = [branch for branch in grown if _within_lung(branch[0], side)]
    return branches


def _within_lung(point: Point, side: int) -> bool:
    centre, radii = (side * 70.0, -5.0, 44.0), (48.0, 72.0, 90.0)
    return math.hypot(*((a - b) / c for a, b, c in zip(point, centre, radii, strict=True))) < 1.0


def _abdomen() -> list[Shape]:
    kidney = (Layer(FAT), Layer(190.0, 3.0), Layer(150.0, 10.0))
    return [
        _ball(-95.0, (0.0, -10.0, -128.0), 126.0, 80.0, 92.0),
        *_bowel(),
        _ball(110.0, (-56.0, -8.0, -78.0), 76.0, 74.0, 72.0),
        _ball(110.0, (10.0, -46.0, -62.0), 52.0, 32.0, 36.0),
        *rods([(-14.0, -4.0, -100.0), (-40.0, -2.0, -70.0), (-72.0, 24.0, -52.0), (-96.0, 20.0, -44.0)], 6.0, 175.0),
        *rods([(-22.0, -8.0, -30.0), (-60.0, 4.0, -42.0), (-84.0, -30.0, -58.0)], 4.5, 165.0),
        *rods([(-18.0, 4.0, -28.0), (-50.0, 40.0, -40.0), (-80.0, 46.0, -64.0)], 4.0, 165.0),
        _ball(WATER, (-62.0, -22.0, -62.0), 13.0),
        _ball(60.0, (-92.0, 30.0, -92.0), 8.0),
        _ball(60.0, (-40.0, -48.0, -84.0), 6.0),
        Ellipsoid((Layer(80.0), Layer(20.0, 3.0)), (60.0, -26.0, -68.0), (48.0, 44.0, 42.0)),
        _ball(-990.0, (58.0, -50.0, -66.0), 32.0, 12.0, 26.0),
        _ball(125.0, (98.0, 34.0, -62.0), 24.0, 40.0, 46.0),
        *rods([(-24.0, -20.0, -112.0), (6.0, -22.0, -104.0), (40.0, -4.0, -98.0), (78.0, 16.0, -86.0)], 10.0, 95.0),
        *rods([(18.0, 4.0, -92.0), (6.0, -30.0, -118.0), (0.0, -40.0, -180.0)], 4.0, 280.0),
        Ellipsoid(kidney, (-62.0, 44.0, -140.0), (32.0, 29.0, 52.0)),
        Ellipsoid(kidney, (64.0, 44.0, -130.0), (32.0, 29.0, 54.0)),
        _ball(-90.0, (-42.0, 40.0, -140.0), 14.0, 8.0, 18.0),
        _ball(-90.0, (44.0, 40.0, -130.0), 14.0, 8.0, 18.0),
        *rods([(18.0, 15.0, -128.0), (50.0, 40.0, -130.0)], 3.0, 260.0),
        *rods([(14.0, 12.0, -138.0), (-48.0, 40.0, -140.0)], 3.0, 260.0),
    ]


def _bowel() -> list[Shape]:
    """Return the colon on both sides with gas in front, and loops of small bowel with a wall that takes up contrast."""
    wall = (Layer(100.0), Layer(25.0, 3.0))
    shapes: list[Shape] = []
    for side, z in ((-1.0, -160.0), (1.0, -135.0)):
        shapes += [
            Column((Layer(60.0), Layer(-30.0, 3.0)), (side * 98.0, -2.0), (19.0, 17.0), (-185.0, z + 14.0)),
            Ellipsoid((Layer(-950.0),), (side * 98.0, -8.0, z - 8.0), (12.0, 7.0, 18.0)),
        ]
    for row, (y, z) in enumerate(((-66.0, -142.0), (-42.0, -150.0), (-66.0, -168.0), (-40.0, -178.0))):
        points = [(x, y + 10.0 * ((x // 24 + row) % 2), z + 7.0 * ((x // 24) % 2)) for x in range(-72, 73, 24)]
        shapes += [Rod(wall, start, end, 11.5) for start, end in itertools.pairwise(points)]
    shapes += [_ball(-950.0, (x, -72.0, -140.0), 10.0, 5.0, 8.0) for x in (-46.0, 4.0, 52.0)]
    return shapes


def _skeleton() -> list[Shape]:
    bone = (Layer(BONE), Layer(240.0, 3.0))
    shapes: list[Shape] = [
        Ribs((Layer(BONE, 0.0, 2.0), Layer(300.0, 2.2)), (132.0, 91.0)),
        Ellipsoid(bone, (0.0, -90.0, 62.0), (17.0, 6.5, 70.0)),
        Column((Layer(BONE), Layer(230.0, 4.0)), (0.0, 42.0), (19.0, 16.0), REACH),
    ]
    for side in (-1.0, 1.0):
        shapes += [
            Rod(bone, (side * (58.0 + 0.2 * z), 82.0, z), (side * (78.0 + 0.35 * z), 82.0 - 0.3 * z, z), 3.5)
            for z in range(20, 132, 5)
        ]
        shapes += [
            Rod(bone, (side * 12.0, -80.0, 132.0), (side * 105.0, -30.0, 158.0), 6.5),
            Ellipsoid(bone, (side * 122.0, 10.0, 165.0), (20.0, 20.0, 24.0)),
        ]
    for level in range(-7, 8):
        z = level * VERTEBRA_MM
        shapes += [
            Column((Layer(85.0),), (0.0, 42.0), (20.0, 17.0), (z - 3.0, z + 3.0)),
            Ellipsoid((Layer(550.0),), (0.0, 85.0, z + 6.0), (4.0, 14.0, 10.0)),
            Ellipsoid((Layer(500.0),), (-27.0, 68.0, z + 10.0), (17.0, 5.0, 6.0)),
            Ellipsoid((Layer(500.0),), (27.0, 68.0, z + 10.0), (17.0, 5.0, 6.0)),
        ]
    return shapes


def _inserts() -> list[Shape]:
    """Return what is painted last, and so is exact on its whole length: spinal canal, aorta, great vessels, airways."""
    return [
        Column((Layer(BONE), Layer(WATER, 5.0)), (0.0, 67.0), (14.5, 14.5), REACH),
        *rods([(-20.0, -10.0, 60.0), (-20.0, -14.0, 180.0)], 8.0, 330.0),
        *rods([(-16.0, 8.0, -180.0), (-18.0, 0.0, -20.0), (-22.0, -20.0, 20.0)], 11.0, 170.0),
        *rods([(10.0, -38.0, 36.0), (14.0, -18.0, 62.0), (44.0, 0.0, 58.0)], 10.5, 290.0),
        *rods([(12.0, -16.0, 60.0), (-36.0, 0.0, 54.0)], 9.0, 290.0),
        *rods([(0.0, -20.0, 28.0), (-6.0, -26.0, 72.0), (2.0, -16.0, 92.0), (14.0, 6.0, 90.0)], 13.0, CONTRAST),
        *rods([(14.0, 6.0, 90.0), (18.0, 15.0, 72.0), (18.0, 15.0, -185.0)], 12.0, CONTRAST),
        *rods([(-8.0, -20.0, 96.0), (-16.0, -18.0, 180.0)], 5.0, CONTRAST),
        *rods([(10.0, -4.0, 96.0), (20.0, -8.0, 180.0)], 4.5, CONTRAST),
        Rod((Layer(35.0), Layer(-980.0, 2.0)), (0.0, 8.0, 185.0), (0.0, 10.0, 72.0), 11.0),
        Rod((Layer(20.0), Layer(-980.0, 1.5)), (0.0, 10.0, 74.0), (-34.0, 8.0, 50.0), 7.5, 5.0),
        Rod((Layer(20.0), Layer(-980.0, 1.5)), (0.0, 10.0, 74.0), (40.0, 10.0, 46.0), 7.0, 5.0),
        Rod((Layer(-980.0),), (0.0, 9.0, 90.0), (0.0, 10.0, 72.0), 8.5),
        *rods([(-6.0, 24.0, 180.0), (-4.0, 24.0, -60.0)], 5.0, 45.0),
    ]


@cache
def thorax() -> Phantom:
    """Return the whole phantom, in Hounsfield units."""
    return Phantom((*_wall(), *_chest(), *_abdomen(), *_skeleton(), *_inserts()), AIR)


def hu_at(x_mm: ArrayLike, y_mm: ArrayLike, z_mm: ArrayLike) -> NDArray[np.float64]:
    """Return the phantom's value in Hounsfield units at points in patient coordinates."""
    x, y, z = (np.asarray(part, dtype=np.float64) for part in (x_mm, y_mm, z_mm))
    return thorax().at(x, y, z)

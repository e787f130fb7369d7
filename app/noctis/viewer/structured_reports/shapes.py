"""Which graphics an annotation is drawn with in a report, and which annotation a graphic is (PS3.3 C.18.6.1.1).

The order of an annotation's points is that of the viewer's tools: a rectangle goes row by row, a circle has its middle
and then its edge above, below, left and right, an ellipse its edge in the same order.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from noctis.viewer.structured_reports.image_planes import ImagePlane, Pixel, Vector

# Which quantity a line is the measure of, line by line; all other tools draw a region.
LINES_OF: Final = {
    "length": ("Length",),
    "bidirectional": ("Length", "Width"),
    "angle": ("Angle",),
    "cobb": ("Angle",),
    "cardiothoracic": ("Heart", "Thorax"),
}
STRAIGHT: Final = 1e-3  # of a pixel: what is within this is not turned
Pixels = tuple[Pixel, ...]


class Unknown(Exception):
    """No tool draws this; the text says why."""


@dataclass(frozen=True)
class Graphic:
    """One graphic: its type and its columns and rows."""

    kind: str
    pixels: Pixels


@dataclass(frozen=True)
class Drawing:
    """What a tool drew, in columns and rows."""

    tool: str
    points: Pixels = ()
    contour: Pixels = field(default=())


def graphics_of(content: dict[str, Any], plane: ImagePlane) -> list[Graphic]:
    """Return the graphics of an annotation: one for each of its lines, or one region."""
    points = [_vector(point) for point in content["points"]]
    contour = [_vector(point) for point in content["contour"]]
    tool = content["tool"]
    if tool == "cardiothoracic" and len(points) == 4:  # noqa: PLR2004
        lines = sorted([points[:2], points[2:]], key=lambda line: math.dist(*line))  # the heart is the smaller
        points = [point for line in lines for point in line]
    pixels = tuple(plane.pixel_of(point) for point in points)
    outline = tuple(plane.pixel_of(point) for point in contour)
    draw = _DRAWN.get(tool)
    if draw is None or (tool != "freehand" and len(pixels) < _FEWEST.get(tool, 1)) or not (pixels or outline):
        return []
    return draw(pixels, outline, plane)


def content_points(drawing: Drawing, plane: ImagePlane) -> tuple[list[list[float]], list[list[float]]]:
    """Return points and contour of a drawing in the patient."""
    return (
        [list(plane.point_of(pixel)) for pixel in drawing.points],
        [list(plane.point_of(pixel)) for pixel in drawing.contour],
    )


def ellipse_points(pixels: Sequence[Pixel]) -> Pixels:
    """Return above, below, left and right of an ellipse given by its axes. Raises Unknown for a turned one."""
    first, second = pixels[:2], pixels[2:4]
    upright = abs(first[0][0] - first[1][0]) <= abs(first[0][1] - first[1][1])
    down, across = (first, second) if upright else (second, first)
    if abs(down[0][0] - down[1][0]) > STRAIGHT or abs(across[0][1] - across[1][1]) > STRAIGHT:
        raise Unknown("The ellipse is turned.")
    return (*sorted(down, key=lambda pixel: pixel[1]), *sorted(across))


def circle_points(pixels: Sequence[Pixel]) -> Pixels:
    """Return the middle and four points of the edge of a circle given by its middle and a point of its edge."""
    (x, y), radius = pixels[0], math.dist(pixels[0], pixels[1])
    return (x, y), (x, y - radius), (x, y + radius), (x - radius, y), (x + radius, y)


def without_return(pixels: Sequence[Pixel]) -> Pixels:
    """Return a closed outline without its last point, which is the first again."""
    return tuple(pixels[:-1]) if len(pixels) > 1 and pixels[0] == pixels[-1] else tuple(pixels)


def is_rectangle(corners: Sequence[Pixel]) -> bool:
    """Whether four corners are those of a rectangle that is not turned."""
    if len(corners) != 4:  # noqa: PLR2004
        return False
    columns, rows = ({round(pixel[axis] / STRAIGHT) for pixel in corners} for axis in (0, 1))
    return len(columns) == len(rows) == 2 and len({*map(tuple, corners)}) == 4  # noqa: PLR2004


def rectangle_points(corners: Sequence[Pixel]) -> Pixels:
    """Return the corners of a rectangle row by row, given in the order of its outline."""
    return corners[0], corners[1], corners[3], corners[2]


def _lines(pixels: Pixels, _outline: Pixels, _plane: ImagePlane) -> list[Graphic]:
    return [Graphic("POLYLINE", pixels[start : start + 2]) for start in range(0, len(pixels) - 1, 2)]


def _polyline(pixels: Pixels, _outline: Pixels, _plane: ImagePlane) -> list[Graphic]:
    return [Graphic("POLYLINE", pixels)]


def _rectangle(pixels: Pixels, _outline: Pixels, _plane: ImagePlane) -> list[Graphic]:
    first, second, third, fourth = pixels[:4]
    return [Graphic("POLYLINE", (first, second, fourth, third, first))]


def _ellipse(pixels: Pixels, _outline: Pixels, _plane: ImagePlane) -> list[Graphic]:
    """The longer axis comes first."""
    axes = sorted([pixels[:2], pixels[2:4]], key=lambda axis: -math.dist(*axis))
    return [Graphic("ELLIPSE", (*axes[0], *axes[1]))]


def _circle(pixels: Pixels, outline: Pixels, plane: ImagePlane) -> list[Graphic]:
    """Where pixels are not square a circle of the patient is an ellipse of columns and rows."""
    if not plane.has_square_pixels and len(pixels) >= 5:  # noqa: PLR2004
        return _ellipse(pixels[1:5], outline, plane)
    return [Graphic("CIRCLE", pixels[:2])]


def _freehand(_pixels: Pixels, outline: Pixels, _plane: ImagePlane) -> list[Graphic]:
    return [Graphic("POLYLINE", (*outline, outline[0]))] if outline else []


def _point(pixels: Pixels, _outline: Pixels, _plane: ImagePlane) -> list[Graphic]:
    return [Graphic("POINT", pixels[:1])]


_DRAWN: Final[dict[str, Callable[[Pixels, Pixels, ImagePlane], list[Graphic]]]] = {
    "length": _lines,
    "bidirectional": _lines,
    "cardiothoracic": _lines,
    "angle": _polyline,
    "cobb": _polyline,
    "arrow": _polyline,
    "rectangle": _rectangle,
    "ellipse": _ellipse,
    "circle": _circle,
    "freehand": _freehand,
    "probe": _point,
    "label": _point,
}
_FEWEST: Final = {
    "length": 2,
    "bidirectional": 4,
    "cardiothoracic": 4,
    "angle": 3,
    "cobb": 4,
    "arrow": 2,
    "rectangle": 4,
    "ellipse": 4,
    "circle": 2,
}


def _vector(point: Sequence[float]) -> Vector:
    return point[0], point[1], point[2]

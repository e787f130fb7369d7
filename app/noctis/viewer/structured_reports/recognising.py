"""Which annotation a measurement group is that somebody else wrote: OHIF (dcmjs), highdicom, or any TID 1500 report.

What is certain goes first: the tool that the tracking identifier names (dcmjs writes ``Cornerstone3DTools@…:Length``),
then what the values are called, then the kind of the graphic and its points.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from typing import Final

from noctis.viewer.structured_reports.shapes import (
    Drawing,
    Graphic,
    Unknown,
    circle_points,
    ellipse_points,
    is_rectangle,
    rectangle_points,
    without_return,
)

TOOLS_OF_OTHERS: Final = {
    "length": "length",
    "bidirectional": "bidirectional",
    "angle": "angle",
    "cobbangle": "cobb",
    "rectangleroi": "rectangle",
    "ellipticalroi": "ellipse",
    "circleroi": "circle",
    "planarfreehandroi": "freehand",
    "freehandroi": "freehand",
    "probe": "probe",
    "arrowannotate": "arrow",
    "label": "label",
}
_CORNERSTONE: Final = re.compile(r"cornerstone[^:]*:(\w+)", re.IGNORECASE)


def tool_named_by(tracking_identifier: str) -> str | None:
    """Return the tool that a tracking identifier of Cornerstone's names."""
    found = _CORNERSTONE.search(tracking_identifier)
    return TOOLS_OF_OTHERS.get(found[1].lower()) if found else None


def is_tool_name(tracking_identifier: str) -> bool:
    """Whether a tracking identifier names a program's tool and not a lesion."""
    return tracking_identifier == "web annotation" or _CORNERSTONE.search(tracking_identifier) is not None


def recognised(graphics: Sequence[Graphic], quantities: Sequence[str], tool: str | None, *, has_text: bool) -> Drawing:
    """Return what was drawn. Raises Unknown."""
    if not graphics:
        raise Unknown("It has no graphic on an image.")
    for graphic in graphics:
        _require_points(graphic)
    if len(graphics) == 2:  # noqa: PLR2004
        return _two_lines(graphics, quantities)
    if len(graphics) > 2:  # noqa: PLR2004
        raise Unknown(f"It has {len(graphics)} graphics.")
    if graphics[0].kind == "POINT":
        return _point(graphics[0], tool, quantities, has_text=has_text)
    return _shape(graphics[0], tool, quantities, has_text=has_text)


def _require_points(graphic: Graphic) -> None:
    fewest = {"POINT": 1, "CIRCLE": 2, "ELLIPSE": 4, "POLYLINE": 2}.get(graphic.kind)
    if fewest is None:
        raise Unknown(f"No tool draws a graphic of the type {graphic.kind or 'that is not given'}.")
    if len(graphic.pixels) < fewest:
        raise Unknown("Its graphic has too few points.")
    if not all(math.isfinite(coordinate) for pixel in graphic.pixels for coordinate in pixel):
        raise Unknown("Its graphic has coordinates that are no numbers.")


def _two_lines(graphics: Sequence[Graphic], quantities: Sequence[str]) -> Drawing:
    pixels = [pixel for graphic in graphics for pixel in graphic.pixels]
    if any(graphic.kind != "POLYLINE" or len(graphic.pixels) != 2 for graphic in graphics):  # noqa: PLR2004
        raise Unknown("It has two graphics that are not lines.")
    if {"Heart", "Thorax"} & set(quantities):
        return Drawing("cardiothoracic", tuple(pixels))
    if "Angle" in quantities:
        return Drawing("cobb", tuple(pixels))
    return Drawing("bidirectional", tuple(pixels))


def _point(graphic: Graphic, tool: str | None, quantities: Sequence[str], *, has_text: bool) -> Drawing:
    if tool == "arrow" or len(graphic.pixels) > 1:  # dcmjs writes head and tail of an arrow as a point
        if len(graphic.pixels) < 2:  # noqa: PLR2004
            return Drawing("label", graphic.pixels)
        return Drawing("arrow", graphic.pixels[:2])
    is_remark = tool == "label" or (tool is None and has_text and not quantities)
    return Drawing("label" if is_remark else "probe", graphic.pixels)


def _shape(graphic: Graphic, tool: str | None, quantities: Sequence[str], *, has_text: bool) -> Drawing:
    pixels = graphic.pixels
    if graphic.kind == "CIRCLE":
        return Drawing("circle", circle_points(pixels))
    if graphic.kind == "ELLIPSE":
        return Drawing("ellipse", ellipse_points(pixels))
    if len(pixels) == 2:  # noqa: PLR2004
        return Drawing("arrow" if tool == "arrow" or (has_text and not quantities) else "length", pixels)
    if "Angle" in quantities or tool in {"angle", "cobb"}:
        return _angle(pixels)
    if "Length" in quantities and tool is None and pixels[0] != pixels[-1]:
        raise Unknown("It is the length of a line with bends.")
    corners = without_return(pixels)
    if tool != "freehand" and is_rectangle(corners):
        return Drawing("rectangle", rectangle_points(corners))
    if len(corners) < 3:  # noqa: PLR2004
        raise Unknown("Its outline has too few points.")
    return Drawing("freehand", (), corners)


def _angle(pixels: Sequence[tuple[float, float]]) -> Drawing:
    if len(pixels) == 3:  # noqa: PLR2004
        return Drawing("angle", tuple(pixels))
    if len(pixels) != 4:  # noqa: PLR2004
        raise Unknown(f"It is an angle of {len(pixels)} points.")
    if pixels[1] == pixels[2]:  # how dcmjs writes an angle: two lines that meet
        return Drawing("angle", (pixels[0], pixels[1], pixels[3]))
    return Drawing("cobb", tuple(pixels))

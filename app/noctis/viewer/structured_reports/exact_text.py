"""The text beside a group that holds what its graphics cannot: doubles, the place of the words, the version.

Graphic Data are single floats and lie in the image's plane (PS3.3 C.18.6.1.2). The graphics stay what counts: the text
is believed only where it draws the very same graphics, so that whoever changes these is not overruled by it.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, Final

from noctis.viewer.annotation_content import InvalidAnnotation, checked
from noctis.viewer.structured_reports.image_planes import ImagePlane
from noctis.viewer.structured_reports.shapes import Graphic, graphics_of

FORMAT: Final = 1
ONE_FLOAT: Final = 2.0**-22  # how far two single floats of the same double may be apart, of its size
PARTS: Final = ("tool", "points", "contour", "textAt", "text", "quantities")


def written(content: dict[str, Any], version: int) -> str:
    """Return the text of an annotation: a JSON object on one line."""
    parts = {"format": FORMAT, **{name: content[name] for name in PARTS}, "version": version}
    return json.dumps(parts, ensure_ascii=False, separators=(",", ":"))


def read(text: str, plane: ImagePlane, graphics: Sequence[Graphic]) -> dict[str, Any] | None:
    """Return the content that the text holds, if it is that of ``graphics`` on the image; else None."""
    try:
        parts = json.loads(text)
        if not isinstance(parts, dict) or parts.get("format") != FORMAT:
            return None
        content = checked(
            {
                **{name: parts.get(name) for name in PARTS},
                "seriesUid": plane.series_uid,
                "sopInstanceUid": plane.sop_instance_uid,
                "frameNumber": plane.frame_number,
                "frameOfReferenceUid": plane.frame_of_reference_uid,
            }
        )
    except (ValueError, RecursionError, InvalidAnnotation):
        return None
    return content if _same(graphics_of(content, plane), graphics) else None


def _same(first: Sequence[Graphic], second: Sequence[Graphic]) -> bool:
    """Whether the same is drawn, in whatever order the graphics come."""
    if len(first) != len(second):
        return False
    left = list(second)
    for graphic in first:
        match = next((other for other in left if _equal(graphic, other)), None)
        if match is None:
            return False
        left.remove(match)
    return True


def _equal(first: Graphic, second: Graphic) -> bool:
    if first.kind != second.kind or len(first.pixels) != len(second.pixels):
        return False
    return all(
        abs(one - other) <= ONE_FLOAT * max(1.0, abs(one))
        for pixel, its in zip(first.pixels, second.pixels, strict=True)
        for one, other in zip(pixel, its, strict=True)
    )

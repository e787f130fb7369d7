"""What the viewer may send about key images, checked at the edge."""

from __future__ import annotations

import json
import math
from typing import Any, Final

from noctis.key_images.selection_document import TITLES, Selection

LONGEST_DESCRIPTION: Final = 1000
FARTHEST: Final = 1e9


class InvalidContent(Exception):
    """What was sent cannot be kept; the text names the part that is wrong, never its value."""


def body_of(sent: bytes) -> dict[str, Any]:
    """Return a request's body, an object; an empty one stands for no wish. Raises InvalidContent."""
    try:
        body = json.loads(sent or b"{}")
    except (ValueError, RecursionError) as error:
        raise InvalidContent("The body is not JSON.") from error
    if not isinstance(body, dict):
        raise InvalidContent("The body is not an object.")
    return body


def window_of(body: dict[str, Any]) -> tuple[float, float] | None:
    """Return the centre and width that the image is looked at in, or None. Raises InvalidContent."""
    window = body.get("window")
    if window is None:
        return None
    if not isinstance(window, dict):
        raise InvalidContent("window is not an object.")
    center, width = (_number(window.get(name), name) for name in ("center", "width"))
    if width <= 0:
        raise InvalidContent("width is not above zero.")
    return center, width


def selection_of(body: dict[str, Any]) -> Selection:
    """Return what a selection is for. Raises InvalidContent."""
    title, description = body.get("title"), body.get("description", "")
    if not isinstance(title, str) or title not in TITLES:
        raise InvalidContent("title is none of the titles.")
    if not isinstance(description, str) or len(description) > LONGEST_DESCRIPTION:
        raise InvalidContent(f"description is no text of up to {LONGEST_DESCRIPTION} characters.")
    if not all(letter.isprintable() or letter == "\n" for letter in description):
        raise InvalidContent("description holds a character that cannot be written.")
    return Selection(title, description.strip())


def _number(value: object, name: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise InvalidContent(f"{name} is not a number.")
    if not math.isfinite(value) or abs(value) > FARTHEST:
        raise InvalidContent(f"{name} is too large.")
    return float(value)

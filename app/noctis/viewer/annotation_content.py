"""What an annotation may hold: plain numbers and words within bounds, checked at the edge."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any, Final

from noctis.dicom.uids import is_valid_uid

TOOLS: Final = frozenset(
    {
        "length",
        "bidirectional",
        "angle",
        "cobb",
        "cardiothoracic",
        "rectangle",
        "ellipse",
        "circle",
        "freehand",
        "probe",
        "arrow",
        "label",
    }
)
MOST_POINTS: Final = 64
MOST_CONTOUR_POINTS: Final = 5000
LONGEST_TEXT: Final = 200
MOST_QUANTITIES: Final = 16
LONGEST_WORD: Final = 32
FARTHEST: Final = 1e6
MOST_FRAMES: Final = 2**31 - 1


class InvalidAnnotation(Exception):
    """The annotation cannot be kept; the text names the part that is wrong, never its value."""


def checked(sent: object) -> dict[str, Any]:
    """Return the parts of an annotation that are kept. Raises InvalidAnnotation."""
    if not isinstance(sent, dict):
        raise InvalidAnnotation("An annotation is an object.")
    content = {name: check(sent.get(name), name) for name, check in _PARTS.items()}
    if not content["points"] and not content["contour"]:
        raise InvalidAnnotation("points and contour are both empty.")
    return content


def _tool(value: object, name: str) -> str:
    if not isinstance(value, str) or value not in TOOLS:
        raise InvalidAnnotation(f"{name} is none of the tools.")
    return value


def _uid(value: object, name: str) -> str:
    if not isinstance(value, str) or not is_valid_uid(value):
        raise InvalidAnnotation(f"{name} is not a UID.")
    return value


def _optional_uid(value: object, name: str) -> str | None:
    return None if value is None or value == "" else _uid(value, name)


def _frame_number(value: object, name: str) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= MOST_FRAMES:
        raise InvalidAnnotation(f"{name} is not the number of a frame.")
    return value


def _number(value: object, name: str, limit: float = math.inf) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise InvalidAnnotation(f"{name} is not a number.")
    try:
        number = float(value)
    except OverflowError as error:
        raise InvalidAnnotation(f"{name} is too large.") from error
    if not math.isfinite(number) or abs(number) > limit:
        raise InvalidAnnotation(f"{name} is too large.")
    return number


def _point(value: object, name: str) -> list[float]:
    if not isinstance(value, list) or len(value) != 3:  # noqa: PLR2004  (x, y, z)
        raise InvalidAnnotation(f"{name} is not a point of three coordinates.")
    return [_number(coordinate, name, FARTHEST) for coordinate in value]


def _optional_point(value: object, name: str) -> list[float] | None:
    return None if value is None else _point(value, name)


def _points(most: int) -> Callable[[object, str], list[list[float]]]:
    def check(value: object, name: str) -> list[list[float]]:
        if not isinstance(value, list) or len(value) > most:
            raise InvalidAnnotation(f"{name} is not a list of up to {most} points.")
        return [_point(point, name) for point in value]

    return check


def _text(value: object, name: str, longest: int = LONGEST_TEXT) -> str:
    if not isinstance(value, str) or len(value) > longest or not value.isprintable():
        raise InvalidAnnotation(f"{name} is not a line of up to {longest} characters.")
    return value


def _quantities(value: object, name: str) -> list[dict[str, Any]]:
    if not isinstance(value, list) or len(value) > MOST_QUANTITIES:
        raise InvalidAnnotation(f"{name} is not a list of up to {MOST_QUANTITIES} quantities.")
    return [_quantity(quantity, name) for quantity in value]


def _quantity(value: object, name: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise InvalidAnnotation(f"{name} holds something that is no quantity.")
    return {
        "name": _text(value.get("name"), f"a name in {name}", LONGEST_WORD),
        "value": _number(value.get("value"), f"a value in {name}"),
        "unit": _text(value.get("unit"), f"a unit in {name}", LONGEST_WORD),
    }


_PARTS: Final[Mapping[str, Callable[[object, str], Any]]] = {
    "tool": _tool,
    "seriesUid": _uid,
    "sopInstanceUid": _uid,
    "frameNumber": _frame_number,
    "frameOfReferenceUid": _optional_uid,
    "points": _points(MOST_POINTS),
    "contour": _points(MOST_CONTOUR_POINTS),
    "textAt": _optional_point,
    "text": _text,
    "quantities": _quantities,
}

"""How the viewer describes what it shows: plain numbers and words within bounds, checked at the edge."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from noctis.dicom.uids import is_valid_uid

LONGEST_LABEL: Final = 16  # Content Label is a code string (PS3.5 6.2)
LONGEST_DESCRIPTION: Final = 64
LONGEST_TEXT: Final = 1024
MOST_IMAGES: Final = 5000
MOST_GRAPHICS: Final = 2000
MOST_POINTS: Final = 5000
FARTHEST: Final = 1e9
LARGEST_IMAGE: Final = 65535
MOST_FRAMES: Final = 2**31 - 1
ROTATIONS: Final = frozenset({0, 90, 180, 270})
LABEL_CHARACTERS: Final = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 _")
# How many points each kind of graphic has: exactly, or at least (PS3.3 C.10.5.1.2).
POINTS_OF: Final[Mapping[str, tuple[int, int]]] = {
    "POINT": (1, 1),
    "POLYLINE": (2, MOST_POINTS),
    "INTERPOLATED": (2, MOST_POINTS),
    "CIRCLE": (2, 2),
    "ELLIPSE": (4, 4),
}
Point = tuple[float, float]
Found = TypeVar("Found")


class InvalidContent(Exception):
    """What was sent cannot be kept; the text names the part that is wrong, never its value."""


@dataclass(frozen=True)
class Graphic:
    """A shape in coordinates of the image: (0, 0) is the outer corner of its first pixel (PS3.3 C.10.5.1.2)."""

    kind: str
    points: tuple[Point, ...]
    filled: bool


@dataclass(frozen=True)
class Words:
    """A text at a point of the image."""

    text: str
    anchor: Point


@dataclass(frozen=True)
class Picture:
    """An image, or frames of it where ``frames`` is not empty, and what is drawn on it."""

    sop_instance_uid: str
    frames: tuple[int, ...]
    graphics: tuple[Graphic, ...]
    words: tuple[Words, ...]


@dataclass(frozen=True)
class Presentation:
    """What is shown and how.

    ``window`` is centre and width, ``area`` the first and last column and row on display, from 1, as the image is
    stored: (left, top, right, bottom).
    """

    label: str
    description: str
    pictures: tuple[Picture, ...]
    window: tuple[float, float] | None
    voi_lut_function: str
    rotation: int
    flipped: bool
    inverted: bool
    area: tuple[int, int, int, int]
    with_shutter: bool
    with_overlays: bool


def presentation_of(sent: bytes) -> Presentation:
    """Read a request's body. Raises InvalidContent."""
    try:
        body = json.loads(sent)
    except (ValueError, RecursionError) as error:
        raise InvalidContent("The body is not JSON.") from error
    part = _parts(body, "The body")
    rotation = part("rotation")
    if rotation not in ROTATIONS or isinstance(rotation, bool | float):
        raise InvalidContent("rotation is not 0, 90, 180 or 270.")
    pictures = _list(part("images"), "images", MOST_IMAGES, _picture)
    if not pictures:
        raise InvalidContent("images is empty.")
    if sum(len(picture.graphics) + len(picture.words) for picture in pictures) > MOST_GRAPHICS:
        raise InvalidContent(f"There are more than {MOST_GRAPHICS} graphics.")
    return Presentation(
        label=_label(part("label")),
        description=_text(part("description"), "description", LONGEST_DESCRIPTION),
        pictures=pictures,
        window=_window(part("window")),
        voi_lut_function=_choice(part("voiLutFunction"), "voiLutFunction", {"LINEAR", "LINEAR_EXACT", "SIGMOID"}),
        rotation=rotation,
        flipped=_flag(part("flipped"), "flipped"),
        inverted=_flag(part("inverted"), "inverted"),
        area=_area(part("area")),
        with_shutter=_flag(part("withShutter"), "withShutter"),
        with_overlays=_flag(part("withOverlays"), "withOverlays"),
    )


def _parts(value: object, name: str) -> Callable[[str], Any]:
    if not isinstance(value, dict):
        raise InvalidContent(f"{name} is not an object.")
    return value.get


def _list(value: object, name: str, most: int, read: Callable[[object], Found]) -> tuple[Found, ...]:
    if not isinstance(value, list) or len(value) > most:
        raise InvalidContent(f"{name} is not a list of up to {most} entries.")
    return tuple(read(entry) for entry in value)


def _picture(value: object) -> Picture:
    part = _parts(value, "An image")
    uid = part("sopInstanceUid")
    if not isinstance(uid, str) or not is_valid_uid(uid):
        raise InvalidContent("sopInstanceUid is not a UID.")
    return Picture(
        sop_instance_uid=uid,
        frames=_list(part("frames"), "frames", MOST_POINTS, lambda frame: _whole(frame, "A frame", 1, MOST_FRAMES)),
        graphics=_list(part("graphics"), "graphics", MOST_GRAPHICS, _graphic),
        words=_list(part("texts"), "texts", MOST_GRAPHICS, _words),
    )


def _graphic(value: object) -> Graphic:
    part = _parts(value, "A graphic")
    kind = _choice(part("kind"), "kind", POINTS_OF)
    points = _list(part("points"), "points", MOST_POINTS, _point)
    least, most = POINTS_OF[kind]
    if not least <= len(points) <= most:
        raise InvalidContent(f"{kind} does not have that many points.")
    return Graphic(kind, points, _flag(part("filled"), "filled"))


def _words(value: object) -> Words:
    part = _parts(value, "A text")
    words = _text(part("text"), "text", LONGEST_TEXT)
    if not words:
        raise InvalidContent("text is empty.")
    return Words(words, _point(part("anchor")))


def _point(value: object) -> Point:
    if not isinstance(value, list) or len(value) != 2:  # noqa: PLR2004  (x and y)
        raise InvalidContent("A point does not have two coordinates.")
    return _number(value[0], "A coordinate"), _number(value[1], "A coordinate")


def _window(value: object) -> tuple[float, float] | None:
    if value is None:
        return None
    part = _parts(value, "window")
    center, width = _number(part("center"), "center"), _number(part("width"), "width")
    if width <= 0:
        raise InvalidContent("width is not above zero.")
    return center, width


def _area(value: object) -> tuple[int, int, int, int]:
    edges = _list(value, "area", 4, lambda edge: _whole(edge, "An edge of area", -LARGEST_IMAGE, 2 * LARGEST_IMAGE))
    if len(edges) != 4 or edges[0] > edges[2] or edges[1] > edges[3]:  # noqa: PLR2004  (left, top, right, bottom)
        raise InvalidContent("area is not left, top, right and bottom.")
    return edges[0], edges[1], edges[2], edges[3]


def _label(value: object) -> str:
    """Return a Content Label; what a code string cannot hold is asked to be left out."""
    label = _text(value, "label", LONGEST_LABEL).upper()
    if not label or not set(label) <= LABEL_CHARACTERS:
        raise InvalidContent(f"label is not 1 to {LONGEST_LABEL} letters A to Z, digits, spaces and _.")
    return label


def _text(value: object, name: str, longest: int) -> str:
    if not isinstance(value, str) or len(value) > longest or not value.isprintable() or "\\" in value:
        raise InvalidContent(f"{name} is not a line of up to {longest} characters.")
    return value.strip()


def _choice(value: object, name: str, choices: Any) -> str:
    if not isinstance(value, str) or value not in choices:
        raise InvalidContent(f"{name} is none of those that there are.")
    return value


def _flag(value: object, name: str) -> bool:
    if not isinstance(value, bool):
        raise InvalidContent(f"{name} is neither true nor false.")
    return value


def _whole(value: object, name: str, least: int, most: int) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
        raise InvalidContent(f"{name} is not a whole number within bounds.")
    return value


def _number(value: object, name: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise InvalidContent(f"{name} is not a number.")
    try:
        number = float(value)
    except OverflowError as error:
        raise InvalidContent(f"{name} is too large.") from error
    if not math.isfinite(number) or abs(number) > FARTHEST:
        raise InvalidContent(f"{name} is too large.")
    return number

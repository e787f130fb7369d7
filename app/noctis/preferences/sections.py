"""What the sections of a user's preferences may hold, checked at the edge.

Every section names its ``format``; a release that changes what a section holds raises it, and reads the one before.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError
from pydantic.alias_generators import to_camel

LARGEST: Final = 256 * 1024
DEEPEST: Final = 32

HandTool = Literal["window", "scroll", "pan", "zoom", "locate"]
Word = Annotated[str, StringConstraints(pattern=r"^[a-z0-9-]{1,64}$")]
Modality = Annotated[str, StringConstraints(pattern=r"^[A-Z0-9_]{1,16}$")]
Key = Annotated[str, StringConstraints(pattern=r"^(Shift\+)?([!-~]|[A-Z][A-Za-z]{0,15}[0-9]{0,2}| )$")]
Number = Annotated[float, Field(ge=-1e6, le=1e6, allow_inf_nan=False)]
Width = Annotated[float, Field(gt=0, le=1e6, allow_inf_nan=False)]


class InvalidSection(Exception):
    """The section cannot be kept; the text names the part that is wrong, never its value."""


class Strict(BaseModel):
    """A misspelt member is an error, not ignored."""

    model_config = ConfigDict(extra="forbid", strict=True, alias_generator=to_camel)


class WindowPreset(Strict):
    """A window with a name, and the digit that sets it."""

    label: Annotated[str, StringConstraints(pattern=r"^\S(.{0,38}\S)?$")]
    center: Number
    width: Width
    key: Annotated[str, StringConstraints(pattern=r"^[1-9]?$")] = ""


class Mouse(Strict):
    """What the buttons and the wheel do; the left button follows the chosen tool."""

    middle: HandTool | None = None
    right: HandTool | None = None
    wheel: Literal["scroll", "zoom"] | None = None


class Overlays(Strict):
    """The words over the image."""

    shown: bool | None = None
    size: Literal["small", "medium", "large"] | None = None


class ViewerSection(Strict):
    """The viewer's own section; what is absent or null stands as the viewer has it by default."""

    format: Literal[1]
    presets: Annotated[dict[Modality, Annotated[list[WindowPreset], Field(max_length=20)]], Field(max_length=40)] = {}
    mouse: Mouse = Mouse()
    overlays: Overlays = Overlays()
    cine_rate: Annotated[int, Field(ge=1, le=60)] | None = None
    tool: Word | None = None
    single_keys: bool | None = None
    keys: Annotated[dict[Word, Annotated[list[Key], Field(max_length=4)]], Field(max_length=300)] = {}
    follow: Annotated[dict[Word, bool], Field(max_length=20)] = {}


class WorklistSection(Strict):
    """What the worklist shows: its columns in their order, and the saved filter that it opens with."""

    format: Literal[1]
    columns: Annotated[list[Word], Field(max_length=40)] = []
    opens_with: Annotated[int, Field(ge=1, le=2**53)] | None = None


def checked(name: str, sent: object) -> dict[str, Any]:
    """Return the section as it is kept. Raises KeyError for a section that nobody owns, InvalidSection."""
    check = SECTIONS[name]
    if not isinstance(sent, dict):
        raise InvalidSection("A section is an object.")
    _require_storable(sent)
    return check(sent)


def _require_storable(sent: dict[str, Any]) -> None:
    """Refuse what a database cannot keep as JSON: NUL, half a character, an infinite number, endless nesting."""
    try:
        written = json.dumps(sent, allow_nan=False, ensure_ascii=False)
        size = len(written.encode())
    except (ValueError, RecursionError) as error:
        raise InvalidSection("The section holds something that is no plain text or number.") from error
    if size > LARGEST:
        raise InvalidSection(f"The section is larger than {LARGEST // 1024} KiB.")
    if any("\0" in text for text in _texts(sent, DEEPEST)):
        raise InvalidSection("The section holds a character that is no text.")


def _texts(value: object, depth: int) -> list[str]:
    if depth == 0:
        raise InvalidSection("The section is nested too deeply.")
    if isinstance(value, str):
        return [value]
    if isinstance(value, dict):
        return [text for name, item in value.items() for text in (name, *_texts(item, depth - 1))]
    if isinstance(value, list):
        return [text for item in value for text in _texts(item, depth - 1)]
    return []


def _viewer(sent: dict[str, Any]) -> dict[str, Any]:
    return _of_model(ViewerSection, sent)


def _worklist(sent: dict[str, Any]) -> dict[str, Any]:
    return _of_model(WorklistSection, sent)


def _of_model(model: type[ViewerSection | WorklistSection], sent: dict[str, Any]) -> dict[str, Any]:
    try:
        section = model.model_validate(sent)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        raise InvalidSection(f"{place}: {first['msg']}") from error
    return section.model_dump(by_alias=True, exclude_none=True, exclude_defaults=True) | {"format": section.format}


def _hanging(sent: dict[str, Any]) -> dict[str, Any]:
    if sent.get("format") != 1:
        raise InvalidSection("format: should be 1")
    return sent


SECTIONS: Final[Mapping[str, Callable[[dict[str, Any]], dict[str, Any]]]] = {
    "viewer": _viewer,
    "hanging": _hanging,
    "worklist": _worklist,
}

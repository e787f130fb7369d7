"""Hanging protocols: files that say how a kind of study is laid out, the appliance's own and those of the site.

What the words of a file mean is told in docs/viewer.md; the viewer's `study/hanging*.ts` applies them.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Final, Literal

from django.conf import settings
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator
from pydantic.alias_generators import to_camel

OWN_DIRECTORY: Final = Path(__file__).parent / "hanging_protocols"
LARGEST_FILE: Final = 256 * 1024
logger = logging.getLogger(__name__)


def _pattern(text: str) -> str:
    try:
        re.compile(text)
    except re.error as error:
        raise ValueError(f"is no regular expression: {error}") from error
    return text


Text = Annotated[str, Field(min_length=1, max_length=100)]
Pattern = Annotated[str, Field(min_length=1, max_length=500), AfterValidator(_pattern)]
Count = Annotated[int, Field(ge=1)]
Side = Annotated[int, Field(ge=1, le=4)]
Modality = Annotated[str, Field(pattern=r"^([A-Z0-9 _]{1,16}|\*)$")]


class _Part(BaseModel):
    """A part of a file; a word that is not known is a mistake, never ignored."""

    model_config = ConfigDict(extra="forbid", alias_generator=to_camel, frozen=True)


class Match(_Part):
    """Which studies a protocol is for; what is left out does not matter."""

    modalities: tuple[Modality, ...] = Field(min_length=1)
    body_parts: tuple[Text, ...] = ()
    description: Pattern | None = None
    min_series: Count | None = None
    max_series: Count | None = None
    min_images: Count | None = None
    max_images: Count | None = None
    views: tuple[Text, ...] = ()
    prior: bool | None = None


class Rule(_Part):
    """Which series or image a slot shows."""

    study: Literal["current", "prior"] = "current"
    modalities: tuple[Modality, ...] = ()
    description: Pattern | None = None
    not_description: Pattern | None = None
    plane: Literal["axial", "coronal", "sagittal"] | None = None
    views: tuple[Text, ...] = ()
    laterality: Literal["L", "R"] | None = None
    clip: bool | None = None
    min_images: Count | None = None
    max_images: Count | None = None
    pick: Literal["first", "last", "largest"] = "first"


class Window(_Part):
    """A window in the units of the modality."""

    center: float
    width: float = Field(gt=0)


class Slot(_Part):
    """One viewport: the first rule that finds something decides."""

    label: Text
    show: tuple[Rule, ...] = Field(min_length=1)
    window: Text | Window | None = None
    zoom: float | None = Field(default=None, ge=0.1, le=20)
    align: Literal["left", "right"] | None = None
    image: Literal["first", "middle", "last"] | None = None
    sync: Text | None = None
    reuse: bool = False


class Stage(_Part):
    """One arrangement of the screen, row by row."""

    name: Text
    rows: Side
    columns: Side
    slots: tuple[Slot, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _slots_fit(self) -> Stage:
        if len(self.slots) > self.rows * self.columns:
            raise ValueError(f"{len(self.slots)} slots do not fit into {self.rows} × {self.columns}")
        return self


class HangingProtocol(_Part):
    """A file."""

    id: str = Field(pattern=r"^[a-z0-9][a-z0-9-]{0,63}$")
    name: Text
    priority: int = Field(default=50, ge=0, le=100)
    match: Match
    stages: tuple[Stage, ...] = Field(min_length=1, max_length=16)


class UnusableFile(Exception):
    """A file holds no hanging protocol; the text says what is wrong, and where."""


def hanging_protocols() -> list[dict[str, Any]]:
    """Return every protocol as the viewer reads it; a site's takes the place of ours with the same ``id``.

    A file that is wrong is left out, and the log says why: the others must go on to work.
    """
    found: dict[str, HangingProtocol] = {}
    for path in _files():
        try:
            protocol = read(path)
        except UnusableFile as error:
            logger.warning("hanging protocol %s is not used: %s", path, error)
            continue
        found[protocol.id] = protocol
    return [protocol.model_dump(mode="json", by_alias=True, exclude_defaults=True) for protocol in found.values()]


def problems() -> Iterator[tuple[Path, str]]:
    """Yield each of the site's files that cannot be used, and why."""
    directory = settings.NOCTIS_HANGING_PROTOCOLS_DIR
    if directory and not Path(directory).is_dir():
        yield Path(directory), "there is no such directory"
    for path in _files():
        try:
            read(path)
        except UnusableFile as error:
            yield path, str(error)


def read(path: Path) -> HangingProtocol:
    """Read one file; raises UnusableFile."""
    try:
        if path.stat().st_size > LARGEST_FILE:
            raise UnusableFile("it is larger than a protocol can be")
        return HangingProtocol.model_validate_json(path.read_bytes())
    except OSError as error:
        raise UnusableFile(error.strerror or "it cannot be read") from error
    except ValidationError as error:
        raise UnusableFile("; ".join(_mistakes(error))) from error


def _mistakes(error: ValidationError) -> Iterator[str]:
    for mistake in error.errors(include_url=False, include_input=False):
        place = ".".join(str(part) for part in mistake["loc"])
        yield f"{place}: {mistake['msg']}" if place else mistake["msg"]


def _files() -> list[Path]:
    """Return our files, then the site's."""
    directories = [OWN_DIRECTORY]
    if settings.NOCTIS_HANGING_PROTOCOLS_DIR:
        directories.append(Path(settings.NOCTIS_HANGING_PROTOCOLS_DIR))
    return [path for directory in directories for path in sorted(directory.glob("*.json"))]

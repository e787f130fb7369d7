"""Which kinds of file may be attached, told by their content and never by their name."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Final

import filetype

from noctis.env import ConfigurationError

TEXT: Final = "text/plain"
_OFFICE = "application/vnd.openxmlformats-officedocument"
_OPEN_DOCUMENT = "application/vnd.oasis.opendocument"
# Each with the extensions that a file of it may carry; the first is given to one with any other.
EXTENSIONS: Final[dict[str, tuple[str, ...]]] = {
    "application/pdf": ("pdf",),
    "image/jpeg": ("jpg", "jpeg"),
    "image/png": ("png",),
    "image/tiff": ("tif", "tiff"),
    "image/webp": ("webp",),
    TEXT: ("txt", "csv", "log", "md"),
    "application/rtf": ("rtf",),
    f"{_OFFICE}.wordprocessingml.document": ("docx",),
    f"{_OFFICE}.spreadsheetml.sheet": ("xlsx",),
    f"{_OPEN_DOCUMENT}.text": ("odt",),
    f"{_OPEN_DOCUMENT}.spreadsheet": ("ods",),
}
PREVIEWED_IMAGES: Final = frozenset({"image/jpeg", "image/png", "image/tiff", "image/webp"})

_HEAD = 8192  # bytes that the library looks at
_CHUNK = 1024 * 1024
_CONTROLS = bytes(set(range(32)) - set(b"\t\n\r\f")) + b"\x7f"


def read_media_types(name: str, words: Iterable[str]) -> frozenset[str]:
    """Check the setting ``name``: types that this module can tell. Raises ConfigurationError."""
    wanted = frozenset(words)
    if unknown := sorted(wanted - set(EXTENSIONS)):
        raise ConfigurationError(f"{name} holds {unknown[0]!r}; it may hold {', '.join(EXTENSIONS)}.")
    return wanted


def media_type_of(path: Path) -> str | None:
    """Return the media type of a file by its content, None for one that is not known here."""
    with path.open("rb") as file:
        head = file.read(_HEAD)
    kind = filetype.guess(head)
    if kind is not None and kind.mime in EXTENSIONS:
        return str(kind.mime)
    return TEXT if _is_text(path) else None


def _is_text(path: Path) -> bool:
    """Whether a file holds no control character: text in any encoding that keeps ASCII in its place."""
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            if len(chunk.translate(None, _CONTROLS)) != len(chunk):
                return False
    return True

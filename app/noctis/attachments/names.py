"""The names of attached files: words for people, never a path."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

from noctis.attachments.media_types import EXTENSIONS

LONGEST: Final = 150
# Controls, the invisible characters that turn the direction of writing, halves of characters, line separators.
_UNSEEN: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})


def clean_name(sent: str) -> str:
    """Return the last part of a path without characters that nobody sees; never empty."""
    last = re.split(r"[/\\]", unicodedata.normalize("NFC", sent))[-1]
    seen = "".join(character for character in last if unicodedata.category(character) not in _UNSEEN)
    name = " ".join(seen.split()).strip(". ")
    if len(name) > LONGEST:
        stem, dot, extension = name.rpartition(".")
        name = f"{stem[: LONGEST - len(extension) - 1]}.{extension}" if dot and len(extension) <= 8 else name[:LONGEST]  # noqa: PLR2004
    return name or "File"


def download_name(name: str, media_type: str) -> str:
    """Return the name under which a file is saved: its extension always says what the content is."""
    extensions = EXTENSIONS[media_type]
    if name.rpartition(".")[2].lower() in extensions and "." in name:
        return name
    return f"{name}.{extensions[0]}"

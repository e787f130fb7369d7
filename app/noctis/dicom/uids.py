"""Unique identifiers: which texts are valid (PS3.5 9.1) and identifiers derived from a name (PS3.5 B.2)."""

from __future__ import annotations

import re
import uuid

MAX_UID_LENGTH = 64
UUID_ROOT = "2.25"

_COMPONENT = r"(?:0|[1-9][0-9]*)"
_UID = re.compile(rf"{_COMPONENT}(?:\.{_COMPONENT})*", re.ASCII)
_NAMESPACE = uuid.UUID("6f1d4e0c-6f5e-5a0c-9d6c-4e6f63746973")


def is_valid_uid(text: str) -> bool:
    """Tell whether ``text`` is a UID: 1 to 64 characters, digits and dots, no component with a leading zero.

    A valid UID holds nothing that a file system or a URL could take for something else.
    """
    return len(text) <= MAX_UID_LENGTH and _UID.fullmatch(text) is not None


def without_padding(text: str) -> str:
    """Return ``text`` without the NUL or space that pads a UID to even length (PS3.5 9.1)."""
    return text.rstrip("\0 ")


def uid_from_name(*parts: str | int) -> str:
    """Return the UID that always belongs to ``parts``, made from a version 5 UUID below the root 2.25 (PS3.5 B.2)."""
    name = "\x1f".join(str(part) for part in parts)
    return f"{UUID_ROOT}.{uuid.uuid5(_NAMESPACE, name).int}"

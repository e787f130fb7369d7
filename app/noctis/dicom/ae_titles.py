"""Application Entity titles: the AE value representation (PS3.5 6.2)."""

from __future__ import annotations

MAX_AE_TITLE_LENGTH = 16
_FIRST_PRINTABLE, _LAST_PRINTABLE = " ", "~"


class AeTitleError(ValueError):
    """A text cannot be an AE title; the message says why, in words for a form."""


def normalise_ae_title(text: str) -> str:
    """Return ``text`` as an AE title without its padding: spaces around it are not significant, case is.

    Raises AeTitleError where it is empty, longer than 16 characters, or holds a backslash, a control character or
    anything that is not ASCII.
    """
    title = text.strip(" ")
    if not title:
        raise AeTitleError("An AE title needs at least one character.")
    if len(title) > MAX_AE_TITLE_LENGTH:
        raise AeTitleError(f"An AE title has at most {MAX_AE_TITLE_LENGTH} characters.")
    if any(character == "\\" or not _FIRST_PRINTABLE <= character <= _LAST_PRINTABLE for character in title):
        raise AeTitleError("An AE title holds only printable ASCII characters and no backslash.")
    return title


def is_valid_ae_title(text: str) -> bool:
    """Tell whether ``text`` is an AE title once its padding is taken off."""
    try:
        normalise_ae_title(text)
    except AeTitleError:
        return False
    return True

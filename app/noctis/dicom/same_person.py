"""Whether two statements about a patient may be about one person: in doubt they are not (PS3.5 6.2.1)."""

from __future__ import annotations

import unicodedata
from itertools import zip_longest
from typing import Final

from noctis.dicom.matching import fold

_GROUPS: Final = 3
_COMPONENTS: Final = 5
_PREFIX: Final = 3  # “Dr” tells nobody from anybody


def is_same_name(one: str, other: str) -> bool:
    """Tell whether two names, 'Family^Given=Ideographic=Phonetic', are written differently at most.

    Case, width, padding, repeated spaces and the prefix do not count. Accents do, unless one of the two is in plain
    ASCII, as by a device that knows no other characters. Component groups are compared where both names have them; two
    names without a common group are not the same.
    """
    have_common_group = False
    nothing: list[str] = []
    for mine, theirs in zip_longest(_groups(one), _groups(other), fillvalue=nothing):
        if any(mine) and any(theirs):
            have_common_group = True
            if not all(_is_same_component(*pair) for pair in zip(mine, theirs, strict=True)):
                return False
    return have_common_group


def _groups(name: str) -> list[list[str]]:
    return [_components(group) for group in name.split("=")[:_GROUPS]]


def _components(group: str) -> list[str]:
    parts = [*group.split("^"), *[""] * _COMPONENTS][:_COMPONENTS]
    parts[_PREFIX] = ""
    return [" ".join(unicodedata.normalize("NFKC", part).casefold().split()) for part in parts]


def _is_same_component(one: str, other: str) -> bool:
    return one == other or (one.isascii() != other.isascii() and fold(one) == fold(other))

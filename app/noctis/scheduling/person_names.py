"""Names of people between a form's fields and DICOM's PN (PS3.5 6.2.1.1): what no field shows is kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from noctis.dicom.attributes import person_name_display

COMPONENTS: Final = 5
# The fields of a patient's name: its component group and its place there.
NAME_FIELDS: Final = {
    "family": (0, 0),
    "given": (0, 1),
    "middle": (0, 2),
    "name_prefix": (0, 3),
    "name_suffix": (0, 4),
    "ideographic_family": (1, 0),
    "ideographic_given": (1, 1),
    "phonetic_family": (2, 0),
    "phonetic_given": (2, 1),
}


def name_parts(name: str) -> dict[str, str]:
    """Return the fields of a name."""
    groups = _groups(name)
    return {field: groups[group][place] for field, (group, place) in NAME_FIELDS.items()}


def joined_name(parts: Mapping[str, str], former: str = "") -> str:
    """Return the name that fields make; what they do not show is kept from ``former``."""
    groups = _groups(former)
    for field, (group, place) in NAME_FIELDS.items():
        groups[group][place] = parts.get(field, "").strip()
    return _joined(groups)


def name_as_typed(name: str) -> str:
    """Return a name as one field shows it: 'Family, Given'."""
    return person_name_display(name)


def typed_name(text: str, former: str = "") -> str:
    """Return the name that 'Family, Given Middle' means; ``former`` where the field still shows that."""
    text = " ".join(text.split())
    if former and text == name_as_typed(former):
        return former
    family, _, rest = text.partition(",")
    given, _, middle = rest.strip().partition(" ")
    return f"{family.strip()}^{given}^{middle.strip()}".rstrip("^")


def _groups(name: str) -> list[list[str]]:
    groups = (*name.split("="), "", "")[:3]
    return [[*(part.strip() for part in group.split("^")), *[""] * COMPONENTS][:COMPONENTS] for group in groups]


def _joined(groups: Sequence[Sequence[str]]) -> str:
    return "=".join("^".join(group).rstrip("^") for group in groups).rstrip("=")

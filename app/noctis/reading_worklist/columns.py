"""Which columns a reader sees, and in which order: everybody's own choice, kept with their preferences."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from noctis.accounts.models import User
from noctis.preferences.actions import keep_section
from noctis.preferences.models import Preferences
from noctis.preferences.sections import checked
from noctis.reading_worklist.paging import BY_FACILITY, COLUMNS, Column

SECTION: Final = "worklist"
# Who somebody is stands on every row.
ALWAYS: Final = "patient"
BORN: Final = ("born", "Born")


@dataclass(frozen=True)
class ShownColumn:
    """A column of the table; without ``sorts`` its heading does not sort."""

    key: str
    label: str
    sorts: Column | None = None

    @property
    def is_fixed(self) -> bool:
        """Whether it cannot be left out."""
        return self.key == ALWAYS


def _usual() -> tuple[ShownColumn, ...]:
    found: list[ShownColumn] = []
    for column in COLUMNS:
        found.append(ShownColumn(column.key, column.label, column))
        if column.key == "id":
            found.append(ShownColumn(*BORN))
    return tuple(found)


USUAL: Final = _usual()
# What the width of a reading station has no room for until somebody asks for it.
LEFT_OUT: Final = frozenset({"accession", "body"})
_BY_KEY: Final = {column.key: column for column in USUAL}


def offered_to(user: User) -> list[ShownColumn]:
    """Return the columns ``user`` can have, in the usual order."""
    return [column for column in USUAL if column.sorts is not BY_FACILITY or user.sees_all_facilities]


def columns_of(user: User) -> list[ShownColumn]:
    """Return the columns that ``user`` chose, the usual ones before any choice."""
    if kept := kept_section(user).get("columns"):
        return _chosen(kept, user)
    return [column for column in offered_to(user) if column.key not in LEFT_OUT]


def choices_of(user: User, shown: Sequence[ShownColumn]) -> list[tuple[ShownColumn, bool]]:
    """Return every column, whether it is shown: those that are first, as the user ordered them."""
    left_out = [column for column in offered_to(user) if column not in shown]
    return [*((column, True) for column in shown), *((column, False) for column in left_out)]


def choose_columns(keys: Sequence[str], *, acting_user: User) -> None:
    """Keep which columns the user wants, in this order; without any, the usual ones."""
    columns = [column.key for column in _chosen(keys, acting_user)] if keys else []
    keep_part("columns", columns, acting_user=acting_user)


def keep_part(name: str, value: object, *, acting_user: User) -> None:
    """Replace one part of what the user prefers of the worklist."""
    section = {**kept_section(acting_user), "format": 1, name: value}
    keep_section(SECTION, checked(SECTION, section), acting_user=acting_user)


def kept_section(user: User) -> dict[str, Any]:
    """Return what the user prefers of the worklist."""
    found: dict[str, Any] = Preferences.sections_of(user).get(SECTION, {})
    return found


def _chosen(keys: Sequence[str], user: User) -> list[ShownColumn]:
    offered = offered_to(user)
    found = [_BY_KEY[key] for key in dict.fromkeys(keys) if key in _BY_KEY and _BY_KEY[key] in offered]
    return found if any(column.is_fixed for column in found) else [_BY_KEY[ALWAYS], *found]

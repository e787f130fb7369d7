"""What figures are grouped by: modality, facility, reader, time."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.db.models import Case, CharField, F, QuerySet, Value, When
from django.db.models.expressions import Combinable
from django.utils import timezone

from noctis.accounts.models import Facility, User
from noctis.dashboards.scope import Scope

# Which modality a study counts for that has several: the one that tells most about it; documents and the like last.
RANKING: Final = ("PT", "NM", "MG", "XA", "RF", "MR", "CT", "US", "DX", "CR", "PX", "IO", "ES")
ACCOMPANYING: Final = frozenset(
    {"SR", "PR", "KO", "DOC", "SEG", "REG", "OT", "SC", "AU", "RTSTRUCT", "FID", "RWV", "PLAN"}
)
WITHOUT: Final = "(none)"


@dataclass(frozen=True)
class Rows:
    """What is grouped: rows, the moment that counts of them, and the path from them to what tells of their study."""

    scope: Scope
    found: QuerySet[Any]
    moment: str
    path: str = ""


@dataclass(frozen=True)
class Grouping:
    """A way to group rows: ``label`` heads the column, ``expression`` is the group, ``names`` calls each by name."""

    label: str
    expression: Callable[[Rows], Combinable]
    names: Callable[[Iterable[Any]], dict[Any, str]]
    in_time: bool = False


def main_modality(modalities: str) -> str:
    """Return the modality that a study with these, separated by backslashes, counts for."""
    given = [part for part in modalities.split("\\") if part]
    telling = [part for part in given if part not in ACCOMPANYING] or given
    ranked = [part for part in RANKING if part in telling]
    return (ranked or telling or [WITHOUT])[0]


def _modality(rows: Rows) -> Combinable:
    """Group in the database: it has few combinations of modalities, however many studies."""
    name = f"{rows.path}modalities"
    combinations = rows.found.order_by().values_list(name, flat=True).distinct()
    branches: dict[str, list[str]] = {}
    for modalities in combinations:
        branches.setdefault(main_modality(modalities), []).append(modalities)
    cases = [When(**{f"{name}__in": given}, then=Value(main)) for main, given in sorted(branches.items())]
    return Case(*cases, default=Value(WITHOUT), output_field=CharField())


def _by_themselves(groups: Iterable[Any]) -> dict[Any, str]:
    return {group: str(group) for group in groups}


def _facility_names(groups: Iterable[Any]) -> dict[Any, str]:
    return dict(Facility.objects.filter(pk__in=[group for group in groups if group]).values_list("pk", "name"))


def _reader_names(groups: Iterable[Any]) -> dict[Any, str]:
    return {user.pk: str(user) for user in User.objects.filter(pk__in=[group for group in groups if group])}


def _days(groups: Iterable[datetime]) -> dict[Any, str]:
    return {group: timezone.localtime(group).date().isoformat() for group in groups}


BY_MODALITY: Final = Grouping("Modality", _modality, _by_themselves)
BY_FACILITY: Final = Grouping("Facility", lambda rows: F(f"{rows.path}facility_id"), _facility_names)
BY_READER: Final = Grouping("Reader", lambda _: F("signed_by_id"), _reader_names)
OVER_TIME: Final = Grouping("From", lambda rows: rows.scope.bucket(rows.moment), _days, in_time=True)

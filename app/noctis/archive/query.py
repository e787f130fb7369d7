"""The query engine behind C-FIND and QIDO-RS: which entities of a level answer some keys (PS3.4 C.4.1.3).

A query never runs without a scope: who asks decides which rows there are. Rows stream from the database; no step keeps
more than a few hundred of them, and none reads a file.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, time
from itertools import islice
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from django.db import connections
from django.db.models import Aggregate, Count, Expression, Model, OuterRef, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce

from noctis.accounts.models import Facility, User
from noctis.accounts.visibility import FacilityScopedQuerySet
from noctis.archive.models import Instance, Patient, Series, SeriesRequest, Study
from noctis.archive.query_attributes import ATTRIBUTES_AT, NO_KEYS, REQUEST_ATTRIBUTES, Attribute, Kind, Level
from noctis.archive.query_conditions import Check, Criteria, Keys, conditions, read_criteria

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

# What an attribute of a found entity holds; the dictionaries are the items of a sequence, by keyword.
Value: TypeAlias = "str | int | date | time | tuple[str, ...] | tuple[dict[str, str], ...] | None"
Row: TypeAlias = tuple[Any, ...]
# Narrows the rows of a model to those that the asker may see.
Scope: TypeAlias = Callable[[FacilityScopedQuerySet[Any]], QuerySet[Any]]

CHUNK: Final = 200
MODELS: Final[Mapping[Level, type[Model]]] = {
    Level.PATIENT: Patient,
    Level.STUDY: Study,
    Level.SERIES: Series,
    Level.IMAGE: Instance,
}
ORDERS: Final[Mapping[Level, tuple[str, ...]]] = {
    Level.PATIENT: ("-id",),
    Level.STUDY: ("-study_date", "-study_time", "-id"),
    Level.SERIES: ("-study_id", "series_number", "id"),
    Level.IMAGE: ("-series_id", "instance_number", "id"),
}
_TOTALS: Final[Mapping[str, Aggregate]] = {
    "NumberOfPatientRelatedStudies": Count("pk"),
    "NumberOfPatientRelatedSeries": Sum("series_count"),
    "NumberOfPatientRelatedInstances": Sum("instance_count"),
}


def seen_by_facility(facility: Facility) -> Scope:
    """Return the scope of an application entity of ``facility``."""
    return lambda rows: rows.visible_to_facility(facility)


def seen_by(user: User | AnonymousUser) -> Scope:
    """Return the scope of ``user``."""
    return lambda rows: rows.visible_to(user)


@dataclass(frozen=True)
class Query:
    """What is asked at a level; each row that it finds holds the values of ``attributes``, in their order.

    ``unsupported`` names the keys that are none of ours; they are ignored.
    """

    level: Level
    attributes: tuple[Attribute, ...]
    criteria: Criteria
    unsupported: frozenset[str] = frozenset()

    def rows(self, scope: Scope, *, offset: int = 0, limit: int | None = None) -> Iterator[Row]:
        """Yield what ``scope`` shows of the entities that match, without the first ``offset``, up to ``limit``."""
        known = ATTRIBUTES_AT[self.level]
        wanted, checks = conditions(self.criteria, known)
        asked = {attribute.keyword: attribute for attribute in self.attributes}
        read = asked | {check.attribute.keyword: check.attribute for check in checks}
        totals = _totals([*read.values(), *(known[keyword] for keyword in self.criteria)], scope)
        visible = scope(MODELS[self.level]._default_manager.all())  # type: ignore[arg-type]  # noqa: SLF001  (the public name)
        found = visible.annotate(**totals).filter(wanted).order_by(*ORDERS[self.level])
        end = None if limit is None else offset + limit
        if not checks:
            found, offset, end = found[offset:end], 0, None
        return islice(_rows(found, list(read.values()), checks, width=len(asked)), offset, end)


def new_query(level: Level, keys: Keys, wanted: Iterable[str], *, combine_times: bool) -> Query:
    """Return the query for the entities of ``level`` that answer ``keys``, to return the attributes ``wanted``.

    ``combine_times`` makes one period of a range of dates and one of times. Raises InvalidKey.
    """
    known = ATTRIBUTES_AT[level]
    wanted = list(dict.fromkeys(wanted))
    matchable = {keyword: attribute for keyword, attribute in known.items() if keyword not in NO_KEYS}
    unknown = {keyword for keyword in (*keys, *wanted) if keyword not in known} - NO_KEYS
    for keyword, values in keys.items():
        if isinstance(values, Mapping) and not REQUEST_ATTRIBUTES.keys() >= values.keys():
            unknown.add(keyword)
    return Query(
        level=level,
        attributes=tuple(known[keyword] for keyword in wanted if keyword in known),
        criteria=read_criteria(keys, matchable, combine_times=combine_times),
        unsupported=frozenset(unknown),
    )


def _rows(
    found: QuerySet[Any], attributes: Sequence[Attribute], checks: Sequence[Check], *, width: int
) -> Iterator[Row]:
    """Yield the first ``width`` values of each row that passes the checks."""
    positions = [(next(n for n, one in enumerate(attributes) if one == check.attribute), check) for check in checks]
    with connections[found.db].wrap_database_errors:  # an error of the driver may come out of a closing cursor
        for row in _values(found, attributes):
            if all(check.accepts(row[position]) for position, check in positions):
                yield row[:width]


def _values(found: QuerySet[Any], attributes: Sequence[Attribute]) -> Iterator[Row]:
    """Yield the values of ``attributes``; a sequence costs one more query for each chunk of rows."""
    sources = [attribute.source for attribute in attributes] or ["pk"]
    raw: Iterator[Row] = iter(found.values_list(*sources).iterator(chunk_size=CHUNK))
    if all(attribute.kind in {Kind.VALUE, Kind.TOTAL} for attribute in attributes):
        yield from raw
        return
    while chunk := list(islice(raw, CHUNK)):
        columns = [
            _converted(attribute, column)
            for attribute, column in zip(attributes, zip(*chunk, strict=True), strict=True)
        ]
        yield from zip(*columns, strict=True)


def _converted(attribute: Attribute, column: Sequence[Any]) -> Sequence[Value]:
    """Return the values of one attribute in a chunk of rows."""
    if attribute.kind is Kind.LIST:
        return [tuple(filter(None, value.split("\\"))) for value in column]
    if attribute.kind is Kind.NUMBER_ABOVE_ZERO:
        return [value or None for value in column]
    if attribute.kind is Kind.REQUESTS:
        requests = _requests(column)
        return [tuple(requests.get(series_id, ())) for series_id in column]
    return column


def _requests(series_ids: Iterable[int]) -> dict[int, list[dict[str, str]]]:
    """Return the items of the Request Attributes Sequence of several series."""
    items: dict[int, list[dict[str, str]]] = {}
    for request in SeriesRequest.objects.filter(series__in=set(series_ids)).order_by("pk"):
        values = {keyword: getattr(request, one.column) for keyword, one in REQUEST_ATTRIBUTES.items()}
        items.setdefault(request.series_id, []).append(values)
    return items


def _totals(attributes: Iterable[Attribute], scope: Scope) -> dict[str, Expression]:
    """Return how the database counts what belongs to a patient."""
    return {
        attribute.keyword: Coalesce(
            Subquery(
                scope(Study.objects.all())
                .filter(patient=OuterRef(attribute.column))
                .order_by()
                .values("patient")
                .annotate(total=_TOTALS[attribute.keyword])
                .values("total")
            ),
            0,
        )
        for attribute in attributes
        if attribute.kind is Kind.TOTAL
    }

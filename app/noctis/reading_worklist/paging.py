"""Pages by key: each begins after the last study of the one before, so the last page costs as little as the first."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from django.db import connection
from django.db.models import Q

from noctis.accounts.models import Facility
from noctis.accounts.visibility import FacilityScopedQuerySet
from noctis.reading_worklist.models import ReadingTask

PAGE_SIZE: Final = 50
COUNT_LIMIT: Final = 1000


@dataclass(frozen=True)
class Column:
    """A heading that sorts: the fields it sorts by, before the primary key, and the direction it starts with."""

    key: str
    label: str
    fields: tuple[str, ...]
    descending_first: bool = False


BY_FACILITY: Final = Column("facility", "Facility", ("facility__name",))
COLUMNS: Final = (
    Column("priority", "Priority", ("priority", "due_at")),
    Column("patient", "Patient", ("patient_name",)),
    Column("id", "ID", ("patient_identifier",)),
    Column("date", "Study date", ("study_date", "study_time"), descending_first=True),
    Column("modality", "Modality", ("modalities",)),
    Column("body", "Body part", ("body_parts",)),
    Column("description", "Description", ("description",)),
    Column("images", "Images", ("instance_count",), descending_first=True),
    Column("status", "Status", ("status", "priority", "due_at")),
    Column("reader", "Reader", ("assignee_name",)),
    Column("due", "Due", ("due_at",)),
    Column("accession", "Accession", ("accession_number",)),
    BY_FACILITY,
    Column("received", "Received", ("received_at",), descending_first=True),
)
DEFAULT_COLUMN: Final = COLUMNS[-1]
_BY_KEY: Final = {column.key: column for column in COLUMNS}


@dataclass(frozen=True)
class Order:
    """A column and a direction; studies without a value stand where the database's indexes have them."""

    column: Column = DEFAULT_COLUMN
    descending: bool = True

    @classmethod
    def parse(cls, sort: str | None, direction: str | None) -> Order:
        """Return the order that a URL names, the newest arrivals first where it names none."""
        column = _BY_KEY.get(sort or "")
        if column is None:
            return cls()
        descending = direction == "desc" if direction in ("asc", "desc") else column.descending_first
        return cls(column, descending)

    @property
    def direction(self) -> str:
        """The direction as a URL names it."""
        return "desc" if self.descending else "asc"

    @property
    def reversed(self) -> Order:
        """The same column the other way round."""
        return Order(self.column, not self.descending)

    @property
    def query(self) -> str:
        """The order as part of a URL."""
        return f"sort={self.column.key}&dir={self.direction}"

    def order_by(self) -> list[str]:
        """Return the terms for ``order_by``, as the indexes have them."""
        return self._signed(self.column.fields)

    def ranges(self, cursor: ReadingTask | None) -> Iterator[tuple[Q, list[str]]]:
        """Yield conditions, each with its terms for ``order_by``, that together give what comes after ``cursor``.

        Each is one range of an index: 'the same date and time, a later key', then 'the same date, a later time', then
        'a later date'. A single condition for all of them would be looked up by its first column alone, and most of a
        million rows may have the same status or modality.
        """
        if self.column is BY_FACILITY:
            yield from self._ranges_of_facilities(cursor)
            return
        if cursor is None:
            yield Q(), self.order_by()
            return
        names = (*self.column.fields, "id")
        for depth in reversed(range(len(names))):
            equal = Q()
            for name in names[:depth]:
                equal &= _equals(name, getattr(cursor, name))
            for further in self._further(names[depth], getattr(cursor, names[depth])):
                yield equal & further, self.order_by()

    def _ranges_of_facilities(self, cursor: ReadingTask | None) -> Iterator[tuple[Q, list[str]]]:
        """Yield one range for each facility, by name: no index of the worklist knows the names."""
        by_name = "-name" if self.descending else "name"
        facilities = list(Facility.objects.order_by(by_name).values_list("pk", flat=True))
        if cursor is not None and cursor.facility_id in facilities:
            facilities = facilities[facilities.index(cursor.facility_id) + 1 :]
            yield Q(facility=cursor.facility_id) & self._further("id", cursor.pk)[0], self._signed([])
        for facility in facilities:
            yield Q(facility=facility), self._signed([])

    def _signed(self, fields: Sequence[str]) -> list[str]:
        sign = "-" if self.descending else ""
        return [f"{sign}{name}" for name in (*fields, "id")]

    @property
    def _absent_first(self) -> bool:
        """Whether studies without a value come first: PostgreSQL calls them the largest, SQLite the smallest."""
        return self.descending == connection.features.nulls_order_largest

    def _further(self, name: str, value: Any) -> list[Q]:
        """Return the ranges of one column beyond a value."""
        if value is None:
            return [Q(**{f"{name}__isnull": False})] if self._absent_first else []
        beyond = [Q(**{f"{name}__{'lt' if self.descending else 'gt'}": value})]
        if name in NULLABLE and not self._absent_first:
            beyond.append(Q(**{f"{name}__isnull": True}))
        return beyond


NULLABLE: Final = ("study_date", "study_time")


def _equals(name: str, value: Any) -> Q:
    return Q(**({f"{name}__isnull": True} if value is None else {name: value}))


@dataclass(frozen=True)
class Page:
    """One page of studies and whether there is more before and after it."""

    tasks: list[ReadingTask]
    order: Order
    has_previous: bool
    has_next: bool

    @property
    def next_query(self) -> str:
        """The URL's query of the page after this one."""
        return _query(self.order, f"after={self.tasks[-1].pk}")

    @property
    def previous_query(self) -> str:
        """The URL's query of the page before this one."""
        return _query(self.order, f"before={self.tasks[0].pk}")

    @property
    def first_query(self) -> str:
        """The URL's query of the first page."""
        return _query(self.order)


def page_of(
    found: FacilityScopedQuerySet[ReadingTask],
    order: Order,
    *,
    after: ReadingTask | None = None,
    before: ReadingTask | None = None,
    shown: FacilityScopedQuerySet[ReadingTask] | None = None,
) -> Page:
    """Return the page of ``found`` after or before a study, the first without either.

    ``shown`` says what is read of the rows. They are found by their keys alone first, which an index often holds with
    everything that the filter asks for.
    """
    if before is not None:
        return _page_before(found, order, before, shown)
    keys = keys_after(found, order, after, PAGE_SIZE + 1)
    rows = _rows(keys[:PAGE_SIZE], found if shown is None else shown)
    return Page(rows, order, has_previous=after is not None, has_next=len(keys) > PAGE_SIZE)


def _page_before(
    found: FacilityScopedQuerySet[ReadingTask],
    order: Order,
    before: ReadingTask,
    shown: FacilityScopedQuerySet[ReadingTask] | None,
) -> Page:
    keys = keys_after(found, order.reversed, before, PAGE_SIZE + 1)
    if len(keys) <= PAGE_SIZE:
        return page_of(found, order, shown=shown)  # a full first page, also where studies were added since
    rows = _rows(keys[:PAGE_SIZE][::-1], found if shown is None else shown)
    return Page(rows, order, has_previous=True, has_next=True)


def keys_after(
    found: FacilityScopedQuerySet[ReadingTask], order: Order, cursor: ReadingTask | None, count: int
) -> list[int]:
    """Return the primary keys of at most ``count`` rows that come after ``cursor``, or first without one."""
    keys: list[int] = []
    for condition, terms in order.ranges(cursor):
        keys += found.filter(condition).order_by(*terms).values_list("pk", flat=True)[: count - len(keys)]
        if len(keys) == count:
            break
    return keys


def _rows(keys: list[int], shown: FacilityScopedQuerySet[ReadingTask]) -> list[ReadingTask]:
    """Return the rows in the order of their keys; one that went meanwhile is left out."""
    by_key = {task.pk: task for task in shown.filter(pk__in=keys)} if keys else {}
    return [by_key[key] for key in keys if key in by_key]


def capped_count(tasks: FacilityScopedQuerySet[ReadingTask]) -> tuple[int, bool]:
    """Return how many there are, at most COUNT_LIMIT, and whether there are more: it never counts a whole table."""
    number = tasks.order_by()[: COUNT_LIMIT + 1].count()
    return min(number, COUNT_LIMIT), number > COUNT_LIMIT


def _query(order: Order, cursor: str = "") -> str:
    return "&".join(part for part in (order.query, cursor) if part)

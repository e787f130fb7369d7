"""Pages by key: each begins after the last study of the one before, so the last page costs as little as the first."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from django.db import connection
from django.db.models import Q

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
    Column("facility", "Facility", ("facility__name",)),
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
        sign = "-" if self.descending else ""
        return [f"{sign}{name}" for name in (*self.column.fields, "id")]

    def beyond(self, cursor: ReadingTask) -> Q:
        """Return the condition that a study comes after ``cursor``."""
        first = self.column.fields[0]
        condition, equal = Q(), self._not_before(first, _value(cursor, first))
        for name in (*self.column.fields, "id"):
            value = _value(cursor, name)
            condition |= equal & self._further(name, value)
            equal &= Q(**({f"{name}__isnull": True} if value is None else {name: value}))
        return condition

    @property
    def _absent_first(self) -> bool:
        """Whether studies without a value come first: PostgreSQL calls them the largest, SQLite the smallest."""
        return self.descending == connection.features.nulls_order_largest

    def _not_before(self, name: str, value: Any) -> Q:
        """Return what the database can look up in an index: it narrows nothing that ``beyond`` lets through."""
        return Q() if value is None else self._compared(name, "lte" if self.descending else "gte", value)

    def _further(self, name: str, value: Any) -> Q:
        if value is None:
            return Q(**{f"{name}__isnull": False}) if self._absent_first else NOTHING
        return self._compared(name, "lt" if self.descending else "gt", value)

    def _compared(self, name: str, comparison: str, value: Any) -> Q:
        condition = Q(**{f"{name}__{comparison}": value})
        can_be_absent = name in NULLABLE and not self._absent_first
        return condition | Q(**{f"{name}__isnull": True}) if can_be_absent else condition


NULLABLE: Final = ("study_date", "study_time")
NOTHING: Final = Q(pk__in=[])


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
    tasks: FacilityScopedQuerySet[ReadingTask],
    order: Order,
    *,
    after: ReadingTask | None = None,
    before: ReadingTask | None = None,
) -> Page:
    """Return the page after or before a study, the first without either."""
    if before is not None:
        return _page_before(tasks, order, before)
    selected = tasks if after is None else tasks.filter(order.beyond(after))
    rows = list(selected.order_by(*order.order_by())[: PAGE_SIZE + 1])
    return Page(rows[:PAGE_SIZE], order, has_previous=after is not None, has_next=len(rows) > PAGE_SIZE)


def _page_before(tasks: FacilityScopedQuerySet[ReadingTask], order: Order, before: ReadingTask) -> Page:
    backwards = order.reversed
    rows = list(tasks.filter(backwards.beyond(before)).order_by(*backwards.order_by())[: PAGE_SIZE + 1])
    if len(rows) <= PAGE_SIZE:
        return page_of(tasks, order)  # a full first page, also where studies were added since
    return Page(rows[:PAGE_SIZE][::-1], order, has_previous=True, has_next=True)


def capped_count(tasks: FacilityScopedQuerySet[ReadingTask]) -> tuple[int, bool]:
    """Return how many there are, at most COUNT_LIMIT, and whether there are more: it never counts a whole table."""
    number = tasks.order_by()[: COUNT_LIMIT + 1].count()
    return min(number, COUNT_LIMIT), number > COUNT_LIMIT


def _query(order: Order, cursor: str = "") -> str:
    return "&".join(part for part in (order.query, cursor) if part)


def _value(task: ReadingTask, name: str) -> Any:
    value: Any = task
    for part in name.split("__"):
        value = getattr(value, part)
    return value

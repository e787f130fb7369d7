"""How PostgreSQL answers the worklist: every filter and every order from an index, never by reading all rows.

A small table is read faster as a whole, so that the planner is told not to; it still does where no index serves.
"""

from __future__ import annotations

from datetime import date

import pytest
from django.db import connection

from noctis.reading_worklist.filters import WorklistFilter
from noctis.reading_worklist.models import ReadingTask
from noctis.reading_worklist.paging import BY_FACILITY, COLUMNS, COUNT_LIMIT, PAGE_SIZE, Order
from noctis.reading_worklist.tests.factories import make_study
from noctis.reading_worklist.views import visible_tasks

pytestmark = [pytest.mark.integration, pytest.mark.postgresql]

WHOLE_TABLE = "Seq Scan on reading_worklist_readingtask"
FILTERS = (
    {"text": "Doe, Jane"},
    {"text": "li"},
    {"text": "山田"},
    {"modality": "CT"},
    {"body_part": "CHEST"},
    {"from_date": "2026-01-01"},
    {"to_date": "2026-01-31"},
    {"status": "unread"},
    {"status": "done"},
    {"status": "arriving"},
    {"status": "final"},
    {"priority": "stat"},
    {"facility": "NORTH"},
    {"reader": "me"},
    {"reader": "nobody"},
)
ORDERS = [Order(column, descending) for column in COLUMNS for descending in (True, False)]


@pytest.fixture
def tasks(people):
    for number in range(12):
        make_study(people.north, f"Doe^Jane-{number}", modalities="CT\\SR", study_date=date(2026, 1, 1 + number))
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")


def plan(rows) -> str:
    return str(rows.explain())


@pytest.mark.parametrize("who", ["administrator", "owner"])
@pytest.mark.parametrize("asked", FILTERS, ids=str)
def test_every_filter_has_an_index(people, tasks, who, asked):
    user = getattr(people, who)
    found = WorklistFilter(**asked).apply(visible_tasks(user), user)
    keys = found.order_by(*Order().order_by()).values_list("pk")
    assert WHOLE_TABLE not in plan(keys[: PAGE_SIZE + 1])
    assert WHOLE_TABLE not in plan(found.order_by().values("pk")[: COUNT_LIMIT + 1])


@pytest.mark.parametrize("who", ["administrator", "owner"])
@pytest.mark.parametrize("order", ORDERS, ids=lambda order: order.query)
def test_every_order_is_that_of_an_index(people, tasks, who, order):
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_sort = off")
        cursor.execute("SET LOCAL enable_incremental_sort = off")
    cursor_row = ReadingTask.objects.order_by("pk")[5]
    visible = visible_tasks(getattr(people, who))
    for place in (None, cursor_row):
        ranges = list(order.ranges(place))
        assert ranges
        for condition, terms in ranges:
            text = plan(visible.filter(condition).order_by(*terms).values_list("pk")[: PAGE_SIZE + 1])
            assert WHOLE_TABLE not in text
            # What is known to be equal need not be sorted; for a facility the key alone is.
            assert "Sort" not in text or order.column is BY_FACILITY

"""Pages by key: complete, in order, stable while studies arrive."""

from __future__ import annotations

import random
from datetime import date, time, timedelta

import pytest
from django.utils import timezone

from noctis.reading_worklist import paging
from noctis.reading_worklist.following import follow_studies
from noctis.reading_worklist.models import ReadingTask
from noctis.reading_worklist.paging import COLUMNS, Order, capped_count, page_of
from noctis.reading_worklist.tests.factories import make_study


@pytest.fixture(autouse=True)
def small_pages(monkeypatch):
    monkeypatch.setattr(paging, "PAGE_SIZE", 7)


@pytest.fixture
def studies(people):
    """Insert 40 studies with many equal and some absent values."""
    numbers = random.Random(5)  # noqa: S311  (always the same studies)
    made = [
        make_study(
            numbers.choice([people.north, people.south]),
            numbers.choice(["Alpha^A", "Beta^B", "", "Gamma^G"]),
            study_date=numbers.choice([None, date(2026, 1, 1), date(2026, 1, 2)]),
            study_time=numbers.choice([None, time(8), time(9)]),
            accession_number=numbers.choice(["", "A1", "A2"]),
            instance_count=numbers.randint(1, 3),
            received_at=timezone.now() - timedelta(minutes=numbers.randint(0, 5)),
            is_followed=False,
        )
        for _ in range(40)
    ]
    follow_studies([study.pk for study in made])
    return ReadingTask.objects.select_related("facility")


ORDERS = [Order(column, descending) for column in COLUMNS for descending in (True, False)]


@pytest.mark.parametrize("order", ORDERS, ids=lambda order: order.query)
def test_forwards_and_back_every_study_comes_once_and_in_order(studies, order):
    expected = list(studies.order_by(*order.order_by()))
    page = page_of(studies, order)
    assert not page.has_previous
    pages = [page.tasks]
    while page.has_next:
        page = page_of(studies, order, after=page.tasks[-1])
        assert page.has_previous
        pages.append(page.tasks)
    assert [study for part in pages for study in part] == expected
    assert [len(part) for part in pages] == [7, 7, 7, 7, 7, 5]
    for earlier in pages[-2::-1]:
        page = page_of(studies, order, before=page.tasks[0])
        assert page.tasks == earlier
    assert not page.has_previous


def test_an_arrival_does_not_move_the_page_that_is_read(studies, people):
    first = page_of(studies, Order())
    second = page_of(studies, Order(), after=first.tasks[-1])
    make_study(people.north, "Newcomer^N")
    assert page_of(studies, Order(), after=first.tasks[-1]).tasks == second.tasks


@pytest.mark.parametrize(
    ("sort", "direction", "key", "descending"),
    [
        (None, None, "received", True),
        ("patient", None, "patient", False),
        ("date", None, "date", True),
        ("date", "asc", "date", False),
        ("search_text", "asc", "received", True),
        ("patient", "sideways", "patient", False),
    ],
)
def test_what_no_heading_offers_is_not_sorted_by(sort, direction, key, descending):
    order = Order.parse(sort, direction)
    assert (order.column.key, order.descending) == (key, descending)


def test_counting_stops_early(studies, monkeypatch, django_assert_num_queries):
    assert capped_count(studies) == (40, False)
    monkeypatch.setattr(paging, "COUNT_LIMIT", 10)
    with django_assert_num_queries(1) as queries:
        assert capped_count(studies) == (10, True)
    assert "LIMIT 11" in queries[0]["sql"]

"""The page and its files: who gets what, and what a spreadsheet makes of it."""

from __future__ import annotations

import csv
import io
from datetime import date

import pytest
from django.utils import timezone

from noctis.audit.models import Action, AuditEntry
from noctis.dashboards.catalogue import ENTRIES
from noctis.dashboards.scope import Scope
from noctis.dashboards.tables import Column, Kind, Table, Unit
from noctis.dashboards.templatetags.figures import figure
from noctis.dashboards.tests.test_figures import readers, reported  # noqa: F401  (a fixture)
from noctis.reading_worklist.tests.factories import make_study

# Session, user, facilities; for each table its figures and names, for modalities also which there are.
QUERIES = 31
OF_READERS = {"turnaround-by-reader", "reports-by-reader"}
OF_ALL_FACILITIES = {"turnaround-by-facility", "studies-by-facility", "reject-rate-by-facility"}


@pytest.mark.parametrize(
    ("who", "withheld"),
    [
        ("administrator", set()),
        ("radiologist", set()),
        ("owner", OF_READERS | OF_ALL_FACILITIES),
        ("technician", OF_READERS | OF_ALL_FACILITIES),
        ("roleless", OF_READERS | OF_ALL_FACILITIES),
    ],
)
def test_facilities_see_neither_readers_nor_each_other(client, people, readers, who, withheld):  # noqa: F811
    reported(people.north, readers[0], 30, received_at=timezone.now())
    client.force_login(getattr(people, who))
    page = client.get("/dashboards").content.decode()
    for key in ENTRIES:
        assert (f'id="{key}"' in page) is (key not in withheld)
        assert client.get(f"/dashboards/{key}.csv").status_code == (404 if key in withheld else 200)
    if withheld:
        assert "Dr ann" not in page
        assert "South clinic" not in page


def test_a_facility_cannot_be_chosen_by_those_who_belong_to_one(client, people):
    make_study(people.south, received_at=timezone.now(), modalities="MR")
    client.force_login(people.owner)
    assert "MR" not in client.get("/dashboards/studies-by-modality.csv?facility=SOUTH").content.decode()
    client.force_login(people.radiologist)
    assert "MR" in client.get("/dashboards/studies-by-modality.csv?facility=SOUTH").content.decode()
    assert "MR" not in client.get("/dashboards/studies-by-modality.csv?facility=NORTH").content.decode()


def test_a_file_holds_the_table_and_is_written_down(client, people):
    make_study(people.north, received_at=timezone.now(), modalities="CT")
    client.force_login(people.owner)
    answer = client.get("/dashboards/studies-by-modality.csv?period=7")
    assert answer["Content-Type"].startswith("text/csv")
    assert answer["Content-Disposition"].startswith('attachment; filename="studies-by-modality-')
    rows = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert rows == [["Modality", "Studies"], ["CT", "1"]]
    entry = AuditEntry.objects.get(action=Action.DASHBOARD_EXPORTED)
    assert (entry.user, entry.facility, entry.detail["table"]) == (people.owner, people.north, "studies-by-modality")


@pytest.mark.parametrize("name", ["=1+1", "+1", "-1", "@SUM(A1)", "\tx", "\rx"])
def test_no_cell_becomes_a_formula(name):
    table = Table(
        "t",
        "T",
        "",
        Kind.BARS,
        [Column(name, Unit.TEXT), Column("Median", Unit.MINUTES)],
        [[name, -1.25], ["a,b", None]],
    )
    rows = list(csv.reader(io.StringIO(table.as_csv(), newline="")))
    assert rows == [[f"'{name}", "Median (minutes)"], [f"'{name}", "-1.2"], ["a,b", ""]]


@pytest.mark.parametrize(
    ("query", "days"),
    [
        ({}, 30),
        ({"period": "7"}, 7),
        ({"period": "8"}, 30),
        ({"from": "2026-01-01", "to": "2026-01-31"}, 31),
        ({"from": "2026-02-01", "to": "2026-01-31"}, 30),
        ({"from": "x", "to": "2026-01-31"}, 30),
        ({"from": "0001-01-01", "to": "2026-01-31"}, 30),
    ],
)
def test_what_makes_no_period_is_the_last_thirty_days(people, query, days):
    scope = Scope.asked_for(query, people.administrator)
    assert (scope.last - scope.first).days + 1 == days


def test_a_period_stands_in_the_address(people):
    scope = Scope(people.administrator, date(2026, 1, 1), date(2026, 1, 31), people.north)
    assert scope.query == "from=2026-01-01&to=2026-01-31&facility=NORTH"


def test_the_page_costs_the_same_queries_however_many_reports(client, people, readers, django_assert_num_queries):  # noqa: F811
    client.force_login(people.administrator)
    client.get("/dashboards")
    for number in (1, 9):
        for taken in range(number):
            reported(people.north, readers[0], taken, received_at=timezone.now(), preliminary_after=taken)
        with django_assert_num_queries(QUERIES):
            client.get("/dashboards")


@pytest.mark.parametrize(
    ("value", "unit", "words"),
    [
        (None, Unit.MINUTES, "–"),
        (59.4, Unit.MINUTES, "59 min"),
        (200, Unit.MINUTES, "3 h 20 min"),
        (2 * 1440 + 61, Unit.MINUTES, "2 d 1 h"),
        (12345, Unit.COUNT, "12,345"),
        (3.14, Unit.PERCENT, "3.1 %"),
        ("CT", Unit.TEXT, "CT"),
    ],
)
def test_figures_are_shown_as_people_read_them(value, unit, words):
    assert figure(value, unit) == words

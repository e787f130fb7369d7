"""The figures of the dashboards, from reports and studies whose times are known."""

from __future__ import annotations

from datetime import date, datetime, timedelta, timezone

import pytest
from django.utils import timezone as clock

from noctis.accounts.models import Role, User
from noctis.dashboards.counts import AGES, backlog, volumes
from noctis.dashboards.grouping import BY_FACILITY, BY_MODALITY, BY_READER, OVER_TIME, main_modality
from noctis.dashboards.models import ReportTimes
from noctis.dashboards.rejects import reject_rate, reject_reasons
from noctis.dashboards.scope import Scope
from noctis.dashboards.tables import Table
from noctis.dashboards.turnaround import turnaround
from noctis.quality_control.actions import Choice, Verdict, reject
from noctis.quality_control.models import RejectReason
from noctis.quality_control.tests.factories import study_with_images
from noctis.reading_worklist.models import ReadingTask, Status, Urgency
from noctis.reading_worklist.tests.factories import make_study
from noctis.reports.models import Report, ReportState, ReportVersion

MONDAY = datetime(2026, 3, 2, 8, tzinfo=timezone.utc)
MARCH = (date(2026, 3, 1), date(2026, 3, 31))


def minutes(number: float) -> timedelta:
    return timedelta(minutes=number)


def reported(facility, reader, taken, *, modalities="CT", received_at=MONDAY, preliminary_after=None):
    """Make a study whose report was signed ``taken`` minutes after its first image came."""
    study = make_study(facility, modalities=modalities, received_at=received_at)
    ReportTimes.objects.create(
        study=study,
        signed_at=received_at + minutes(taken) if taken is not None else None,
        signed_by=reader if taken is not None else None,
        preliminary_at=received_at + minutes(preliminary_after) if preliminary_after is not None else None,
    )
    return study


def waiting(facility, *, minutes_ago, now, priority=Urgency.ROUTINE, status=Status.READY, late=False):
    """Make a study that waits for its report."""
    received = now - minutes(minutes_ago)
    study = make_study(facility, received_at=received)
    due_at = now + minutes(-1 if late else 1)
    ReadingTask.objects.filter(study=study).update(priority=priority, status=status, due_at=due_at)


def whole(table: Table) -> int:
    return sum(int(value or 0) for row in table.rows for value in row[1:4])


@pytest.fixture
def readers(people):
    return [User.objects.create_user(name, role=Role.RADIOLOGIST, full_name=f"Dr {name}") for name in ("ann", "bob")]


def march(user, facility=None) -> Scope:
    return Scope(user, *MARCH, facility)


def test_median_and_ninetieth_percentile_are_those_of_the_nearest_rank(people, readers):
    for taken in (10, 20, 30, 40, 50, 60, 70, 80, 90, 1000):
        reported(people.north, readers[0], taken)
    reported(people.north, readers[1], 33, modalities="MR")

    table = turnaround("t", "T", march(people.administrator), BY_MODALITY)

    assert [list(row) for row in table.rows] == [
        ["CT", 10, 50.0, 90.0, 0, None, None],
        ["MR", 1, 33.0, 33.0, 0, None, None],
    ]


def test_turnaround_counts_what_was_signed_in_the_period_whenever_it_was_received(people, readers):
    reported(people.north, readers[0], 120, received_at=datetime(2026, 2, 28, 23, tzinfo=timezone.utc))
    reported(people.north, readers[0], 60, received_at=datetime(2026, 2, 28, 22, tzinfo=timezone.utc))
    reported(people.north, readers[0], 61, received_at=datetime(2026, 3, 31, 23, tzinfo=timezone.utc))

    (row,) = turnaround("t", "T", march(people.administrator), BY_FACILITY).rows

    assert list(row)[:4] == ["North hospital", 1, 120.0, 120.0]


def test_preliminary_reports_count_although_nobody_signed_them(people, readers):
    reported(people.north, readers[0], 100, preliminary_after=20)
    reported(people.north, readers[0], None, preliminary_after=40)

    (row,) = turnaround("t", "T", march(people.administrator), OVER_TIME).rows

    assert list(row) == ["2026-03-02", 1, 100.0, 100.0, 2, 20.0, 40.0]


def test_readers_are_told_apart_by_who_signed(people, readers):
    reported(people.north, readers[1], 30)
    reported(people.south, readers[0], 10)
    reported(people.south, readers[0], 20)

    scope = march(people.radiologist)
    assert [list(row)[:3] for row in turnaround("t", "T", scope, BY_READER).rows] == [
        ["Dr ann", 2, 10.0],
        ["Dr bob", 1, 30.0],
    ]
    assert [list(row) for row in volumes("v", "V", scope, BY_READER).rows] == [["Dr ann", 2], ["Dr bob", 1]]


def test_a_facility_counts_its_own_studies_alone(people, readers):
    reported(people.north, readers[0], 30)
    reported(people.south, readers[0], 90)
    make_study(people.north, received_at=MONDAY, modalities="CT")
    make_study(people.south, received_at=MONDAY, modalities="MR")
    for user in (people.owner, people.technician):
        assert [list(row)[:3] for row in turnaround("t", "T", march(user), BY_MODALITY).rows] == [["CT", 1, 30.0]]
        assert [list(row) for row in volumes("v", "V", march(user), BY_MODALITY).rows] == [["CT", 2]]
    assert volumes("v", "V", march(people.roleless), BY_MODALITY).rows == []
    narrowed = march(people.administrator, people.south)
    assert [list(row) for row in volumes("v", "V", narrowed, BY_MODALITY).rows] == [["CT", 1], ["MR", 1]]


def test_volumes_by_modality_count_each_study_once(people):
    for modalities in ("CT", "CT\\SR", "CT\\PT", "SR", "", "OT\\SC"):
        make_study(people.north, received_at=MONDAY, modalities=modalities)
    table = volumes("v", "V", march(people.administrator), BY_MODALITY)
    assert {row[0]: row[1] for row in table.rows} == {"CT": 2, "PT": 1, "SR": 1, "(none)": 1, "OT": 1}


@pytest.mark.parametrize(
    ("modalities", "main"),
    [("CT\\PT\\SR", "PT"), ("KO\\MR\\PR", "MR"), ("XYZ", "XYZ"), ("SR", "SR"), ("", "(none)")],
)
def test_a_study_counts_for_the_modality_that_tells_most(modalities, main):
    assert main_modality(modalities) == main


@pytest.mark.parametrize(
    ("last", "labels"),
    [
        (date(2026, 3, 31), ["2026-03-02", "2026-03-10"]),
        (date(2026, 5, 31), ["2026-03-02", "2026-03-09"]),
        (date(2026, 12, 31), ["2026-03-01"]),
    ],
)
def test_time_is_divided_into_days_weeks_or_months(people, last, labels):
    for day in (2, 10):
        make_study(people.north, received_at=MONDAY.replace(day=day), modalities="CT")
    table = volumes("v", "V", Scope(people.administrator, MARCH[0], last), OVER_TIME)
    assert [row[0] for row in table.rows] == labels


def test_the_backlog_is_counted_by_age_and_priority(people):
    now = clock.now()
    waiting(people.north, minutes_ago=10, now=now, priority=Urgency.STAT, late=True)
    waiting(people.north, minutes_ago=59, now=now)
    waiting(people.north, minutes_ago=61, now=now, priority=Urgency.URGENT)
    waiting(people.south, minutes_ago=60 * 24 * 8, now=now, status=Status.PRELIMINARY, late=True)
    waiting(people.north, minutes_ago=10, now=now, status=Status.FINAL)
    waiting(people.north, minutes_ago=10, now=now, status=Status.NO_REPORT)

    table = backlog("b", "B", march(people.administrator), now=now)

    assert [column.label for column in table.columns] == ["Received", "Stat", "Urgent", "Routine", "Past the target"]
    assert list(table.rows[0]) == ["Below 1 hour", 1, 0, 1, 1]
    assert list(table.rows[1]) == ["1 to 4 hours", 0, 1, 0, 0]
    assert list(table.rows[len(AGES)]) == ["Over 7 days", 0, 0, 1, 1]
    assert whole(table) == 4
    assert whole(backlog("b", "B", march(people.owner), now=now)) == 3


def test_times_are_noted_with_the_versions_of_a_report(people, readers):
    study = make_study(people.north, received_at=MONDAY)
    report = Report.objects.create(study=study, author=readers[0], content={})

    def version(number, state, after, author):
        made_at = MONDAY + minutes(after)
        ReportVersion.objects.create(
            report=report, number=number, state=state, content={}, author=author, made_at=made_at, is_closed=True
        )

    version(1, ReportState.DRAFT, 5, readers[0])
    assert not ReportTimes.objects.exists()
    version(2, ReportState.PRELIMINARY, 10, readers[0])
    version(3, ReportState.PRELIMINARY, 20, readers[0])
    version(4, ReportState.FINAL, 30, readers[1])
    times = ReportTimes.objects.get(study=study)
    assert times.preliminary_at == MONDAY + minutes(10)
    assert (times.signed_at, times.signed_by) == (MONDAY + minutes(30), readers[1])


def test_reject_rates_are_those_of_quality_control(people):
    reason, other = RejectReason.objects.order_by("position")[:2]
    study = study_with_images(people.north, 8, modality="CR", received_at=MONDAY)
    study_with_images(people.south, 5, received_at=MONDAY)
    images = [one.sop_instance_uid for one in Choice(whole_study=True).among(study)]
    reject(study, Choice(images=images[:1]), Verdict(reason), acting_user=people.technician)
    reject(study, Choice(images=images[1:2]), Verdict(other, is_repeat_requested=True), acting_user=people.technician)

    scope = march(people.administrator)
    by_facility = reject_rate("r", "R", scope, BY_FACILITY)
    assert [list(row) for row in by_facility.rows] == [["North hospital", 8, 2, 25.0], ["South clinic", 5, 0, 0.0]]
    assert [list(row) for row in reject_rate("r", "R", scope, OVER_TIME).rows] == [
        ["2026-03-02", 13, 2, pytest.approx(200 / 13)]
    ]
    assert sorted(list(row) for row in reject_reasons("r", "R", scope).rows) == sorted(
        [[reason.name, 1, 0], [other.name, 1, 1]]
    )
    assert reject_reasons("r", "R", march(people.stranger)).rows == []

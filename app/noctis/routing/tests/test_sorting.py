"""Rules and what they list: each condition, no loops, no facility left, nothing missed and nothing twice."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from noctis.archive.models import Instance, Study, StudyStatus
from noctis.routing import sorting
from noctis.routing.actions import cancel_transmission, request_transmission
from noctis.routing.conditions import matching_studies
from noctis.routing.models import NumberGap, SortingProgress, Transmission, TransmissionState
from noctis.routing.rule_actions import apply_rule
from noctis.routing.sorting import has_work, sort_some
from noctis.routing.tests.factories import add_instances, make_destination, make_rule, make_series


@pytest.fixture
def archive(people):
    """Give where north's images go."""
    return make_destination(people.north)


def sort() -> None:
    while sort_some():
        """As the process for outgoing work does."""


def listed() -> dict[str, int]:
    """Return how many instances are listed for each destination."""
    counts: dict[str, int] = {}
    for transmission in Transmission.objects.select_related("destination"):
        title = transmission.destination.ae_title
        assert transmission.total == transmission.items.count()
        counts[title] = counts.get(title, 0) + transmission.total
    return counts


def test_a_rule_without_conditions_forwards_what_its_destinations_facility_gets(people, archive):
    make_rule(archive)
    add_instances(make_series(people.north), 3)
    add_instances(make_series(people.south), 2)

    sort()

    assert listed() == {"ARCHIVE": 3}
    transmission = Transmission.objects.get()
    assert (transmission.state, transmission.bytes_total, transmission.study.facility) == ("queued", 3000, people.north)
    assert not has_work()


@pytest.mark.parametrize(
    ("condition", "fits"),
    [
        ({"calling_ae_titles": "CT2\\CT1"}, True),
        ({"calling_ae_titles": "CT2"}, False),
        ({"calling_ae_titles": "ct1"}, False),
        ({"modalities": "MR\\CT"}, True),
        ({"modalities": "MR"}, False),
        ({"description_pattern": "*head*"}, True),
        ({"description_pattern": "CT HE?D"}, True),
        ({"description_pattern": "head"}, False),
        ({"description_pattern": "*axial 5 mm"}, True),
        ({"description_pattern": "*[abc]*"}, False),
        ({"calling_ae_titles": "CT1", "modalities": "CT", "description_pattern": "ct*"}, True),
        ({"calling_ae_titles": "CT1", "modalities": "CT", "description_pattern": "mr*"}, False),
        ({"is_active": False}, False),
    ],
)
def test_every_condition_that_is_given_must_be_met(people, archive, condition, fits):
    rule = make_rule(archive, **condition)
    series = make_series(people.north, description="Axial 5 mm")
    Study.objects.filter(pk=series.study_id).update(description="CT Head")
    add_instances(series)

    sort()

    assert listed() == ({"ARCHIVE": 1} if fits else {})
    if rule.is_active:
        week = timezone.now() - timedelta(days=7)
        assert matching_studies(rule, week) == ({series.study_id} if fits else set())


def test_what_came_from_the_destination_does_not_go_back_there(people, archive):
    make_rule(archive)
    make_rule(make_destination(people.north, "BACKUP"))
    series = make_series(people.north)
    add_instances(series, 2, sender="ARCHIVE")
    add_instances(series, 1, sender="CT1")

    sort()

    assert listed() == {"ARCHIVE": 1, "BACKUP": 3}


def test_images_leave_a_facility_only_where_an_administrator_confirmed_it(people, archive):
    rule = make_rule(archive, facility=people.south)
    add_instances(make_series(people.south))
    sort()
    assert listed() == {}

    rule.confirmed_facility = people.north
    rule.save()
    add_instances(make_series(people.south), 2)
    sort()
    assert listed() == {"ARCHIVE": 2}


def test_a_device_that_was_given_to_another_facility_must_be_confirmed_anew(people, archive):
    make_rule(archive, facility=people.north)
    archive.facility = people.south
    archive.save()

    add_instances(make_series(people.north))
    sort()

    assert listed() == {}


def test_a_study_that_grows_has_one_transmission_that_begins_again(people, archive):
    make_rule(archive)
    series = make_series(people.north)
    add_instances(series, 2)
    sort()
    Transmission.objects.update(state=TransmissionState.SENT, finished_at=timezone.now())

    add_instances(series, 3)
    add_instances(make_series(people.north, study=series.study), 1)
    sort()

    transmission = Transmission.objects.get()
    assert (transmission.total, transmission.state, transmission.finished_at) == (6, "queued", None)


def test_what_somebody_cancelled_stays_so_although_more_arrives(people, archive):
    make_rule(archive)
    series = make_series(people.north)
    add_instances(series, 2)
    sort()
    cancel_transmission(Transmission.objects.get(), acting_user=people.administrator)

    add_instances(series, 1)
    sort()

    transmission = Transmission.objects.get()
    assert (transmission.total, transmission.state) == (3, "cancelled")


def test_rules_are_for_what_arrives_later_until_one_is_applied_to_the_rest(people, archive, monkeypatch):
    monkeypatch.setattr(sorting, "CHUNK", 4)
    old = timezone.now() - timedelta(days=30)
    add_instances(make_series(people.north), 3, received_at=old)
    recent = make_series(people.north)
    add_instances(recent, 5)
    add_instances(make_series(people.south), 2)
    sort()
    rule = make_rule(archive)
    assert listed() == {}
    assert matching_studies(rule, timezone.now() - timedelta(days=7)) == {recent.study_id}

    apply_rule(rule, since=timezone.now() - timedelta(days=7), acting_user=people.administrator)
    sort()
    assert listed() == {"ARCHIVE": 5}

    apply_rule(rule, since=None, acting_user=people.administrator)
    sort()
    sort()
    assert listed() == {"ARCHIVE": 8}
    rule.refresh_from_db()
    assert not rule.is_being_applied


def test_more_than_one_chunk_is_sorted_and_nothing_is_listed_twice(people, archive, monkeypatch):
    monkeypatch.setattr(sorting, "CHUNK", 7)
    make_rule(archive)
    for _ in range(3):
        add_instances(make_series(people.north), 10)
    sort()
    assert listed() == {"ARCHIVE": 30}

    SortingProgress.objects.update(sorted_until=0)
    sort()
    assert listed() == {"ARCHIVE": 30}


def test_rows_that_appear_below_others_are_found(people, archive, monkeypatch):
    monkeypatch.setattr(sorting, "CHUNK", 6)
    make_rule(archive)
    series = make_series(people.north)
    rows = add_instances(series, 20)
    Instance.objects.all().delete()  # as another transaction sees them that has not committed
    newest = rows[-1].pk + 1
    add_instances(series, 1, pk=newest)
    sort()
    assert listed() == {"ARCHIVE": 1}
    assert NumberGap.objects.count() == 1

    Instance.objects.bulk_create(rows[5:17])
    sort()
    sort()
    Instance.objects.bulk_create([*rows[:5], *rows[17:]])
    sort()
    sort()
    sort()

    assert listed() == {"ARCHIVE": 21}
    assert not NumberGap.objects.filter(first__gte=rows[0].pk).exists()
    NumberGap.objects.update(noticed_at=timezone.now() - timedelta(hours=2))
    sort()
    assert not has_work()


def test_a_crash_in_the_middle_leaves_everything_to_be_sorted(people, archive, monkeypatch):
    make_rule(archive)
    add_instances(make_series(people.north), 5)

    def crash(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as crashing:
        crashing.setattr(sorting, "_list_for_followers", crash)
        with pytest.raises(KeyboardInterrupt):
            sort_some()
    assert listed() == {}

    sort()
    assert listed() == {"ARCHIVE": 5}


def test_a_request_takes_what_still_arrives_until_the_study_is_complete(people, archive):
    series = make_series(people.north)
    Study.objects.update(status=StudyStatus.ARRIVING)
    add_instances(series, 2)
    sort()
    study = Study.objects.get()
    whole = request_transmission(study, archive, acting_user=people.radiologist)
    one = request_transmission(study, archive, series=series, acting_user=people.radiologist)
    assert (whole.total, whole.bytes_total, one.total) == (2, 2000, 2)
    sort()

    add_instances(series, 1)
    add_instances(make_series(people.north, study=study), 4)
    sort()
    assert [(each.total, each.items.count()) for each in (_fresh(whole), _fresh(one))] == [(7, 7), (3, 3)]

    Study.objects.update(status=StudyStatus.READY)
    Transmission.objects.update(state=TransmissionState.SENT)
    sort()
    add_instances(series, 1)
    sort()
    assert [_fresh(whole).total, _fresh(one).total] == [7, 3]


def test_sorting_asks_the_database_a_bounded_number_of_questions(people, archive, django_assert_max_num_queries):
    make_rule(archive)
    add_instances(make_series(people.north), 200)
    with django_assert_max_num_queries(30):
        sort_some()


def _fresh(transmission: Transmission) -> Transmission:
    return Transmission.objects.get(pk=transmission.pk)

"""The queue: what goes first, what waits together, and what is given up."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from noctis.audit.models import Action, AuditEntry
from noctis.network.outgoing import FIRST_RETRY
from noctis.routing.actions import request_transmission, retry_transmission
from noctis.routing.delivery import TransmissionCourier
from noctis.routing.models import ItemState, Transmission, TransmissionItem
from noctis.routing.queue import MOST_REFUSALS, begin_next, conclude, hold, write_down
from noctis.routing.sorting import sort_some
from noctis.routing.tests.factories import add_instances, make_destination, make_rule, make_series


@pytest.fixture
def destination(people):
    return make_destination(people.north)


@pytest.fixture
def forward(people, destination):
    """Give ``forward(count)``: what a rule lists of a new study."""
    make_rule(destination)

    def make(count: int = 2) -> Transmission:
        series = make_series(people.north)
        add_instances(series, count)
        sort()
        return Transmission.objects.get(study=series.study, rule__isnull=False)

    return make


def sort() -> None:
    while sort_some():
        """As the process for outgoing work does."""


def fresh(transmission: Transmission) -> Transmission:
    return Transmission.objects.get(pk=transmission.pk)


def test_what_somebody_asked_for_goes_first(people, destination, forward):
    first, second = forward(), forward()
    asked = request_transmission(second.study, destination, acting_user=people.radiologist)
    sort()
    order = []
    while task := begin_next(destination.pk):
        order.append(task.transmission_id)
        write_down(task.transmission_id, list(task.items), {})
        conclude(task.transmission_id)
    assert order == [asked.pk, first.pk, second.pk]
    assert list(TransmissionCourier().due()) == []


def test_a_destination_that_cannot_be_reached_is_left_alone_by_what_rules_forward(people, destination, forward):
    first, second = forward(), forward()
    task = begin_next(destination.pk)
    assert task is not None
    hold(first.pk, "ARCHIVE: it cannot be reached.", everything=True)
    assert {fresh(first).state, fresh(second).state} == {"waiting"}
    assert begin_next(destination.pk) is None

    later = forward()
    assert begin_next(destination.pk) is None
    assert (fresh(later).state, fresh(later).next_attempt_at) == ("waiting", fresh(first).next_attempt_at)
    assert fresh(later).last_error == "ARCHIVE: it cannot be reached."

    asked = request_transmission(later.study, destination, acting_user=people.radiologist)
    sort()
    task = begin_next(destination.pk)
    assert task is not None
    assert task.transmission_id == asked.pk
    write_down(task.transmission_id, list(task.items), {})
    conclude(task.transmission_id)
    task = begin_next(destination.pk)  # it is there again: nobody waits any longer
    assert task is not None
    assert task.transmission_id in {first.pk, second.pk, later.pk}


def test_trying_again_by_hand_tries_everything_for_the_destination(people, destination, forward):
    first, second = forward(), forward()
    begin_next(destination.pk)
    hold(first.pk, "ARCHIVE: it cannot be reached.", everything=True)
    retry_transmission(fresh(second), acting_user=people.administrator)
    assert begin_next(destination.pk) is not None
    assert fresh(first).next_attempt_at <= timezone.now()


def test_one_object_that_breaks_every_association_holds_up_nothing_else(destination, forward):
    first, second = forward(3), forward()
    task = begin_next(destination.pk)
    assert task is not None
    poison, *others = task.items
    hold(first.pk, "ARCHIVE: the peer ended the association.", everything=False)
    assert fresh(first).state == "waiting"
    task = begin_next(destination.pk)
    assert task is not None
    assert task.transmission_id == second.pk
    write_down(second.pk, list(task.items), {})
    conclude(second.pk)

    Transmission.objects.filter(pk=first.pk).update(next_attempt_at=timezone.now())
    task = begin_next(destination.pk)
    assert task is not None
    assert list(task.items) == [*others, poison]


def test_pauses_grow_and_start_anew_once_something_went_through(destination, forward):
    transmission = forward()
    pauses = []
    for _ in range(3):
        Transmission.objects.update(next_attempt_at=timezone.now())
        task = begin_next(destination.pk)
        assert task is not None
        hold(transmission.pk, "ARCHIVE: it cannot be reached.", everything=True)
        pauses.append(round((fresh(transmission).next_attempt_at - timezone.now()) / FIRST_RETRY))
    assert pauses == [1, 2, 4]
    Transmission.objects.update(next_attempt_at=timezone.now())
    task = begin_next(destination.pk)
    assert task is not None
    write_down(transmission.pk, [next(iter(task.items))], {})
    assert (fresh(transmission).attempts, fresh(transmission).last_error) == (0, "")


def test_a_refused_object_is_given_up_after_some_tries(destination, forward):
    transmission = forward(2)
    for number in range(1, MOST_REFUSALS + 1):
        TransmissionItem.objects.filter(state=ItemState.QUEUED).update(due_at=timezone.now())
        Transmission.objects.update(next_attempt_at=timezone.now())
        task = begin_next(destination.pk)
        assert task is not None
        bad, *good = task.items
        write_down(transmission.pk, good, {bad: "it was refused with status 0xA900"})
        conclude(transmission.pk)
        assert fresh(transmission).state == ("failed" if number == MOST_REFUSALS else "waiting")
    assert (fresh(transmission).sent, fresh(transmission).failed) == (1, 1)
    assert fresh(transmission).finished_at is not None
    assert begin_next(destination.pk) is None


def test_what_is_sent_is_counted_once_and_recorded_once(destination, forward):
    transmission = forward(4)
    task = begin_next(destination.pk)
    assert task is not None
    write_down(transmission.pk, list(task.items)[:3], {})
    write_down(transmission.pk, list(task.items)[:3], {})
    assert (fresh(transmission).sent, fresh(transmission).bytes_sent) == (3, 3000)
    hold(transmission.pk, "ARCHIVE: the peer ended the association.", everything=False)
    Transmission.objects.update(next_attempt_at=timezone.now())
    task = begin_next(destination.pk)
    assert task is not None
    write_down(transmission.pk, list(task.items), {})
    conclude(transmission.pk)
    entries = AuditEntry.objects.filter(action=Action.INSTANCES_SENT).order_by("pk")
    assert [entry.detail["instances"] for entry in entries] == [3, 1]


@pytest.mark.parametrize("change", [{"is_active": False}, {"host": "", "port": None}])
def test_a_device_that_may_not_be_sent_to_is_waited_for(destination, forward, change):
    transmission = forward()
    for name, value in change.items():
        setattr(destination, name, value)
    destination.save()
    assert begin_next(destination.pk) is None
    assert fresh(transmission).state == "waiting"
    assert fresh(transmission).last_error.startswith("ARCHIVE ")


def test_what_is_not_due_is_left_alone(destination, forward):
    forward()
    Transmission.objects.update(next_attempt_at=timezone.now() + timedelta(minutes=1))
    assert begin_next(destination.pk) is None
    assert list(TransmissionCourier().due()) == []

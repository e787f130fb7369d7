"""Two readers at the same moment, each on a database connection of their own."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from django.db import connections

from noctis.accounts.models import Facility, Role, User
from noctis.reading_worklist import actions
from noctis.reading_worklist.bulk import change_all
from noctis.reading_worklist.models import ReadingTask, Urgency
from noctis.reading_worklist.tests.factories import make_study

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.postgresql]

READERS = 4


def at_once(deeds: list[Callable[[], Any]]) -> list[Any]:
    """Do all of ``deeds`` together; return what came of each, an error as itself."""
    barrier, outcomes = threading.Barrier(len(deeds)), []

    def run(deed: Callable[[], Any]) -> None:
        barrier.wait()
        try:
            outcomes.append(deed())
        except actions.Refused as refused:
            outcomes.append(refused)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=(deed,)) for deed in deeds]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return outcomes


@pytest.fixture
def facility() -> Facility:
    return Facility.objects.create(code="NORTH", name="North")


@pytest.fixture
def readers(facility) -> list[User]:
    return [User.objects.create_user(f"reader-{number}", role=Role.RADIOLOGIST) for number in range(READERS)]


def test_readers_who_ask_for_the_next_study_together_get_different_ones(facility, readers):
    for _ in range(READERS - 1):
        make_study(facility)
    got = at_once([partial(actions.claim_next, acting_user=reader) for reader in readers])
    claimed = [task.pk for task in got if task is not None]
    assert len(claimed) == len(set(claimed)) == READERS - 1
    held = ReadingTask.objects.filter(claimed_at__isnull=False)
    assert len({task.assigned_to_id for task in held}) == READERS - 1


def test_a_study_that_several_claim_together_is_held_by_one(facility, readers):
    task = make_study(facility).reading_task
    got = at_once([partial(actions.claim, task, acting_user=reader) for reader in readers])
    assert sum(isinstance(outcome, actions.HeldByAnother) for outcome in got) == READERS - 1


def test_changes_of_the_same_rows_wait_for_one_another(facility, readers):
    tasks = [make_study(facility).reading_task for _ in range(6)]

    def prioritise(urgency: Urgency, rows: list[ReadingTask]) -> Any:
        return change_all(rows, lambda task: actions.set_priority(task, urgency, acting_user=readers[0]))

    at_once([lambda: prioritise(Urgency.STAT, tasks), lambda: prioritise(Urgency.URGENT, tasks[::-1])])
    assert ReadingTask.objects.values("priority").distinct().count() == 1

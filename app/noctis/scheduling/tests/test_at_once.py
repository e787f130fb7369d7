"""Several people at once: the database lets one of them be first."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connections

from noctis.accounts.models import Role, User
from noctis.modality_worklist.actions import SchedulingError
from noctis.modality_worklist.models import ScheduledProcedureStep
from noctis.modality_worklist.people import change_for_person, schedule_for_person, version_of
from noctis.modality_worklist.tests.factories import WEB, facility, particulars, scheduled

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.postgresql]


def at_once(*tasks: Callable[[], Any]) -> list[str]:
    """Run ``tasks`` together; return how each ended: 'done' or the name of the error."""
    barrier, outcomes = threading.Barrier(len(tasks)), []

    def run(task: Callable[[], Any]) -> None:
        barrier.wait()
        try:
            task()
        except SchedulingError as error:
            outcomes.append(type(error).__name__)
        else:
            outcomes.append("done")
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=(task,)) for task in tasks]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sorted(outcomes)


@pytest.fixture
def technician() -> User:
    return User.objects.create_user("technician", role=Role.TECHNICIAN, facility=facility())


def test_an_accession_number_goes_to_one_patient(technician):
    def schedule(patient: str) -> Callable[[], Any]:
        wanted = particulars(patient_identifier=patient)
        return lambda: schedule_for_person(technician.facility, wanted, origin=WEB, acting_user=technician)

    outcomes = at_once(*(schedule(f"P{number}") for number in range(4)))
    assert outcomes == ["AccessionNumberTaken"] * 3 + ["done"]
    assert ScheduledProcedureStep.objects.count() == 1


def test_one_of_two_changes_is_told_that_it_came_late(technician):
    step = scheduled()
    version = version_of(step)

    def change(room: str) -> Callable[[], Any]:
        wanted = particulars(location=room)
        return lambda: change_for_person(step, wanted, version=version, acting_user=technician)

    assert at_once(*(change(f"Room {number}") for number in range(4))) == ["ChangedMeanwhile"] * 3 + ["done"]

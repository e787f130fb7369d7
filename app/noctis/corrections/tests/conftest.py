"""Stored objects to correct, and people who do it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from pydicom.dataset import Dataset

from noctis.accounts.models import Facility, Role, User
from noctis.archive import indexer
from noctis.archive.models import Instance, Reception, Study
from noctis.archive.tests.factories import deliver, reception
from noctis.corrections import actions
from noctis.corrections.models import Correction
from noctis.corrections.plans import Plan

Store = Callable[..., Study]
Correct = Callable[..., Correction]


@pytest.fixture
def north(data_dir, db) -> Reception:
    return reception("NORTH")


@pytest.fixture
def store(north) -> Store:
    """Give ``store(*data sets)``: file them and return the study of the last."""

    def file(*objects: Dataset, delivery: Reception = north) -> Study:
        for one in objects:
            deliver(one, delivery)
        indexer.index_spool()
        found = Instance.objects.get(sop_instance_uid=objects[-1].SOPInstanceUID)
        return Study.objects.select_related("facility", "patient").get(series__instances=found)

    return file


@pytest.fixture
def technician(north) -> User:
    return User.objects.create_user("technician", role=Role.TECHNICIAN, facility=north.facility)


@pytest.fixture
def correct(technician) -> Correct:
    """Give ``correct(make_plan)``: see the preview of a plan and carry it out."""

    def carry_out(make_plan: Callable[[], Plan], user: User = technician) -> Correction:
        return actions.apply(make_plan, token=make_plan().token, reason="wrong name", acting_user=user)

    return carry_out


@pytest.fixture
def south(data_dir, db) -> Facility:
    return reception("SOUTH").facility

"""Studies and people with addresses."""

from __future__ import annotations

import pytest

from noctis.accounts.models import Facility, User
from noctis.archive.models import Study
from noctis.reading_worklist.tests.factories import make_study


def with_address(user: User) -> User:
    user.email = f"{user.username}@hospital.example"
    user.save()
    return user


@pytest.fixture
def study(people, data_dir) -> Study:
    return make_study(people.north)


@pytest.fixture
def studies(people, data_dir) -> list[Study]:
    return [make_study(people.north) for _ in range(3)]


@pytest.fixture
def south(people) -> Facility:
    south: Facility = people.south
    return south


@pytest.fixture
def reader(people) -> User:
    return with_address(people.owner)


@pytest.fixture
def stranger(people) -> User:
    return with_address(people.stranger)


@pytest.fixture
def radiologist(people) -> User:
    return with_address(people.radiologist)


@pytest.fixture
def administrator(people) -> User:
    return with_address(people.administrator)


@pytest.fixture
def technician(people) -> User:
    return with_address(people.technician)


@pytest.fixture(autouse=True)
def _mail_is_set_up(settings) -> None:
    settings.NOCTIS_SMTP_HOST = "mail.example"
    settings.NOCTIS_SMTP_FROM = "noctis@pacs.example"

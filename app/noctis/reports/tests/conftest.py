"""A study to report, and readers."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, Final

import pytest
from django.test import Client

from noctis.accounts.models import Role, User
from noctis.archive.models import Study, StudyStatus
from noctis.reading_worklist.tests.factories import make_study

PASSWORD: Final = "a long enough passphrase"

Ask = Callable[..., Any]


@pytest.fixture
def study(people) -> Study:
    return make_study(people.north, status=StudyStatus.READY)


@pytest.fixture
def reader(people) -> User:
    user: User = people.radiologist
    user.set_password(PASSWORD)
    user.save()
    return user


@pytest.fixture
def colleague(db) -> User:
    return User.objects.create_user("colleague", role=Role.RADIOLOGIST, password=PASSWORD)


@pytest.fixture
def ask() -> Ask:
    """Give ``ask(user, method, path, body)``: JSON where there is a body."""

    def asked(user: User, method: str, path: str, body: object = None) -> Any:
        client = Client()
        client.force_login(user)
        sent = {"data": json.dumps(body), "content_type": "application/json"} if body is not None else {}
        return getattr(client, method)(path, **sent)

    return asked

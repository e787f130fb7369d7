"""What the tests of the watch share: an administrator who is told, and a look at chosen conditions."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from noctis.accounts.models import User
from noctis.monitoring.conditions.catalogue import CONDITIONS
from noctis.monitoring.watch import note
from noctis.network.tests.conftest import _close_connections, ct, make_images, new_service
from noctis.notifications.models import Notification

__all__ = ["_close_connections", "ct", "make_images", "new_service"]

Look = Callable[[str], None]


@pytest.fixture
def administrator(people) -> User:
    """Give an administrator with an address."""
    user: User = people.administrator
    user.email = "administrator@hospital.example"
    user.save()
    return user


@pytest.fixture
def look(administrator: User, data_dir) -> Look:
    """Give ``look(key)``: look at one condition as the watch does."""
    conditions = {condition.key: condition for condition in CONDITIONS}

    def at(key: str) -> None:
        note(conditions[key], conditions[key].look())

    return at


def told() -> list[str]:
    """Return what administrators were told, the oldest first, without what to do."""
    return list(Notification.objects.order_by("pk").values_list("text", flat=True))

"""Fixtures of the administration's tests."""

from __future__ import annotations

import pytest

from noctis.network.models import RemoteApplicationEntity


@pytest.fixture
def entity(people) -> RemoteApplicationEntity:
    """Give a CT scanner of the north facility."""
    return RemoteApplicationEntity.objects.create(ae_title="NORTH_CT", facility=people.north)

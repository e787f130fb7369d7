"""Fixtures of the administration's tests."""

from __future__ import annotations

import pytest
from django.utils import timezone

from noctis.network.models import AssociationAttempt, FurtherTitle, Obstacle, RemoteApplicationEntity


@pytest.fixture
def entity(people) -> RemoteApplicationEntity:
    """Give a CT scanner of the north facility."""
    return RemoteApplicationEntity.objects.create(ae_title="NORTH_CT", facility=people.north)


@pytest.fixture
def attempt(db) -> AssociationAttempt:
    """Give an attempt of a device that is not known."""
    return AssociationAttempt.objects.create(
        at=timezone.now(),
        calling_ae_title="CT2",
        called_ae_title="NOCTIS_PACS",
        address="10.1.2.3",
        is_accepted=False,
        obstacle=Obstacle.UNKNOWN_TITLE,
        reason="unknown AE title",
    )


@pytest.fixture
def further_title(db) -> FurtherTitle:
    """Give a title that callers may use for us."""
    return FurtherTitle.objects.create(ae_title="OLD_PACS")

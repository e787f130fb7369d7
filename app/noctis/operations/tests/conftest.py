"""Fixtures of the administration's tests."""

from __future__ import annotations

import pytest
from django.utils import timezone

from noctis.network.models import AssociationAttempt, FurtherTitle, Obstacle, RemoteApplicationEntity
from noctis.storage_commitment.action_information import ActionInformation, Reference
from noctis.storage_commitment.actions import Requester, postpone, request_commitment
from noctis.storage_commitment.models import CommitmentRequest

CT_IMAGE = "1.2.840.10008.5.1.4.1.1.2"


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


@pytest.fixture
def commitment(people) -> CommitmentRequest:
    """Give a request of a CT scanner of the north facility, about two images."""
    references = (Reference(CT_IMAGE, "2.25.11"), Reference(CT_IMAGE, "2.25.12"))
    requester = Requester(people.north, "NORTH_CT", "10.1.2.3", "NOCTIS_PACS")
    request, claim = request_commitment(ActionInformation("2.25.1", references), requester=requester)
    assert claim is not None
    postpone(claim)
    return request

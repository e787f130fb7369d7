"""An archive of one study, and requests about it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest

from noctis.accounts.models import Facility
from noctis.archive import indexer
from noctis.archive.tests.factories import CT_IMAGE, ROOT, deliver, image, reception
from noctis.storage_commitment.action_information import ActionInformation, Reference
from noctis.storage_commitment.actions import Requester, request_commitment
from noctis.storage_commitment.claims import Claim
from noctis.storage_commitment.models import CommitmentRequest

UIDS = tuple(f"{ROOT}.1.1.{number}" for number in (1, 2, 3))
NewRequest = Callable[..., tuple[CommitmentRequest, Claim]]


@pytest.fixture
def north(people, data_dir) -> Facility:
    """Give the facility that has the three images ``UIDS``."""
    delivery = reception("NORTH")
    for number in (1, 2, 3):
        deliver(image(1, 1, number), delivery)
    indexer.index_spool()
    return delivery.facility


@pytest.fixture
def new_request(north: Facility) -> NewRequest:
    """Give ``new_request(uids, transaction=…, facility=…)``: a request of CT1 and the claim on it."""

    def make(
        uids: Sequence[str] = UIDS, *, transaction: str = "2.25.1", facility: Facility | None = None
    ) -> tuple[CommitmentRequest, Claim]:
        references = tuple(Reference(CT_IMAGE, uid) for uid in uids)
        requester = Requester(facility or north, "CT1", "127.0.0.1")
        request, claim = request_commitment(ActionInformation(transaction, references), requester=requester)
        assert claim is not None
        return request, claim

    return make

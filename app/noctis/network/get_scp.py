"""C-GET (PS3.7 9.1.3): instances go back over the association that asks for them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from pynetdicom.dimse_primitives import C_GET
from pynetdicom.presentation import PresentationContext

from noctis.archive.retrieve import Selection
from noctis.network.retrieve import Job, Store, retrieve
from noctis.network.shipments import Shipments
from noctis.network.storage_scu import StorageUser

if TYPE_CHECKING:
    from noctis.network.associations import AcceptedAssociation


def serve_get(
    association: AcceptedAssociation, request: C_GET, context: PresentationContext, shipments: Shipments
) -> None:
    """Serve a request; a class for which the peer did not take the role of SCP counts as failed."""
    retrieve(Job(association, request, context, shipments, "C-GET", shipments.origin.ae_title), _same_association)


@contextmanager
def _same_association(job: Job, _selection: Selection) -> Iterator[Store]:
    yield StorageUser(job.association, priority=job.request.Priority or 0).store

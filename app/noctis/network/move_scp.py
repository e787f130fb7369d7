"""C-MOVE (PS3.7 9.1.4): instances go to an application entity that we know, over an association of its own."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from django.conf import settings
from pynetdicom.dimse_primitives import C_MOVE
from pynetdicom.presentation import PresentationContext

from noctis.accounts.models import Facility
from noctis.archive.ingest import Origin
from noctis.archive.retrieve import Selection
from noctis.dicom.dimse_status import RetrieveStatus
from noctis.network.actions import note_unknown_destination
from noctis.network.database import database_session
from noctis.network.models import RemoteApplicationEntity
from noctis.network.requesting import Address
from noctis.network.retrieve import Job, RetrieveRefused, Store, retrieve
from noctis.network.shipments import Shipments
from noctis.network.storage_scu import Destination, Originator

if TYPE_CHECKING:
    from noctis.network.associations import AcceptedAssociation

logger = logging.getLogger(__name__)


def serve_move(
    association: AcceptedAssociation, request: C_MOVE, context: PresentationContext, shipments: Shipments
) -> None:
    """Serve a request."""
    title = str(request.MoveDestination or "").strip()
    retrieve(Job(association, request, context, shipments, "C-MOVE", title), _to_destination)


@contextmanager
def _to_destination(job: Job, selection: Selection) -> Iterator[Store]:
    origin = job.shipments.origin
    with database_session():
        address = address_of(job.destination, origin)
        kinds = selection.kinds(origin.facility)
    originator = Originator(origin.ae_title, job.message_id)
    destination = Destination(address, kinds, originator=originator, priority=job.request.Priority or 0)
    try:
        yield destination.store
    finally:
        destination.close()


def address_of(ae_title: str, origin: Origin) -> Address:
    """Return where to send what ``origin`` moves. Raises RetrieveRefused; who was not to be found is remembered."""
    entity = RemoteApplicationEntity.objects.filter(ae_title=ae_title).first()
    if entity is None and (configured := configured_address(ae_title, origin.facility)) is not None:
        return configured
    if entity is None or (entity.facility_id == origin.facility.pk and not entity.has_send_address):
        note_unknown_destination(
            ae_title=ae_title, facility=origin.facility, requested_by=origin.ae_title, address=origin.address
        )
        reason = "The move destination is unknown." if entity is None else "The move destination has no address."
    elif entity.facility_id != origin.facility.pk:
        reason = "The move destination is not of the caller's facility."
    elif not entity.is_active:
        reason = "The move destination is switched off."
    else:
        return Address.of(entity)
    logger.warning("C-MOVE of %s to “%s” refused: %s", origin.ae_title, ae_title, reason)
    raise RetrieveRefused(RetrieveStatus.DESTINATION_UNKNOWN, reason)


def configured_address(ae_title: str, facility: Facility) -> Address | None:
    """Return the address that the configuration gives; it belongs to the default facility, or to the only one."""
    known = settings.NOCTIS_DICOM_DESTINATIONS.get(ae_title)
    if known is None or not (facility.is_default or Facility.objects.count() == 1):
        return None
    return Address(known.ae_title, known.host, known.port)

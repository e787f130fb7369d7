"""The one way out: associations that we open to others."""

from __future__ import annotations

import logging
import socket
from collections.abc import Iterable, Sequence
from contextlib import suppress
from copy import deepcopy
from typing import Any, Final

from django.conf import settings
from django.db import Error as DatabaseFailure
from django.db import connection as database
from pynetdicom import AE, evt
from pynetdicom._globals import DEFAULT_MAX_LENGTH, MODE_REQUESTOR
from pynetdicom.association import Association
from pynetdicom.pdu_primitives import A_ASSOCIATE
from pynetdicom.presentation import PresentationContext
from pynetdicom.transport import AddressInformation

from noctis.implementation import IMPLEMENTATION_CLASS_UID, IMPLEMENTATION_VERSION_NAME
from noctis.network.actions import note_reached
from noctis.network.database import database_session
from noctis.network.outgoing_transport import Address, ConnectionRefused, OutgoingSocket, connect
from noctis.network.releasing import release
from noctis.network.sending import AssociationLost, has_ended
from noctis.network.statistics import count_requests
from noctis.network.waking import WakingAssociation, WakingMessages, WakingProvider

__all__ = ["Address", "AssociationLost", "CannotAssociate", "associate", "end_association"]

logger = logging.getLogger(__name__)

NOTHING_ACCEPTED: Final = "it accepted nothing of what was proposed"
# By source and reason of A-ASSOCIATE-RJ (PS3.8 table 9-21).
_REJECTIONS: Final = {
    (1, 2): "it does not support the application context",
    (1, 3): "it does not know our AE title {ours}",
    (1, 7): "it is not called {theirs}",
    (2, 2): "it does not support the protocol version",
    (3, 1): "it has no resources left for now",
    (3, 2): "it has all the associations that it allows",
}


class CannotAssociate(AssociationLost):
    """There is no association; the text says why in plain words, to go on after “CT2: ”."""


def associate(
    address: Address,
    contexts: Sequence[PresentationContext],
    *,
    negotiation: Iterable[Any] = (),
    handlers: Iterable[tuple[Any, ...]] = (),
    hears_requests: bool = False,
    answer_seconds: float | None = None,
) -> Association:
    """Return a new association that only this thread uses; ``end_association`` ends it. Raises CannotAssociate.

    ``negotiation`` holds items such as role selections, ``handlers`` pynetdicom's pairs of event and function. Where
    the peer may make requests, such as reports on storage commitment, ``hears_requests`` must be set: else only answers
    are read. ``answer_seconds`` bounds the wait for an answer, by default as long as for the association. How it went
    is written down for the page of application entities.
    """
    try:
        association = _associate(address, contexts, negotiation, handlers, hears_requests, answer_seconds)
    except ConnectionRefused as error:
        trouble = str(error)
    else:
        trouble = "" if association.is_established else _why_not(association, address)
        if trouble and isinstance(association.dul.socket, OutgoingSocket):
            association.dul.socket.discard()
    _write_down(address, trouble)
    if trouble:
        raise CannotAssociate(trouble)
    return association


def end_association(association: Association) -> None:
    """Release an association, or abort it where the peer does not take part any more; the connection is closed."""
    if has_ended(association):
        association.abort(block=False)
    else:
        release(association)
    connection = association.dul.socket and association.dul.socket.socket
    if connection is not None:
        with suppress(OSError):
            connection.close()


class _RequestingEntity(AE):
    """Ourselves as who asks."""

    def __init__(self, title: str, answer_seconds: float | None) -> None:
        super().__init__(title)
        self.implementation_class_uid = IMPLEMENTATION_CLASS_UID
        self.implementation_version_name = IMPLEMENTATION_VERSION_NAME
        self.acse_timeout = settings.NOCTIS_DICOM_ARTIM_SECONDS
        self.dimse_timeout = answer_seconds or settings.NOCTIS_DICOM_ARTIM_SECONDS
        self.network_timeout = None


class _Answers(WakingMessages):
    """Messages of a peer that makes no requests: each is left to the thread that asked."""

    @property
    def has_work(self) -> bool:
        return False

    def get_msg(self, block: bool = False) -> Any:  # noqa: FBT001, FBT002  (as pynetdicom declares it)
        return super().get_msg(block) if block else (None, None)


class _RequestedAssociation(WakingAssociation):
    """An association that we ask for, over a connection that is open already."""

    def __init__(self, entity: AE, connection: socket.socket, *, hears_requests: bool) -> None:
        super().__init__(entity, MODE_REQUESTOR)
        self.dul = WakingProvider(self)
        self.dimse = WakingMessages(self) if hears_requests else _Answers(self)
        self.acse_timeout, self.network_timeout = entity.acse_timeout, entity.network_timeout
        self.set_socket(OutgoingSocket(self, connection))
        self.requestor.ae_title = entity.ae_title
        self.requestor.address_info = AddressInformation.from_tuple(connection.getsockname())
        self.requestor.maximum_length = DEFAULT_MAX_LENGTH
        self.requestor.implementation_class_uid = entity.implementation_class_uid
        self.requestor.implementation_version_name = entity.implementation_version_name

    def propose(self, contexts: Sequence[PresentationContext], negotiation: Iterable[Any]) -> None:
        """Ask for the association; where it is established, its thread runs."""
        for item in negotiation:
            self.requestor.add_negotiation_item(item)
        proposed = deepcopy(list(contexts))
        for number, context in enumerate(proposed):
            context.context_id = 2 * number + 1
        self.requestor.requested_contexts = proposed
        self.request()
        if self.is_established:
            self.start()


def _associate(
    address: Address,
    contexts: Sequence[PresentationContext],
    negotiation: Iterable[Any],
    handlers: Iterable[tuple[Any, ...]],
    hears_requests: bool,  # noqa: FBT001
    answer_seconds: float | None,
) -> Association:
    connection = connect(address)
    try:
        entity = _RequestingEntity(address.calling_ae_title or settings.NOCTIS_AE_TITLE, answer_seconds)
        association = _RequestedAssociation(entity, connection, hears_requests=hears_requests)
        association.acceptor.ae_title = address.ae_title
        association.acceptor.address_info = AddressInformation(*_other_end(connection))
        for handler in (*handlers, (evt.EVT_CONN_OPEN, count_requests)):
            association.bind(*handler)
        association.propose(contexts, negotiation)
    except OSError as error:
        connection.close()
        raise ConnectionRefused("it ended the connection") from error
    except BaseException:
        connection.close()
        raise
    return association


def _other_end(connection: socket.socket) -> tuple[str, int]:
    """Return address and port of the peer; our own where it has gone already, but may have said why."""
    try:
        address = connection.getpeername()
    except OSError:
        address = connection.getsockname()
    return str(address[0]), int(address[1])


def _why_not(association: Association, address: Address) -> str:
    answer = association.acceptor.primitive
    connection = association.dul.socket
    if association.is_rejected and isinstance(answer, A_ASSOCIATE):
        reason = _REJECTIONS.get((answer.result_source or 0, answer.diagnostic or 0), "without a reason")
        words = reason.format(ours=address.calling_ae_title or settings.NOCTIS_AE_TITLE, theirs=address.ae_title)
        return (
            f"it rejected the association: {words}"
            if reason != "without a reason"
            else f"it rejected the association {words}"
        )
    if isinstance(answer, A_ASSOCIATE) and answer.result == 0:
        return NOTHING_ACCEPTED
    if isinstance(connection, OutgoingSocket) and connection.trouble:
        return connection.trouble
    if address.uses_tls:
        return "it ended the connection after the TLS handshake, perhaps because it wants another client certificate"
    return "it did not answer the request for an association, perhaps because it expects TLS"


def _write_down(address: Address, trouble: str) -> None:
    if trouble:
        logger.warning("no association with %s: %s", address.ae_title, trouble)
    try:
        if database.in_atomic_block:
            note_reached(address.ae_title, trouble)
            return
        with database_session():
            note_reached(address.ae_title, trouble)
    except DatabaseFailure as error:
        logger.error("how %s was reached is not noted: %s", address.ae_title, type(error).__name__)  # noqa: TRY400

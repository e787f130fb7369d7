"""An association that a peer asked for: a thread that admits it, serves its requests and leaves nothing behind."""

from __future__ import annotations

import logging
import socket
import threading
from dataclasses import dataclass
from io import BytesIO
from typing import TYPE_CHECKING

from django.db import Error as DatabaseFailure
from pynetdicom import evt
from pynetdicom._globals import MODE_ACCEPTOR
from pynetdicom.dimse_primitives import C_FIND, C_GET, C_MOVE, N_EVENT_REPORT, DimseServiceType
from pynetdicom.events import Event
from pynetdicom.pdu_primitives import A_ABORT, A_ASSOCIATE
from pynetdicom.transport import AddressInformation

from noctis.archive.ingest import Origin
from noctis.dicom.association_rejection import Rejection
from noctis.dicom.dimse_status import DimseStatus
from noctis.network.admission import AssociationRequest, Refusal
from noctis.network.attempts import Attempt
from noctis.network.commitment_scp import Commitments
from noctis.network.database import database_session
from noctis.network.defects import log_defect
from noctis.network.deliveries import Delivery
from noctis.network.dicom_services import EVERY_SERVICE, DicomService
from noctis.network.find_scp import handle_find
from noctis.network.get_scp import serve_get
from noctis.network.identity import StatedIdentity, confirmation
from noctis.network.messages import BoundedMessages
from noctis.network.models import Obstacle
from noctis.network.move_scp import serve_move
from noctis.network.mpps_scp import handle_mpps_create, handle_mpps_set
from noctis.network.retrieve import negotiate_options
from noctis.network.services import is_offered
from noctis.network.shipments import Shipments
from noctis.network.spool_file import SpoolFile
from noctis.network.statistics import meter_for
from noctis.network.storage_scp import handle_store
from noctis.network.transport_security import TransportRefused
from noctis.network.upper_layer import AdmittingAcse, BoundedSocket, GuardedProvider
from noctis.network.verification_scp import handle_echo
from noctis.network.waking import WakingAssociation

if TYPE_CHECKING:
    from noctis.network.acceptor import Acceptor

logger = logging.getLogger(__name__)

PROTOCOL = "C-STORE"
PROVIDER_SECONDS = 5.0


@dataclass(frozen=True)
class Connection:
    """What a listener accepted: the socket and the peer's address and port."""

    socket: socket.socket
    address: str
    port: int
    is_secured: bool


class AcceptedAssociation(WakingAssociation):
    """An association that a peer asked for; runs in a thread of its own until it ends."""

    def __init__(self, acceptor: Acceptor, connection: Connection) -> None:
        """Take over ``connection``; nothing is read before ``start``."""
        super().__init__(acceptor.ae, MODE_ACCEPTOR)
        self._owner = acceptor
        self.address = connection.address
        self._is_secured = connection.is_secured
        self._certificate_sha256 = ""
        self.allowed_services: frozenset[DicomService] = EVERY_SERVICE
        self._delivery: Delivery | None = None
        self._shipments: Shipments | None = None
        self._commitments: Commitments | None = None
        self._ended = "connection lost"
        self._attempt = Attempt(connection.address, connection.is_secured)
        self.acse = AdmittingAcse(self)
        self.dul = GuardedProvider(self)
        self.dimse: BoundedMessages = BoundedMessages(self)
        self.acse_timeout = acceptor.configuration.artim_seconds
        self.network_timeout = acceptor.configuration.idle_seconds
        self.acceptor.maximum_length = acceptor.ae.maximum_pdu_size
        self.acceptor.ae_title = acceptor.ae.ae_title
        self.acceptor.implementation_class_uid = acceptor.ae.implementation_class_uid
        self.acceptor.implementation_version_name = acceptor.ae.implementation_version_name
        self.requestor.address_info = AddressInformation(connection.address, connection.port)
        self._transport = BoundedSocket(self, connection.socket, pdu_seconds=acceptor.configuration.pdu_seconds)
        self.set_socket(self._transport)

    def admit(self, primitive: A_ASSOCIATE) -> Rejection | None:
        """Decide whether the association may go on; where it may not, return what to reject it with."""
        request = AssociationRequest(
            calling_ae_title=(primitive.calling_ae_title or "").strip(),
            called_ae_title=(primitive.called_ae_title or "").strip(),
            address=self.address,
            application_context_name=str(primitive.application_context_name),
            is_tls=self._is_secured,
            certificate_sha256=self._certificate_sha256,
            identity=StatedIdentity.of(self.requestor.user_identity),
        )
        try:
            with database_session():
                decision = self._owner.decide_about(self, request)
        except DatabaseFailure as error:
            logger.error("no association can be admitted, the database does not answer: %s", type(error).__name__)  # noqa: TRY400
            return Rejection.TEMPORARY_CONGESTION
        if isinstance(decision, Refusal):
            logger.info("refused %s from %s: %s", request.calling_ae_title, self.address, decision.reason)
            self._attempt.refused(request, decision)
            return decision.rejection
        if not decision.is_own_check:
            self._attempt.admitted(request, self)
            self._owner.attempts.watch(self._attempt, self, decision.services)
        self.allowed_services = decision.services
        if decision.checked_identity and request.identity is not None and request.identity.wants_response:
            self.acceptor.add_negotiation_item(confirmation())
        origin = Origin(decision.facility, PROTOCOL, request.calling_ae_title, self.address)
        self._delivery = Delivery(origin)
        self._shipments = Shipments(origin)
        self._commitments = Commitments(self, origin, request.called_ae_title)
        self.bind(evt.EVT_ACSE_RECV, self._note_end)
        self.bind(evt.EVT_C_ECHO, handle_echo)
        self.bind(evt.EVT_C_STORE, handle_store, [self._delivery])
        self.bind(evt.EVT_DIMSE_RECV, self.dimse.note)
        self.bind(evt.EVT_SOP_EXTENDED, negotiate_options)
        self.bind(evt.EVT_C_FIND, handle_find, [origin])
        self.bind(evt.EVT_N_CREATE, handle_mpps_create, [origin])
        self.bind(evt.EVT_N_SET, handle_mpps_set, [origin])
        self.bind(evt.EVT_N_ACTION, self._commitments.handle_action)
        return None

    def run_reactor(self) -> None:
        """Negotiate and serve; afterwards note what came, and leave nothing half received behind."""
        try:
            if self._open_transport():
                super().run_reactor()
        except Exception as error:  # noqa: BLE001  (the association is over, the others go on)
            log_defect(logger, error)
        finally:
            self.close_connection()
            meter_for(self).ended(is_released=self.is_released)
            self._discard_unfinished()
            try:
                if self._commitments is not None:
                    self._commitments.close()
                if self._delivery is not None:
                    self._delivery.close(self._how_it_ended())
                if self._shipments is not None:
                    self._shipments.close()
                self._owner.attempts.record(
                    self._attempt, self, allowed=self.allowed_services, ended=self._how_it_ended()
                )
            finally:
                self._owner.forget(self)

    def close_connection(self) -> None:
        """Close the connection, whatever the state of the association."""
        if self.dul.socket is not None:
            self.dul.socket.close()

    def cut_off(self) -> None:
        """End the association from another thread, before it is admitted."""
        self._transport.cut_off()

    def _end_provider(self) -> None:
        """Wait for the thread that reads PDUs: it may be about to begin a file."""
        self.dul.kill_dul()
        if self.dul.is_alive():
            self.dul.join(PROVIDER_SECONDS)

    def _open_transport(self) -> bool:
        """Do the TLS handshake where one belongs here; False where the peer speaks what the port is not for."""
        context = self._owner.tls.current if self._is_secured and self._owner.tls is not None else None
        try:
            fingerprint = self._transport.open_transport(context, self._owner.configuration.artim_seconds)
        except TransportRefused as refused:
            if not self._owner.is_stopping:  # else it is us who closed the connection
                self._refuse_transport(refused)
            return False
        self._certificate_sha256 = fingerprint or ""
        return fingerprint is not None

    def _refuse_transport(self, refused: TransportRefused) -> None:
        request = AssociationRequest(refused.calling_ae_title, "", self.address, is_tls=self._is_secured)
        refusal = Refusal(Rejection.NO_REASON_GIVEN, str(refused), Obstacle.TRANSPORT)
        self._attempt.refused(request, refusal)
        logger.info("refused %s from %s: %s", request.calling_ae_title or "a caller", self.address, refusal.reason)
        meter_for(self).rejected(request.calling_ae_title)
        if refused.is_plain_dicom:
            self._transport.reject_unread(refusal.rejection)
        try:
            with database_session():
                self._owner.note(request, refusal)
        except DatabaseFailure as error:
            logger.error("a refusal is not noted, the database does not answer: %s", type(error).__name__)  # noqa: TRY400

    def _note_end(self, event: Event) -> None:
        if isinstance(getattr(event, "primitive", None), A_ABORT):
            self._ended = "aborted by the peer"

    def _how_it_ended(self) -> str:
        if self.is_released:
            return "released"
        return "aborted by us" if self._sent_abort else self._ended

    def _serve_request(self, msg: DimseServiceType, context_id: int) -> None:
        """Serve one request, where it is of a kind that was negotiated for its context."""
        if isinstance(msg, C_FIND | C_GET | C_MOVE) and msg.Identifier is None:
            msg.Identifier = BytesIO()  # an empty one: it is answered with a status
        context = self._accepted_cx.get(context_id)
        sop_class_uid = str(getattr(msg, "AffectedSOPClassUID", None) or getattr(msg, "RequestedSOPClassUID", None))
        if isinstance(msg, N_EVENT_REPORT) and threading.current_thread() is not self:
            self.dimse.msg_queue.put((context_id, msg))  # pynetdicom starts a thread for it, but only this one may send
        elif isinstance(msg, N_EVENT_REPORT) and msg.MessageIDBeingRespondedTo is not None:
            if self._commitments is not None:
                self._commitments.take_answer(msg)
        elif context is None or not msg.is_valid_request:
            self.abort()
        elif sop_class_uid != context.abstract_syntax or not is_offered(msg, sop_class_uid, self.allowed_services):
            self._answer_not_supported(msg, context_id)
        elif isinstance(msg, C_GET) and self._shipments is not None:
            serve_get(self, msg, context, self._shipments)
        elif isinstance(msg, C_MOVE) and self._shipments is not None:
            serve_move(self, msg, context, self._shipments)
        else:
            super()._serve_request(msg, context_id)

    def _answer_not_supported(self, request: DimseServiceType, context_id: int) -> None:
        if (data_set := getattr(request, "_dataset_file", None)) is not None:
            data_set.discard()
        answer = type(request)()
        answer.MessageIDBeingRespondedTo = request.MessageID
        for keyword in ("AffectedSOPClassUID", "AffectedSOPInstanceUID"):
            if hasattr(request, keyword):
                setattr(answer, keyword, getattr(request, keyword))
        answer.Status = int(DimseStatus.SOP_CLASS_NOT_SUPPORTED)
        self.dimse.send_msg(answer, context_id)

    def _discard_unfinished(self) -> None:
        """Remove the files of data sets that were not received to the end or not served."""
        files: list[object] = [self.dimse.message and self.dimse.message._data_set_file]  # noqa: SLF001  (pynetdicom has no hook)
        while not self.dimse.msg_queue.empty():
            _, message = self.dimse.msg_queue.get_nowait()
            files.append(getattr(message, "_dataset_file", None))
        for file in files:
            if isinstance(file, SpoolFile):
                file.discard()

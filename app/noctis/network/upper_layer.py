"""pynetdicom's upper layer (PS3.8), bounded in time and memory, and asking for admission before it negotiates."""

from __future__ import annotations

import errno
import logging
import socket
import ssl
import threading
import time
from contextlib import suppress
from typing import TYPE_CHECKING

from pynetdicom.acse import ACSE
from pynetdicom.pdu import A_ABORT_RQ
from pynetdicom.pdu_primitives import A_ASSOCIATE, A_P_ABORT
from pynetdicom.transport import AssociationSocket

from noctis.dicom.association_rejection import Rejection
from noctis.network.defects import log_defect
from noctis.network.services import acceptable_contexts
from noctis.network.statistics import count_messages, meter_for
from noctis.network.transport_security import Deadline, check_first_bytes, shake_hands, shut_down
from noctis.network.waking import WakingProvider

if TYPE_CHECKING:
    from noctis.network.associations import AcceptedAssociation

logger = logging.getLogger(__name__)

LARGEST_REQUEST_PDU = 1024 * 1024
MOST_CONTEXTS = 128  # odd numbers below 256 (PS3.8 9.3.2.2)
REJECTED_PERMANENTLY = 0x01
NO_REASON_GIVEN = 0x01
SERVICE_PROVIDER = 0x02
REJECTION_SECONDS = 1.0
PDU_HEADER = 6


class BoundedSocket(AssociationSocket):
    """The connection to a peer: small answers leave at once, and no PDU may be endless in size or in time."""

    def __init__(self, assoc: AcceptedAssociation, connection: socket.socket, *, pdu_seconds: float) -> None:
        """Take over ``connection``."""
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        connection.settimeout(pdu_seconds)
        super().__init__(assoc, client_socket=connection)
        self._meter = meter_for(assoc)
        self._pdu_seconds = pdu_seconds
        self._largest_pdu = max(LARGEST_REQUEST_PDU, 2 * assoc.ae.maximum_pdu_size)

    def open_transport(self, context: ssl.SSLContext | None, seconds: float) -> str | None:
        """Make sure that the peer speaks what the port is for: TLS where there is a context for it, else plain DICOM.

        Returns the fingerprint of its certificate, empty where it showed none; None where it went away. Called before
        anything else is read. Raises TransportRefused.
        """
        connection, deadline = self.socket, Deadline.after(seconds)
        if connection is None or not check_first_bytes(connection, deadline, expects_tls=context is not None):
            return None
        fingerprint = ""
        if context is not None:
            try:
                secured = context.wrap_socket(connection, server_side=True, do_handshake_on_connect=False)
            except (OSError, ValueError):
                return None
            self.socket = connection = secured
            fingerprint = shake_hands(secured, deadline)
        connection.settimeout(self._pdu_seconds)
        return fingerprint

    def reject_unread(self, rejection: Rejection) -> None:
        """Reject an association request that was not read (A-ASSOCIATE-RJ, PS3.8 9.3.4)."""
        if (connection := self.socket) is None:
            return
        with suppress(OSError):
            connection.settimeout(REJECTION_SECONDS)
            # All of it: what lies unread when a connection is closed would drop the answer.
            length = int.from_bytes(self.recv(PDU_HEADER)[2:], "big")
            self.recv(min(length, self._largest_pdu))
            connection.sendall(bytes((3, 0, 0, 0, 0, 4, 0, rejection.result, rejection.source, rejection.reason)))

    def cut_off(self) -> None:
        """Let the thread that waits for the peer find that the connection has ended; it closes the connection itself.

        To close it for that thread would be wrong: it could go on to wait for the next connection of the same number.
        """
        if (connection := self.socket) is not None:
            with suppress(OSError):
                socket.socket.shutdown(connection, socket.SHUT_RDWR)

    def _shutdown_socket(self) -> None:
        """Close the connection, also where the peer has closed it already."""
        if (connection := self.socket) is None:
            return
        shut_down(connection, says_goodbye=threading.current_thread() is self.assoc.dul)

    def recv(self, nr_bytes: int) -> bytearray:
        """Read ``nr_bytes``, fewer only where the peer has closed the connection; raises OSError past a bound."""
        if nr_bytes > self._largest_pdu:
            raise OSError(errno.EMSGSIZE, "the peer announced a PDU larger than was negotiated")
        connection = self.socket
        if connection is None:
            raise OSError(errno.ENOTCONN, "the connection is closed")
        buffer = bytearray(nr_bytes)
        view = memoryview(buffer)
        deadline = time.monotonic() + self._pdu_seconds
        received = 0
        while received < nr_bytes:
            count = connection.recv_into(view[received:])
            self._meter.bytes_in(count)
            if not count:
                return buffer[:received]
            received += count
            if received < nr_bytes and time.monotonic() > deadline:
                raise TimeoutError(errno.ETIMEDOUT, "the peer stalled within a PDU")
        return buffer

    def send(self, bytestream: bytes) -> None:
        """Write bytes; a connection that breaks is an event."""
        super().send(bytestream)
        self._meter.bytes_out(len(bytestream))


class GuardedProvider(WakingProvider):
    """The thread that reads and writes PDUs; whatever happens in it, the association learns that it ended."""

    def run_reactor(self) -> None:
        """Serve the connection; an error in it, such as an invalid title in a request, aborts the association."""
        try:
            super().run_reactor()
        except Exception as error:  # noqa: BLE001  (pynetdicom lets errors of its state machine end the thread)
            log_defect(logger, error)
            self._abort()
        finally:
            self.to_user_queue.put(A_P_ABORT())
            self.assoc.dimse.msg_queue.put((None, None))

    def _abort(self) -> None:
        if self.socket is not None and self.socket.socket is not None:
            abort = A_ABORT_RQ()
            abort.source = SERVICE_PROVIDER
            abort.reason_diagnostic = 0x00
            self.socket.send(abort.encode())
            self.socket.close()


class AdmittingAcse(ACSE):
    """Association control that lets in only who is admitted, with contexts made for what the peer proposes."""

    def negotiate_association(self) -> None:
        """Reject the association, or negotiate it."""
        association: AcceptedAssociation = self.assoc  # type: ignore[assignment]
        request = self.requestor.primitive
        if not isinstance(request, A_ASSOCIATE):
            association.kill()  # the peer went away without asking for anything
            return
        if len(request.presentation_context_definition_list) > MOST_CONTEXTS:
            logger.warning("an association request with more contexts than there are numbers for them is rejected")
            self.send_reject(REJECTED_PERMANENTLY, SERVICE_PROVIDER, NO_REASON_GIVEN)
            association.kill()
            return
        rejection = association.admit(request)
        calling_ae_title = (request.calling_ae_title or "").strip()
        if rejection is not None:
            meter_for(association).rejected(calling_ae_title)
            self.send_reject(rejection.result, rejection.source, rejection.reason)
            association.kill()
            return
        meter_for(association).admitted(calling_ae_title)
        count_messages(association)
        roles = self.requestor.role_selection.items()
        self.acceptor.supported_contexts = acceptable_contexts(
            request.presentation_context_definition_list,
            association.allowed_services,
            receives={str(uid) for uid, role in roles if role.scp_role and not role.scu_role},
        )
        super().negotiate_association()

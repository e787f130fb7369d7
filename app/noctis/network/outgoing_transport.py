"""Connections that we open: plain, or TLS by the BCP 195 profile with the peer's certificate checked (PS3.15 B.12).

They are made before pynetdicom comes in, so that what goes wrong can be told in plain words.
"""

from __future__ import annotations

import errno
import hashlib
import hmac
import socket
import ssl
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from django.conf import settings
from pynetdicom import evt
from pynetdicom.association import Association
from pynetdicom.transport import T_CONNECT, AddressInformation, AssociationSocket

from noctis.network.models import RemoteApplicationEntity
from noctis.network.transport_security import CIPHER_SUITES, TlsConfiguration, TlsUnusable, load_authorities, shut_down

CONNECT_SECONDS: Final = 10.0
LARGEST_PDU: Final = 2 * 1024 * 1024
CHUNK: Final = 64 * 1024
UNKNOWN_AUTHORITY: Final = "its certificate is of an unknown authority"

# X509_V_ERR_… of OpenSSL.
_CERTIFICATE_TROUBLES: Final = {
    9: "its certificate is not valid yet",
    10: "its certificate has expired",
    18: UNKNOWN_AUTHORITY,
    19: UNKNOWN_AUTHORITY,
    20: UNKNOWN_AUTHORITY,
    21: UNKNOWN_AUTHORITY,
    23: "its certificate is revoked",
    26: "its certificate is not made for a server",
}
_HOST_NAME_MISMATCHES: Final = {62, 64}
_NOT_TLS: Final = "it does not speak TLS on this port"
_EXPLANATIONS: Final = {
    "WRONG_VERSION_NUMBER": _NOT_TLS,
    "HTTP_REQUEST": _NOT_TLS,
    "RECORD_LAYER_FAILURE": _NOT_TLS,
    "UNSUPPORTED_PROTOCOL": "it speaks no version of TLS from 1.2 on",
    "TLSV1_ALERT_PROTOCOL_VERSION": "it speaks no version of TLS from 1.2 on",
    "SSLV3_ALERT_HANDSHAKE_FAILURE": "it accepted no cipher suite of the BCP 195 profile, or no certificate",
    "TLSV1_ALERT_INSUFFICIENT_SECURITY": "it accepted no cipher suite of the BCP 195 profile",
    "TLSV13_ALERT_CERTIFICATE_REQUIRED": "it wants a client certificate, and NOCTIS_DICOM_TLS_CERTIFICATE names none",
    "TLSV1_ALERT_UNKNOWN_CA": "it does not trust our certificate",
    "SSLV3_ALERT_BAD_CERTIFICATE": "it does not trust our certificate",
    "SSLV3_ALERT_UNSUPPORTED_CERTIFICATE": "it does not take our certificate for a client's",
    "SSLV3_ALERT_CERTIFICATE_UNKNOWN": "it does not trust our certificate",
    "SSLV3_ALERT_CERTIFICATE_EXPIRED": "it holds our certificate for expired",
    "TLSV1_ALERT_ACCESS_DENIED": "it does not let our certificate in",
    "UNEXPECTED_EOF_WHILE_READING": "it ended the connection within the TLS handshake",
}


class ConnectionRefused(Exception):
    """There is no connection; the text says why, to go on after “CT2: ”."""


@dataclass(frozen=True)
class Address:
    """Where an application entity takes associations, and how it is to be spoken to.

    Over TLS its certificate must be of a known authority and for its host name, or have the SHA-256 fingerprint
    ``certificate_sha256`` where that is given. We call by our own title, or by ``calling_ae_title``.
    """

    ae_title: str
    host: str
    port: int
    uses_tls: bool = False
    certificate_sha256: str = ""
    calling_ae_title: str = ""

    @classmethod
    def of(cls, entity: RemoteApplicationEntity) -> Address:
        """Return the address of an entity that has one."""
        return cls(entity.ae_title, entity.host, entity.port or 0, entity.uses_tls, entity.server_certificate_sha256)


def connect(address: Address) -> socket.socket:
    """Return a connection that is ready for an association. Raises ConnectionRefused; never falls back to plain."""
    context = _client_context(address) if address.uses_tls else None
    try:
        connection = socket.create_connection((address.host, address.port), CONNECT_SECONDS)
    except (OSError, UnicodeError) as error:  # the latter for a name that cannot be one
        raise ConnectionRefused(f"it cannot be reached: {_why_unreachable(error)}") from error
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    if context is not None:
        connection = _secured(connection, context, address)
    connection.settimeout(settings.NOCTIS_DICOM_PDU_SECONDS)
    return connection


def _client_context(address: Address) -> ssl.SSLContext:
    """Return our side of TLS. The files are read each time, so that a renewed certificate needs no restart."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers(CIPHER_SUITES)
    context.options |= ssl.OP_NO_COMPRESSION | ssl.OP_NO_RENEGOTIATION | ssl.OP_NO_TICKET
    if address.certificate_sha256:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE  # the fingerprint is compared after the handshake
    configuration = TlsConfiguration.from_settings()
    try:
        if configuration is not None:
            configuration.load_own_certificate(context)
        if settings.NOCTIS_DICOM_TLS_CLIENT_CA:
            load_authorities(context, settings.NOCTIS_DICOM_TLS_CLIENT_CA)
        else:
            context.load_default_certs()
    except TlsUnusable as error:
        raise ConnectionRefused(f"TLS cannot be used: {str(error).removesuffix('.')}") from error
    return context


def _secured(connection: socket.socket, context: ssl.SSLContext, address: Address) -> ssl.SSLSocket:
    connection.settimeout(settings.NOCTIS_DICOM_ARTIM_SECONDS)
    try:
        secured = context.wrap_socket(connection, server_hostname=address.host)
        certificate = secured.getpeercert(binary_form=True) or b""
    except (OSError, ValueError) as error:
        connection.close()
        raise ConnectionRefused(explanation(error, address.host)) from error
    shown = hashlib.sha256(certificate).hexdigest()
    if address.certificate_sha256 and not hmac.compare_digest(shown, address.certificate_sha256):
        shut_down(secured)
        raise ConnectionRefused("it showed another certificate than the one that is expected of it")
    return secured


def explanation(error: Exception, host: str = "") -> str:
    """Return what an error of a TLS connection means, for an administrator."""
    if isinstance(error, ssl.SSLCertVerificationError):
        if error.verify_code in _HOST_NAME_MISMATCHES:
            return f"its certificate is not for the name {host}"
        return _CERTIFICATE_TROUBLES.get(error.verify_code, f"its certificate is not trusted: {error.verify_message}")
    if isinstance(error, ssl.SSLEOFError):
        return _EXPLANATIONS["UNEXPECTED_EOF_WHILE_READING"]
    if isinstance(error, ssl.SSLError):
        reason = error.reason or "no reason is known"
        return _EXPLANATIONS.get(reason, f"TLS failed: {reason.lower().replace('_', ' ')}")
    if isinstance(error, TimeoutError):
        return "it did not finish the TLS handshake in time"
    return "it ended the connection within the TLS handshake"


def _why_unreachable(error: Exception) -> str:
    if isinstance(error, socket.gaierror | UnicodeError):
        return "its host name is unknown"
    if isinstance(error, TimeoutError):
        return f"no answer within {CONNECT_SECONDS:.0f} s"
    return (getattr(error, "strerror", None) or type(error).__name__).lower()


class OutgoingSocket(AssociationSocket):
    """A connection that ``connect`` made, as pynetdicom uses it.

    What TLS says on its own account, such as session tickets, wakes ``select`` although there is nothing to read: a
    read that waited for it would keep the thread from sending. So what looks readable is read without waiting first.
    """

    def __init__(self, association: Association, connection: socket.socket) -> None:
        """Take over ``connection``."""
        self._connection = connection
        self._unread = bytearray()
        self.trouble = ""
        super().__init__(association, address=AddressInformation.from_tuple(connection.getsockname()))

    def connect(self, primitive: T_CONNECT) -> None:
        """Tell pynetdicom that there is a connection."""
        self.assoc.requestor.address_info = AddressInformation.from_tuple(self._connection.getsockname())
        self._is_connected = True
        evt.trigger(self.assoc, evt.EVT_CONN_OPEN, {"address": primitive.address_info.as_tuple})
        primitive.result = "Evt2"
        self.provider_queue.put(primitive)
        self._ready.set()

    def _create_socket(self, address: AddressInformation) -> socket.socket:
        return self._connection

    @property
    def ready(self) -> bool:
        """Whether there is something to read, be it the end."""
        if self._unread:
            return True
        is_ready: bool = super().ready
        connection = self.socket
        return self._take(connection) if is_ready and isinstance(connection, ssl.SSLSocket) else is_ready

    def _take(self, connection: ssl.SSLSocket) -> bool:
        waits = connection.gettimeout()
        try:
            connection.settimeout(0)
            self._unread += connection.recv(CHUNK)
        except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
            return False
        except (OSError, ValueError) as error:
            self._note(error)
        else:
            return True  # also at the end, which is met again
        finally:
            with suppress(OSError):  # closed meanwhile
                connection.settimeout(waits)
        return True

    def send(self, bytestream: bytes) -> None:
        """Write bytes; a connection that breaks is an event."""
        connection = self.socket
        if connection is None:
            return  # the event of its end has been given
        try:
            connection.sendall(bytestream)
        except (OSError, ValueError):
            if isinstance(connection, ssl.SSLSocket):
                self._take(connection)  # the peer may have said why
            self.event_queue.put("Evt17")
        else:
            evt.trigger(self.assoc, evt.EVT_DATA_SENT, {"data": bytestream})

    def discard(self) -> None:
        """Close a connection over which no association came about; pynetdicom leaves some open."""
        shut_down(self._connection, says_goodbye=False)

    def recv(self, nr_bytes: int) -> bytearray:
        """Read ``nr_bytes``, fewer only where the peer has closed the connection; raises OSError past a bound."""
        connection = self.socket
        if connection is None or nr_bytes > LARGEST_PDU:
            raise OSError(errno.EMSGSIZE, "the connection is closed, or the peer announced a PDU larger than allowed")
        deadline = time.monotonic() + settings.NOCTIS_DICOM_PDU_SECONDS
        received = self._unread[:nr_bytes]
        del self._unread[:nr_bytes]
        while len(received) < nr_bytes:
            try:
                more = connection.recv(min(nr_bytes - len(received), CHUNK))
            except (OSError, ValueError) as error:
                self._note(error)
                raise
            if not more:
                return received
            received += more
            if len(received) < nr_bytes and time.monotonic() > deadline:
                raise TimeoutError(errno.ETIMEDOUT, "the peer stalled within a PDU")
        return received

    def _shutdown_socket(self) -> None:
        if self.socket is not None:
            shut_down(self.socket)

    def _note(self, error: Exception) -> None:
        """Keep the first trouble: a peer that refuses our certificate says so only after the handshake of TLS 1.3."""
        if not self.trouble and isinstance(error, ssl.SSLError):
            self.trouble = explanation(error)

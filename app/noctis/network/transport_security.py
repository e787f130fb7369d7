"""TLS for associations by the BCP 195 profiles, which do not fall back to anything older (PS3.15 B.10 and B.12)."""

from __future__ import annotations

import hashlib
import logging
import socket
import ssl
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from django.conf import settings

from noctis.dicom.ae_titles import is_valid_ae_title

logger = logging.getLogger(__name__)

# Those of RFC 9325 for TLS 1.2; the suites of TLS 1.3 are all safe.
CIPHER_SUITES: Final = ":".join(
    f"ECDHE-{key}-{cipher}" for cipher in ("AES256-GCM-SHA384", "AES128-GCM-SHA256") for key in ("ECDSA", "RSA")
)
TLS_HANDSHAKE: Final = b"\x16\x03"
ASSOCIATE_REQUEST: Final = b"\x01\x00"
CALLING_AE_TITLE: Final = slice(26, 42)
PEEKED_BYTES: Final = 512

# What OpenSSL calls it, and what an administrator can do something with.
_EXPLANATIONS: Final = {
    "UNSUPPORTED_PROTOCOL": "it offered no version of TLS from 1.2 on",
    "VERSION_TOO_LOW": "it offered no version of TLS from 1.2 on",
    "NO_SHARED_CIPHER": "it offered no cipher suite of the BCP 195 profile",
    "PEER_DID_NOT_RETURN_A_CERTIFICATE": "it showed no client certificate",
    "TLSV1_ALERT_UNKNOWN_CA": "it does not trust the certificate of this service",
    "SSLV3_ALERT_BAD_CERTIFICATE": "it does not trust the certificate of this service",
    "SSLV3_ALERT_CERTIFICATE_UNKNOWN": "it does not trust the certificate of this service",
    "SSLV3_ALERT_CERTIFICATE_EXPIRED": "it holds the certificate of this service for expired",
    "UNEXPECTED_EOF_WHILE_READING": "it ended the connection within the TLS handshake",
}


class TlsUnusable(Exception):
    """The certificate, the key or the list of authorities cannot be used; the text says why in one sentence."""


class TransportRefused(Exception):
    """The peer does not speak what the port is for; the text says why, to go on after “was refused: ”.

    ``calling_ae_title`` is known only where a plain association request came. ``is_plain_dicom`` tells that the peer
    would understand an answer.
    """

    def __init__(self, reason: str, *, calling_ae_title: str = "", is_plain_dicom: bool = False) -> None:
        """Keep what is known of the peer."""
        super().__init__(reason)
        self.calling_ae_title = calling_ae_title
        self.is_plain_dicom = is_plain_dicom


@dataclass(frozen=True)
class TlsConfiguration:
    """The TLS port and its files (PEM). Peers need a certificate of ``client_ca`` where that is set and demanded."""

    port: int
    certificate: str
    private_key: str
    client_ca: str
    demands_client_certificate: bool

    @classmethod
    def from_settings(cls) -> TlsConfiguration | None:
        """Return what the settings say; None where they name neither certificate nor key."""
        if not settings.NOCTIS_DICOM_TLS_CERTIFICATE and not settings.NOCTIS_DICOM_TLS_PRIVATE_KEY:
            return None
        return cls(
            port=settings.NOCTIS_DICOM_TLS_PORT,
            certificate=settings.NOCTIS_DICOM_TLS_CERTIFICATE,
            private_key=settings.NOCTIS_DICOM_TLS_PRIVATE_KEY,
            client_ca=settings.NOCTIS_DICOM_TLS_CLIENT_CA,
            demands_client_certificate=settings.NOCTIS_DICOM_TLS_CLIENT_AUTHENTICATION == "required",
        )

    def load_own_certificate(self, context: ssl.SSLContext) -> None:
        """Let ``context`` show our certificate. Raises TlsUnusable."""
        _check_readable("NOCTIS_DICOM_TLS_CERTIFICATE", self.certificate)
        _check_readable("NOCTIS_DICOM_TLS_PRIVATE_KEY", self.private_key)
        try:
            context.load_cert_chain(self.certificate, self.private_key, password="")
        except (OSError, ValueError) as error:
            raise TlsUnusable(
                "NOCTIS_DICOM_TLS_CERTIFICATE and NOCTIS_DICOM_TLS_PRIVATE_KEY do not name a certificate and its"
                f" unencrypted key in PEM: {_reason(error)}."
            ) from error


def tls_context(configuration: TlsConfiguration) -> ssl.SSLContext:
    """Return the server's side of TLS. Raises TlsUnusable."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers(CIPHER_SUITES)
    context.options |= ssl.OP_NO_COMPRESSION | ssl.OP_NO_RENEGOTIATION | ssl.OP_NO_TICKET
    context.num_tickets = 0  # every association shows its certificate anew
    configuration.load_own_certificate(context)
    if configuration.client_ca:
        load_authorities(context, configuration.client_ca)
        demanded = configuration.demands_client_certificate
        context.verify_mode = ssl.CERT_REQUIRED if demanded else ssl.CERT_OPTIONAL
    return context


def load_authorities(context: ssl.SSLContext, path: str) -> None:
    """Let ``context`` trust who signed with the certificates in ``path``. Raises TlsUnusable."""
    _check_readable("NOCTIS_DICOM_TLS_CLIENT_CA", path)
    try:
        context.load_verify_locations(path)
    except (OSError, ValueError) as error:
        raise TlsUnusable(f"NOCTIS_DICOM_TLS_CLIENT_CA does not name certificates in PEM: {_reason(error)}.") from error


def shut_down(connection: socket.socket, *, says_goodbye: bool = True) -> None:
    """Close a connection, also where the peer has closed it already.

    ``says_goodbye`` tells a TLS peer that this is the end, without waiting for its answer; only the thread that uses
    the connection may.
    """
    with suppress(OSError, ValueError):
        if says_goodbye and isinstance(connection, ssl.SSLSocket):
            connection.settimeout(0)
            connection.unwrap()
    with suppress(OSError):
        # Not the method of an SSLSocket, which would let another thread go on in plain text for a moment.
        socket.socket.shutdown(connection, socket.SHUT_RDWR)
    connection.close()


class ReloadableContext:
    """The context for new associations; running ones keep theirs."""

    def __init__(self, configuration: TlsConfiguration) -> None:
        """Read the files. Raises TlsUnusable."""
        self._configuration = configuration
        self.current = tls_context(configuration)

    def reload(self) -> None:
        """Read the files anew; where they cannot be used, stay with what was read before."""
        try:
            self.current = tls_context(self._configuration)
        except TlsUnusable as error:
            logger.error("the certificate was not reloaded, the one before stays in use: %s", error)  # noqa: TRY400
        else:
            logger.info("the certificate of the DICOM service was reloaded")


@dataclass(frozen=True)
class Deadline:
    """A point in time that several steps share."""

    at: float

    @classmethod
    def after(cls, seconds: float) -> Deadline:
        """Return the deadline in so many seconds."""
        return cls(time.monotonic() + seconds)

    @property
    def seconds_left(self) -> float:
        """How long it is until then; never zero, which would mean not to wait at all."""
        return max(0.001, self.at - time.monotonic())


def check_first_bytes(connection: socket.socket, deadline: Deadline, *, expects_tls: bool) -> bool:
    """Look at what the peer begins with, without taking it; False where it goes away or says nothing in time.

    Raises TransportRefused where it speaks TLS on the plain port, or anything else on the TLS port.
    """
    connection.settimeout(deadline.seconds_left)
    try:
        start = connection.recv(PEEKED_BYTES, socket.MSG_PEEK)
    except OSError:
        return False
    if not start:
        return False
    speaks_tls = start.startswith(TLS_HANDSHAKE[: len(start)])
    if speaks_tls and not expects_tls:
        raise TransportRefused("it spoke TLS on the port for plain DICOM")
    if expects_tls and not speaks_tls:
        if not start.startswith(ASSOCIATE_REQUEST[: len(start)]):
            raise TransportRefused("it spoke something else than TLS on the TLS port")
        title = start[CALLING_AE_TITLE].decode("ascii", "replace").strip()
        raise TransportRefused(
            "it spoke plain DICOM on the TLS port",
            calling_ae_title=title if is_valid_ae_title(title) else "",
            is_plain_dicom=True,
        )
    return True


def shake_hands(connection: ssl.SSLSocket, deadline: Deadline) -> str:
    """Do the handshake; return the SHA-256 fingerprint of the peer's certificate, empty where it showed none.

    Raises TransportRefused.
    """
    connection.settimeout(deadline.seconds_left)
    try:
        connection.do_handshake()
        certificate = connection.getpeercert(binary_form=True)
    except ssl.SSLCertVerificationError as error:
        raise TransportRefused(f"its certificate is not trusted: {error.verify_message}") from error
    except TimeoutError as error:
        raise TransportRefused("it did not finish the TLS handshake in time") from error
    except ssl.SSLError as error:
        raise TransportRefused(_explanation(error)) from error
    except (OSError, ValueError) as error:
        raise TransportRefused("it ended the connection within the TLS handshake") from error
    return hashlib.sha256(certificate).hexdigest() if certificate else ""


def _explanation(error: ssl.SSLError) -> str:
    if isinstance(error, ssl.SSLEOFError):
        return _EXPLANATIONS["UNEXPECTED_EOF_WHILE_READING"]
    reason = error.reason or "no reason is known"
    return _EXPLANATIONS.get(reason, f"the TLS handshake failed: {reason.lower().replace('_', ' ')}")


def _check_readable(setting: str, path: str) -> None:
    if not path:
        raise TlsUnusable(f"{setting} is not set; TLS needs both a certificate and a private key.")
    try:
        Path(path).open("rb").close()
    except OSError as error:
        raise TlsUnusable(f"{setting} names {path}, which cannot be read: {error.strerror}.") from error


def _reason(error: Exception) -> str:
    reason = getattr(error, "reason", None) or getattr(error, "strerror", None) or type(error).__name__
    return str(reason).lower().replace("_", " ")

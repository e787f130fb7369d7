"""What a modality must be told so that it can send here."""

from __future__ import annotations

from dataclasses import dataclass

from django.conf import settings
from django.http import HttpRequest
from django.http.request import split_domain_port

LOOPBACK = ("127.0.0.1", "::1", "localhost")


@dataclass(frozen=True)
class DicomAddress:
    """The called AE title, host and port, and the port for TLS where it is spoken.

    ``loopback_only`` where nobody but this machine can reach them.
    """

    ae_title: str
    host: str
    port: int
    loopback_only: bool
    tls_port: int | None = None


def dicom_address(request: HttpRequest) -> DicomAddress:
    """Return the address under the host name by which the browser reached this page."""
    loopback_only = settings.NOCTIS_DICOM_HOST in LOOPBACK
    host, _ = split_domain_port(request.get_host())
    return DicomAddress(
        ae_title=settings.NOCTIS_AE_TITLE,
        host=settings.NOCTIS_DICOM_HOST if loopback_only else host.strip("[]"),
        port=settings.NOCTIS_DICOM_PORT,
        loopback_only=loopback_only,
        tls_port=settings.NOCTIS_DICOM_TLS_PORT if settings.NOCTIS_DICOM_TLS_CERTIFICATE else None,
    )

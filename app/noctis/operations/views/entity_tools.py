"""Tools of one application entity: ask it for an echo, and print what its engineer has to set."""

from __future__ import annotations

import hashlib
import ipaddress
import socket
import ssl
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from noctis.accounts.permissions import administrators_only
from noctis.dicom_address import DicomAddress, dicom_address
from noctis.network.dicom_services import EVERY_SERVICE, DicomService
from noctis.network.models import RemoteApplicationEntity
from noctis.network.outgoing_transport import Address
from noctis.network.services import STORAGE_COMMITMENT_PUSH_MODEL, is_offered_class
from noctis.network.verification_scu import echo_in_time


@dataclass(frozen=True)
class TlsFacts:
    """What an engineer needs of our side of TLS; without ``fingerprint`` the certificate cannot be read here."""

    port: int
    fingerprint: list[str]
    wants_client_certificate: bool


@administrators_only
@require_POST
def echo_application_entity(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask a device for an echo at the address where it takes images, and tell what came of it."""
    entity = get_object_or_404(RemoteApplicationEntity, pk=pk)
    result = echo_in_time(Address.of(entity)) if entity.has_send_address else None
    if request.headers.get("HX-Request"):
        context = {"edited": entity, "result": result, "at": timezone.localtime()}
        return render(request, "operations/_echo_result.html", context)
    if result is not None and result.is_success:
        messages.success(request, f"{entity} answered the echo after {result.milliseconds:.1f} ms.")
    else:
        messages.error(request, f"{entity}: {result.trouble if result else 'no host and port are known for it'}.")
    return redirect("operations:edit_application_entity", pk=entity.pk)


@administrators_only
@require_safe
def application_entity_sheet(request: HttpRequest, pk: int) -> HttpResponse:
    """Print what the engineer of one device has to set."""
    return _sheet(request, get_object_or_404(RemoteApplicationEntity.objects.select_related("facility"), pk=pk))


@administrators_only
@require_safe
def settings_sheet(request: HttpRequest) -> HttpResponse:
    """Print the same for a device that has no entry yet."""
    return _sheet(request, None)


def _sheet(request: HttpRequest, entity: RemoteApplicationEntity | None) -> HttpResponse:
    dicom = dicom_address(request)
    allowed = entity.allowed_services if entity is not None else EVERY_SERVICE
    context = {
        "entity": entity,
        "dicom": dicom,
        "addresses": _addresses(dicom),
        "tls": _tls_facts(),
        "certificate": _in_lines(entity.certificate_sha256) if entity is not None else [],
        "does": {service.value: service in allowed and _is_offered(service) for service in DicomService},
        "maximum_pdu_size": settings.NOCTIS_DICOM_MAX_PDU_SIZE,
        "idle_seconds": settings.NOCTIS_DICOM_IDLE_SECONDS,
        "today": timezone.localdate(),
    }
    return render(request, "operations/settings_sheet.html", context)


def _is_offered(service: DicomService) -> bool:
    return service is not DicomService.STORAGE_COMMITMENT or is_offered_class(STORAGE_COMMITMENT_PUSH_MODEL)


def _addresses(dicom: DicomAddress) -> list[str]:
    """Return the addresses of the host name, as the server sees them; modalities often take no names."""
    try:
        ipaddress.ip_address(dicom.host)
    except ValueError:
        pass
    else:
        return []
    try:
        found = socket.getaddrinfo(dicom.host, dicom.port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return []
    addresses = dict.fromkeys(str(entry[4][0]) for entry in found)
    return [address for address in addresses if not ipaddress.ip_address(address.partition("%")[0]).is_loopback]


def _tls_facts() -> TlsFacts | None:
    if not settings.NOCTIS_DICOM_TLS_CERTIFICATE:
        return None
    return TlsFacts(
        port=settings.NOCTIS_DICOM_TLS_PORT,
        fingerprint=_fingerprint(Path(settings.NOCTIS_DICOM_TLS_CERTIFICATE)),
        wants_client_certificate=bool(settings.NOCTIS_DICOM_TLS_CLIENT_CA)
        and settings.NOCTIS_DICOM_TLS_CLIENT_AUTHENTICATION == "required",
    )


def _fingerprint(path: Path) -> list[str]:
    """Return the SHA-256 fingerprint of the first certificate of a file; empty if it cannot be read."""
    begin, end = "-----BEGIN CERTIFICATE-----", "-----END CERTIFICATE-----"
    try:
        text = path.read_text(encoding="ascii", errors="replace")
        certificate = begin + text.partition(begin)[2].partition(end)[0] + end
        return _in_lines(hashlib.sha256(ssl.PEM_cert_to_DER_cert(certificate)).hexdigest())
    except (OSError, ValueError):
        return []


def _in_lines(fingerprint: str) -> list[str]:
    """Return a fingerprint as devices show it, eight bytes a line, so that it can be compared by eye."""
    pairs = [fingerprint[at : at + 2].upper() for at in range(0, len(fingerprint), 2)]
    return [":".join(pairs[at : at + 8]) for at in range(0, len(pairs), 8)]

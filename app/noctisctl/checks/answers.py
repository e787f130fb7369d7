"""Whether what people and modalities call answers: pages, DICOM, the certificate."""

from __future__ import annotations

import http.client
import shutil
import socket
import ssl
from collections.abc import Iterator
from datetime import datetime, timezone
from http import HTTPStatus
from typing import Final

from noctisctl.findings import Finding, attention, problem, well
from noctisctl.server import Server

SECONDS: Final = 10.0
SOON_DAYS: Final = 21
REFUSED: Final = "it rejected the association"


def pages(server: Server) -> Iterator[Finding]:
    """Ask for the health of the application as a browser would, through Nginx."""
    try:
        status = _ask(server)
    except (OSError, http.client.HTTPException) as error:
        yield problem(
            "pages",
            f"nothing answers at https://{server.hostname}: {error}",
            "sudo nginx -t tells of its configuration; sudo systemctl restart nginx",
        )
        return
    if status == HTTPStatus.OK:
        yield well("pages", f"https://{server.hostname} answers")
    elif status == HTTPStatus.SERVICE_UNAVAILABLE:
        yield problem(
            "pages",
            "the application answers, its database does not",
            "sudo systemctl restart postgresql; then: sudo noctisctl logs postgresql",
        )
    else:
        yield problem(
            "pages", f"/healthz answers with {status}", "Read why: sudo noctisctl logs web, sudo noctisctl logs nginx"
        )


def _ask(server: Server) -> int:
    """Return the status of the health page. Who signed the certificate is looked at apart from this."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    plain = socket.create_connection(("127.0.0.1", server.https_port), timeout=SECONDS)
    with context.wrap_socket(plain, server_hostname=server.hostname) as stream:
        connection = http.client.HTTPConnection(server.hostname, server.https_port, timeout=SECONDS)
        connection.sock = stream
        connection.request("GET", "/healthz", headers={"Host": server.hostname})
        return connection.getresponse().status


def dicom(server: Server) -> Iterator[Finding]:
    """Look whether the DICOM port takes connections. No message is sent, so it may be asked every minute."""
    try:
        socket.create_connection(("127.0.0.1", server.dicom_port), timeout=SECONDS).close()
    except OSError as error:
        yield problem("DICOM", f"port {server.dicom_port} takes no connection: {error}", _RESTART_DICOM)
    else:
        yield well("DICOM", f"port {server.dicom_port} takes connections")


def echo(server: Server) -> Iterator[Finding]:
    """Send C-ECHO to the DICOM service. One that does not know us refuses the association, which is an answer too."""
    done = server.run(["dicom-server", "status"], seconds=40)
    said = (done.output if done.is_good else done.errors).strip().splitlines()
    if done.is_good:
        yield well("C-ECHO", said[-1] if said else "is answered")
    elif said and REFUSED in said[-1]:
        yield well("C-ECHO", "the service answers: it knows no device with its own AE title, and refuses it")
    else:
        yield problem("C-ECHO", said[-1] if said else "is not answered", _RESTART_DICOM)


def certificate(server: Server) -> Iterator[Finding]:
    """Look until when the certificate of the pages is valid."""
    if not server.certificate.exists():
        yield problem("certificate", f"{server.certificate} is missing", "Run site.yml again with --tags nginx")
        return
    done = server.run(["openssl", "x509", "-noout", "-enddate", "-in", str(server.certificate)])
    end = _end(done.output)
    if end is None:
        yield problem("certificate", f"{server.certificate} cannot be read", "Run site.yml again with --tags nginx")
        return
    days = (end - datetime.now(timezone.utc)).days
    words = f"valid until {end:%Y-%m-%d} ({days} days)"
    if days < 0:
        yield problem("certificate", f"it ended on {end:%Y-%m-%d}", _RENEW)
    elif days < SOON_DAYS:
        yield attention("certificate", words, _RENEW)
    else:
        yield well("certificate", words)


_RESTART_DICOM: Final = "sudo supervisorctl restart noctis-dicom; read why: sudo noctisctl logs dicom"
_RENEW: Final = "Run site.yml again: it renews what is due. See “Certificates” in operations.md"


def _end(printed: str) -> datetime | None:
    text = printed.strip().partition("=")[2]
    try:
        return datetime.strptime(text, "%b %d %H:%M:%S %Y GMT").replace(tzinfo=timezone.utc)
    except ValueError:
        return None


def firewall(server: Server) -> Iterator[Finding]:
    """Look whether the firewall is on and lets modalities in."""
    if shutil.which("ufw", path=server.path) is None:
        yield attention("firewall", "UFW is not installed", "Run site.yml again with --tags firewall")
        return
    done = server.run(["ufw", "status"])
    if "Status: active" not in done.output:
        yield problem("firewall", "it is off", "sudo ufw enable, or run site.yml again with --tags firewall")
    elif not server.modality_networks:
        yield attention(
            "firewall",
            f"no network may reach the DICOM port {server.dicom_port}",
            "Name the modalities' networks in site_modality_networks of the inventory and run site.yml",
        )
    else:
        yield well("firewall", f"on; DICOM is open to {', '.join(server.modality_networks)}")

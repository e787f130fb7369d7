"""What a controller sees of a server from outside, beside what the server says of itself, in one table.

``playbooks/verify.yml`` runs it as ``python -m noctisctl.outside`` with a JSON object on its input, the fields of
``Target``. It opens connections and asks for pages that everybody may see; it sends no DICOM message, which the server
would write down as an attempt of an unknown device.
"""

from __future__ import annotations

import http.client
import ipaddress
import json
import socket
import ssl
import sys
import textwrap
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Final

from noctisctl.findings import MARKS, Finding, Level, attention, problem, well, worst

SECONDS: Final = 10.0
WIDTH: Final = 78
# Ports of the server's own stores; nobody outside may reach them.
INNER_PORTS: Final = {5432: "PostgreSQL", 6379: "Redis"}


@dataclass(frozen=True)
class Target:
    """The server as it is reached from here; ``controller`` is the address that it sees of us.

    ``authority`` is trusted beside the system's (PEM), ``findings`` are those of ``noctisctl doctor``.
    """

    address: str
    hostname: str
    authority: str = ""
    http_port: int = 80
    https_port: int = 443
    dicom_port: int = 11112
    dicom_networks: list[str] = field(default_factory=list)
    controller: str = "127.0.0.1"
    findings: list[dict[str, Any]] = field(default_factory=list)


def tls_context(target: Target) -> ssl.SSLContext:
    """Return settings that trust the system's authorities and the server's own."""
    context = ssl.create_default_context()
    if target.authority:
        context.load_verify_locations(cadata=target.authority)
    return context


def redirect(target: Target) -> Iterator[Finding]:
    """Look whether plain HTTP leads to HTTPS."""
    try:
        connection = http.client.HTTPConnection(target.address, target.http_port, timeout=SECONDS)
        connection.request("GET", "/", headers={"Host": target.hostname})
        answer = connection.getresponse()
    except (OSError, http.client.HTTPException) as error:
        yield problem("port 80", f"does not answer: {error}", "Is it open? sudo ufw status; sudo nginx -t")
        return
    leads_to = answer.getheader("Location") or ""
    if leads_to.startswith(f"https://{target.hostname}"):
        yield well("port 80", "leads to HTTPS")
    else:
        yield problem("port 80", f"answers with {answer.status} and not with the way to HTTPS", _NGINX)


def pages(target: Target) -> Iterator[Finding]:
    """Look at certificate, TLS, health, and headers as a browser does."""
    try:
        status, headers, version = _get(target, "/sign-in")
    except ssl.SSLCertVerificationError as error:
        yield problem("certificate", f"is refused by browsers: {error.verify_message}", _CERTIFICATE)
        return
    except (OSError, http.client.HTTPException) as error:
        yield problem("port 443", f"does not answer: {error}", "Is it open? sudo ufw status; sudo nginx -t")
        return
    yield well("certificate", f"is good for {target.hostname} ({version})")
    if status == HTTPStatus.OK:
        yield well("sign-in page", "is shown")
    else:
        yield problem("sign-in page", f"answers with {status}", "sudo noctisctl logs web")
    missing = [name for name in ("strict-transport-security", "content-security-policy") if name not in headers]
    if missing:
        yield problem("security headers", f"missing: {', '.join(missing)}", _NGINX)
    else:
        yield well("security headers", "are sent")
    health, _, _ = _get(target, "/healthz")
    yield well("health", "ok") if health == HTTPStatus.OK else problem("health", f"answers with {health}", _DOCTOR)
    inner, _, _ = _get(target, "/internal-storage/")
    if inner in {HTTPStatus.NOT_FOUND, HTTPStatus.FORBIDDEN, HTTPStatus.FOUND}:
        yield well("stored images", "are not served without the application")
    else:
        yield problem("stored images", f"their place answers with {inner}", _NGINX)


def old_tls(target: Target) -> Iterator[Finding]:
    """Look whether TLS older than 1.2 is refused."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.set_ciphers("ALL:@SECLEVEL=0")
    with_old_versions(context)
    try:
        plain = socket.create_connection((target.address, target.https_port), timeout=SECONDS)
        with plain, context.wrap_socket(plain, server_hostname=target.hostname):
            yield problem("TLS 1.0 and 1.1", "are spoken", _NGINX)
    except ssl.SSLError:
        yield well("TLS 1.0 and 1.1", "are refused")
    except OSError:
        return  # told already


def with_old_versions(context: ssl.SSLContext) -> None:
    """Let a client offer nothing newer than TLS 1.1; Python warns of exactly this."""
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version = ssl.TLSVersion.TLSv1
        context.maximum_version = ssl.TLSVersion.TLSv1_1


def dicom(target: Target) -> Iterator[Finding]:
    """Look whether the DICOM port is open from here, as the inventory says that it should be."""
    is_open = _is_open(target.address, target.dicom_port)
    caller = ipaddress.ip_address(target.controller)
    should_be = any(caller in ipaddress.ip_network(network, strict=False) for network in target.dicom_networks)
    name = f"port {target.dicom_port}"
    if is_open and not should_be:
        yield attention(
            name,
            "is open to this controller, which is in none of the modalities' networks",
            "Look for a rule of your own: sudo ufw status numbered",
        )
    elif should_be and not is_open:
        yield problem(name, "is closed to a modality's network", "site.yml --tags noctis; sudo noctisctl logs dicom")
    else:
        yield well(name, "is open, as it should be" if is_open else "is closed to this controller, as it should be")


def inner_ports(target: Target) -> Iterator[Finding]:
    """Look whether the stores can be reached from outside."""
    reached = [name for port, name in INNER_PORTS.items() if _is_open(target.address, port)]
    if reached:
        yield problem("stores", f"{' and '.join(reached)} can be reached from outside", "site.yml --tags firewall")
    else:
        yield well("stores", "cannot be reached from outside")


def look(target: Target) -> Iterator[Finding]:
    """Yield what is seen from outside, then what the server says."""
    checks: tuple[Callable[[Target], Iterator[Finding]], ...] = (redirect, pages, old_tls, dicom, inner_ports)
    for check in checks:
        yield from check(target)
    if not target.findings:
        yield problem("noctisctl doctor", "gives no answer", "sudo noctisctl doctor; site.yml --tags operator_tools")
    for one in target.findings:
        yield Finding(one["subject"], Level[one["level"].upper()], one["text"], one.get("advice", ""))


def table(findings: list[Finding]) -> str:
    """Return the findings as a table for a terminal; what to do stands below the table."""
    subject = max(len(finding.subject) for finding in findings)
    rows = [f"{'what':<{subject}}  state  seen", f"{'-' * subject}  -----  {'-' * (WIDTH - subject)}"]
    for finding in findings:
        seen = textwrap.wrap(finding.text, WIDTH) or [""]
        rows.append(f"{finding.subject:<{subject}}  {MARKS[finding.level]:<5}  {seen[0]}")
        rows += [f"{'':<{subject}}         {line}" for line in seen[1:]]
    advice = [f"{finding.subject}: {finding.advice}" for finding in findings if finding.level > Level.WELL]
    return "\n".join([*rows, *(["", "What to do:", *advice] if advice else [])])


def main() -> int:
    """Print the table of the server that the input describes; the code is that of the worst finding."""
    asked: Mapping[str, Any] = json.load(sys.stdin)
    found = list(look(Target(**asked)))
    sys.stdout.write(table(found) + "\n")
    return int(worst(found))


def _get(target: Target, path: str) -> tuple[int, dict[str, str], str]:
    plain = socket.create_connection((target.address, target.https_port), timeout=SECONDS)
    with plain, tls_context(target).wrap_socket(plain, server_hostname=target.hostname) as stream:
        connection = http.client.HTTPConnection(target.hostname, target.https_port, timeout=SECONDS)
        connection.sock = stream
        connection.request("GET", path, headers={"Host": target.hostname})
        answer = connection.getresponse()
        headers = {name.lower(): value for name, value in answer.getheaders()}
        return answer.status, headers, stream.version() or ""


def _is_open(address: str, port: int) -> bool:
    try:
        socket.create_connection((address, port), timeout=3).close()
    except OSError:
        return False
    return True


_NGINX: Final = "Run site.yml again with --tags nginx"
_CERTIFICATE: Final = "“Certificates” in operations.md: give the authority to browsers, or get another certificate"
_DOCTOR: Final = "sudo noctisctl doctor"

if __name__ == "__main__":
    sys.exit(main())

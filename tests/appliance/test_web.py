"""What Nginx lets through, how much of it, and what it adds."""

from __future__ import annotations

import re
import socket
import ssl
from collections import Counter

import pytest

from tests.appliance.deployment import HTTPS, Appliance, Machine

STUDY = "1.2.3"
UPLOADS = ["/dicom-web/studies", f"/dicom-web/studies/{STUDY}"]
ATTACHMENT = f"/viewer/{STUDY}/attachments/00000000-0000-4000-8000-000000000000"
GIGABYTE = 1024**3


def connected(appliance: Appliance, context: ssl.SSLContext | None = None) -> ssl.SSLSocket:
    """Return a connection to the pages."""
    stream = socket.create_connection((appliance.address, HTTPS), timeout=10)
    return (context or appliance.trusting()).wrap_socket(stream, server_hostname=appliance.web_name)


def status_of_unfinished(appliance: Appliance, method: str, path: str, size: int) -> int:
    """Announce a body of ``size`` bytes, send its beginning only, and return the status of the answer."""
    with connected(appliance) as stream:
        head = f"{method} {path} HTTP/1.1\r\nHost: {appliance.web_name}\r\nContent-Length: {size}\r\n\r\n"
        stream.sendall(head.encode() + bytes(1000))
        return status_of_answer(stream)


def status_of_answer(stream: ssl.SSLSocket) -> int:
    found = re.match(rb"HTTP/1\.1 (\d+) ", stream.recv(4096))
    assert found
    return int(found[1])


def test_http_2_is_spoken(appliance: Appliance) -> None:
    context = appliance.trusting()
    context.set_alpn_protocols(["h2", "http/1.1"])
    with connected(appliance, context) as stream:
        assert stream.selected_alpn_protocol() == "h2"


@pytest.mark.parametrize("suite", ["ECDHE-ECDSA-AES128-SHA256", "ECDHE-ECDSA-AES256-SHA", "AES128-GCM-SHA256"])
def test_ciphers_without_forward_secrecy_or_authentication_are_refused(appliance: Appliance, suite: str) -> None:
    context = appliance.trusting()
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers(suite)
    with pytest.raises(ssl.SSLError, match="HANDSHAKE_FAILURE"):
        connected(appliance, context)


def test_who_does_not_know_the_name_is_not_shown_the_certificate(appliance: Appliance) -> None:
    shown = appliance.host.run("openssl s_client -connect localhost:443 -noservername </dev/null")
    assert "unrecognized name" in shown.stderr
    assert "BEGIN CERTIFICATE" not in shown.stdout


def test_the_public_authority_finds_its_challenge_without_tls(appliance: Appliance) -> None:
    folder = "/var/www/noctis-acme/.well-known/acme-challenge"
    appliance.run(f"install -d {folder} && echo answer >{folder}/question")
    try:
        answer = appliance.get("/.well-known/acme-challenge/question", port=80)
        assert (answer.status, answer.text) == (200, "answer\n")
        assert appliance.get("/.well-known/acme-challenge/another", port=80).status == 404
    finally:
        appliance.run("rm -r /var/www/noctis-acme/.well-known")


@pytest.mark.parametrize(("method", "path"), [*(("POST", path) for path in UPLOADS), ("PUT", ATTACHMENT)])
def test_an_upload_of_ten_gigabytes_reaches_the_application_from_its_first_byte(
    appliance: Appliance, method: str, path: str
) -> None:
    assert status_of_unfinished(appliance, method, path, 10 * GIGABYTE) in {401, 403, 405}
    assert status_of_unfinished(appliance, method, path, 11 * GIGABYTE) == 413


def test_an_upload_that_does_not_tell_its_length_is_taken(appliance: Appliance) -> None:
    with connected(appliance) as stream:
        head = f"PUT {ATTACHMENT} HTTP/1.1\r\nHost: {appliance.web_name}\r\nTransfer-Encoding: chunked\r\n\r\n"
        stream.sendall(f"{head}5\r\nhello\r\n0\r\n\r\n".encode())
        assert status_of_answer(stream) in {401, 403}


def test_nothing_else_may_be_that_large(appliance: Appliance) -> None:
    assert status_of_unfinished(appliance, "POST", "/sign-in", GIGABYTE) == 413


def test_files_that_never_change_are_kept_by_browsers(appliance: Appliance) -> None:
    names = appliance.run("ls /opt/noctis/current/static/bundle/assets").split()
    kept = appliance.get(f"/static/bundle/assets/{next(name for name in names if name.endswith('.js'))}")
    assert kept.status == 200
    assert kept.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert appliance.get("/static/nothing-here.js").headers["cache-control"] == "public, max-age=3600"


def counted_answers(appliance: Appliance, modality: Machine, pages: str, options: str) -> Counter[str]:
    """Ask for ``pages``, a range in curl's notation, and count the answers by their status."""
    command = f"curl {options} --silent --insecure --resolve {appliance.web_name}:443:{appliance.address}"
    told = "--output /dev/null --write-out '%{http_code} '"
    return Counter(modality.run(f"{command} {told} 'https://{appliance.web_name}{pages}'").split())


def test_who_tries_many_passwords_is_slowed_down(appliance: Appliance, modality: Machine) -> None:
    counted = counted_answers(appliance, modality, "/sign-in?[1-40]", "--data x=y")
    assert counted["403"] >= 30
    assert counted["429"] >= 5
    assert appliance.get("/sign-in").status == 200


def test_a_program_that_asks_too_fast_is_slowed_down_and_pages_are_not(appliance: Appliance, modality: Machine) -> None:
    at_once = "--http1.1 --parallel --parallel-max 300"
    counted = counted_answers(appliance, modality, "/api/?[1-500]", at_once)
    assert counted["429"] >= 5
    assert counted["404"] + counted["429"] == 500
    assert counted_answers(appliance, modality, "/sign-in?[1-40]", at_once) == {"200": 40}

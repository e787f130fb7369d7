"""What a controller sees of a server, here of real web servers on this machine."""

from __future__ import annotations

import http.server
import io
import json
import ssl
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from noctisctl import outside
from noctisctl.findings import Finding, Level, attention, problem, well
from noctisctl.outside import Target

HEADERS = {"Strict-Transport-Security": "max-age=1", "Content-Security-Policy": "default-src 'self'"}


class Appliance(http.server.BaseHTTPRequestHandler):
    """Answers as an appliance does."""

    def do_GET(self) -> None:
        self.send_response(404 if self.path.startswith("/internal") else 200)
        for name, value in HEADERS.items():
            self.send_header(name, value)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


class Redirect(Appliance):
    """Leads to HTTPS."""

    def do_GET(self) -> None:
        self.send_response(301)
        self.send_header("Location", "https://localhost/")
        self.end_headers()


@pytest.fixture
def certificate(tmp_path: Path) -> tuple[Path, Path]:
    key, chain = tmp_path / "key.pem", tmp_path / "certificate.pem"
    names = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-days", "30"]
    curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
    command = ["openssl", "req", "-x509", *curve, "-keyout", str(key), "-out", str(chain), *names]
    subprocess.run(command, check=True, capture_output=True)
    return chain, key


def serving(handler: type[http.server.BaseHTTPRequestHandler], context: ssl.SSLContext | None) -> Iterator[int]:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    if context:
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    server.handle_error = lambda *_: None  # type: ignore[method-assign]  # refused handshakes are meant
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield int(server.server_address[1])
    server.shutdown()
    server.server_close()


@pytest.fixture
def https_port(certificate: tuple[Path, Path]) -> Iterator[int]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(*certificate)
    yield from serving(Appliance, context)


@pytest.fixture
def http_port() -> Iterator[int]:
    yield from serving(Redirect, None)


@pytest.fixture
def target(certificate: tuple[Path, Path], https_port: int, http_port: int) -> Target:
    return Target(
        "127.0.0.1",
        "localhost",
        authority=certificate[0].read_text(),
        http_port=http_port,
        https_port=https_port,
        dicom_port=http_port,
        dicom_networks=["127.0.0.0/8"],
        findings=[well("disk", "90% free").as_json()],
    )


def levels(findings: Iterator[Finding]) -> set[Level]:
    return {finding.level for finding in findings}


def test_a_good_appliance_is_well(target: Target) -> None:
    for check in (outside.redirect, outside.pages, outside.old_tls, outside.dicom):
        assert levels(check(target)) == {Level.WELL}, list(check(target))


def test_an_authority_that_is_not_trusted_is_named(target: Target) -> None:
    (found,) = outside.pages(Target(**{**vars(target), "authority": ""}))
    assert "self-signed" in found.text


def test_a_server_without_redirect_or_headers_is_named(
    target: Target, https_port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delitem(HEADERS, "Strict-Transport-Security")
    assert any("strict-transport-security" in found.text for found in outside.pages(target))


def test_nothing_there_is_told(target: Target) -> None:
    nobody = Target("127.0.0.1", "localhost", http_port=1, https_port=1, dicom_port=1, dicom_networks=["127.0.0.1/32"])
    assert [levels(check(nobody)) for check in (outside.redirect, outside.pages, outside.dicom)] == [
        {Level.PROBLEM}
    ] * 3


def test_a_dicom_port_that_is_open_to_everybody_is_looked_at(target: Target) -> None:
    assert levels(outside.dicom(Target(**{**vars(target), "dicom_networks": []}))) == {Level.ATTENTION}


def test_the_table_wraps_and_says_what_to_do() -> None:
    text = outside.table([well("pages", "fine"), attention("disk", "word " * 40, "Enlarge it."), problem("x", "", "Y")])
    assert max(map(len, text.splitlines())) <= 100
    assert "disk   look   word word" in text
    assert text.endswith("What to do:\ndisk: Enlarge it.\nx: Y")


def test_it_reads_what_is_asked_and_ends_with_the_worst(
    target: Target, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(json.dumps(vars(target))))
    monkeypatch.setattr(outside, "INNER_PORTS", {})
    assert outside.main() == 0
    assert "90% free" in capsys.readouterr().out

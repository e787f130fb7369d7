"""The TLS port of a running service, tried by DCMTK, openssl and bare sockets."""

from __future__ import annotations

import hashlib
import os
import shutil
import signal
import socket
import ssl
import subprocess
from pathlib import Path

import pytest

from noctis.network.transport_security import TlsConfiguration, TlsUnusable, tls_context
from tests.support.certificates import Authority, Certificate
from tests.support.dicom_service import DicomService
from tests.support.peers import Done, RawSender, SentObject, dcmtk, echoscu, storescu
from tests.support.ports import free_ports
from tests.support.waiting import wait_for, wait_until_said

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority.make(tmp_path_factory.mktemp("tls") / "hospital")


@pytest.fixture(scope="module")
def stranger(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority.make(tmp_path_factory.mktemp("tls") / "stranger")


@pytest.fixture(scope="module")
def server(authority: Authority) -> Certificate:
    return authority.sign("server")


@pytest.fixture(scope="module")
def modality(authority: Authority) -> Certificate:
    return authority.sign("modality")


def tls_settings(server: Certificate, **further: str) -> dict[str, str]:
    (port,) = free_ports(1)
    return {
        "NOCTIS_DICOM_TLS_PORT": str(port),
        "NOCTIS_DICOM_TLS_CERTIFICATE": str(server.certificate),
        "NOCTIS_DICOM_TLS_PRIVATE_KEY": str(server.key),
        **further,
    }


@pytest.fixture(scope="module")
def secured(new_module_service, server: Certificate) -> DicomService:
    """Give a service that asks for no client certificate."""
    service: DicomService = new_module_service(**tls_settings(server), NOCTIS_DICOM_ARTIM_SECONDS="5")
    return service


@pytest.fixture(scope="module")
def mutual(new_module_service, server: Certificate, authority: Authority, modality: Certificate) -> DicomService:
    """Give a service that demands client certificates, and knows what each AE has to show."""
    client_ca = str(authority.root.certificate)
    service: DicomService = new_module_service(**tls_settings(server, NOCTIS_DICOM_TLS_CLIENT_CA=client_ca))
    service.manage("add_ae", "ANY_CERT", "--facility", "NORTH", "--require-tls")
    service.manage("add_ae", "OWN_CERT", "--facility", "NORTH", "--certificate", modality.sha256.upper())
    service.manage("add_ae", "OTHER_CERT", "--facility", "NORTH", "--certificate", "ab:" * 31 + "ab")
    return service


def tls_port(service: DicomService) -> int:
    return int(service.environment["NOCTIS_DICOM_TLS_PORT"])


def trusting(authority: Authority, client: Certificate | None = None) -> tuple[str, ...]:
    """Return DCMTK's options for TLS."""
    own = ("+tls", str(client.key), str(client.certificate)) if client else ("+tla",)
    return (*own, "+cf", str(authority.root.certificate))


def secure_echo(service: DicomService, *options: str, calling: str = "ECHOSCU") -> Done[str]:
    titles = ("-aet", calling, "-aec", "NOCTIS_PACS")
    return dcmtk("echoscu", "-v", *titles, *options, "127.0.0.1", str(tls_port(service)))


def refusals(service: DicomService) -> list[tuple[str, str]]:
    return [(str(title), str(reason)) for title, reason in service.rows(REFUSALS)]


REFUSALS = "SELECT ae_title, reason FROM network_refusedassociation WHERE address = '127.0.0.1' ORDER BY id"


def wait_for_refusal(service: DicomService, title: str, reason: str) -> None:
    wait_for(lambda: (title, reason) in refusals(service), f"“{reason}” among {refusals(service)}")
    wait_until_said(service, f"refused {title or 'a caller'} from 127.0.0.1: {reason}")


def s_client(port: int, *options: str) -> str:
    command = ["/usr/bin/openssl", "s_client", "-connect", f"127.0.0.1:{port}", *options]
    done = subprocess.run(command, input="", capture_output=True, text=True, check=False, timeout=30)
    return done.stdout + done.stderr


def test_images_come_over_tls_and_the_plain_port_stays(
    secured: DicomService, authority: Authority, ct: SentObject
) -> None:
    done = storescu(tls_port(secured), [ct.path], *trusting(authority), "--propose-little")
    assert done.returncode == 0, done.stdout + done.stderr
    secured.wait_until_indexed()

    assert ct.sop_instance_uid in secured.stored()
    assert echoscu(secured.port).returncode == 0


def test_large_objects_come_over_tls_unharmed(secured: DicomService, authority: Authority, make_images) -> None:
    images = make_images(5, padding=3_000_000)
    done = storescu(tls_port(secured), [one.path for one in images], *trusting(authority), "--propose-little")
    assert done.returncode == 0, done.stdout + done.stderr
    secured.wait_until_indexed()

    stored = secured.stored()
    assert all(b"\xa5" * 3_000_000 in stored[image.sop_instance_uid] for image in images)


def test_a_peer_that_does_not_trust_the_service_is_named(secured: DicomService, stranger: Authority) -> None:
    assert secure_echo(secured, *trusting(stranger)).returncode != 0
    wait_for_refusal(secured, "", "it does not trust the certificate of this service")


def test_tls_on_the_plain_port_is_named_and_counted(secured: DicomService, authority: Authority) -> None:
    for _ in range(3):
        assert dcmtk("echoscu", *trusting(authority), "127.0.0.1", str(secured.port)).returncode != 0

    wait_for_refusal(secured, "", "it spoke TLS on the port for plain DICOM")
    counts = "SELECT count FROM network_refusedassociation WHERE reason = 'it spoke TLS on the port for plain DICOM'"
    wait_for(lambda: secured.rows(counts) == [(3,)], "three counted refusals")
    assert echoscu(secured.port).returncode == 0


def test_plain_dicom_on_the_tls_port_is_rejected_and_named(secured: DicomService, ct: SentObject) -> None:
    with RawSender(tls_port(secured), [ct], calling="PLAIN_CT") as sender:
        assert sender.rejection() == (1, 1, 1)

    wait_for_refusal(secured, "PLAIN_CT", "it spoke plain DICOM on the TLS port")
    ((_, address, detail),) = secured.audit_entries("association_refused", "PLAIN_CT")
    assert (address, detail["reason"]) == ("127.0.0.1", "it spoke plain DICOM on the TLS port")


def test_a_browser_on_the_tls_port_is_named(secured: DicomService) -> None:
    with socket.create_connection(("127.0.0.1", tls_port(secured)), timeout=10) as connection:
        connection.sendall(b"GET / HTTP/1.1\r\n\r\n")
        assert connection.recv(100) == b""
    wait_for_refusal(secured, "", "it spoke something else than TLS on the TLS port")


@pytest.mark.parametrize("version", ["-tls1", "-tls1_1"])
def test_old_versions_are_refused(secured: DicomService, version: str) -> None:
    assert "Cipher is (NONE)" in s_client(tls_port(secured), version, "-cipher", "ALL:@SECLEVEL=0")
    wait_for_refusal(secured, "", "it offered no version of TLS from 1.2 on")


def test_weak_cipher_suites_are_refused(secured: DicomService) -> None:
    weak = ("-tls1_2", "-cipher", "AES128-SHA:AES256-SHA256:ECDHE-RSA-AES128-SHA:@SECLEVEL=0")
    assert "Cipher is (NONE)" in s_client(tls_port(secured), *weak)
    wait_for_refusal(secured, "", "it offered no cipher suite of the BCP 195 profile")


@pytest.mark.parametrize("version", ["-tls1_2", "-tls1_3"])
def test_current_versions_are_spoken(secured: DicomService, version: str) -> None:
    assert "GCM" in s_client(tls_port(secured), version).partition("Cipher is ")[2].splitlines()[0]


def test_slow_handshakes_hold_up_nobody_and_end(secured: DicomService, authority: Authority) -> None:
    slow = [socket.create_connection(("127.0.0.1", tls_port(secured))) for _ in range(30)]
    try:
        for connection in slow[:20]:
            connection.sendall(b"\x16\x03\x01\x02\x00\x01")
        assert secure_echo(secured, *trusting(authority)).returncode == 0
        assert echoscu(secured.port).returncode == 0
        assert all(was_closed(connection) for connection in slow)
    finally:
        for connection in slow:
            connection.close()
    wait_for_refusal(secured, "", "it did not finish the TLS handshake in time")


def was_closed(connection: socket.socket) -> bool:
    """Wait for the end of a connection, clean or not."""
    connection.settimeout(30)
    try:
        return connection.recv(100) == b""
    except ConnectionResetError:
        return True


def test_a_client_certificate_lets_in(mutual: DicomService, authority: Authority, modality: Certificate) -> None:
    for title in ("ANY_CERT", "OWN_CERT"):
        done = secure_echo(mutual, *trusting(authority, modality), calling=title)
        assert done.returncode == 0, done.stdout + done.stderr


def test_without_a_client_certificate_the_handshake_fails(mutual: DicomService, authority: Authority) -> None:
    assert secure_echo(mutual, *trusting(authority), calling="ANY_CERT").returncode != 0
    wait_for_refusal(mutual, "", "it showed no client certificate")


def test_a_client_certificate_of_another_authority_is_refused(
    mutual: DicomService, authority: Authority, stranger: Authority
) -> None:
    foreign = stranger.sign("foreign")
    assert secure_echo(mutual, *trusting(authority, foreign), calling="ANY_CERT").returncode != 0
    wait_for(
        lambda: any(reason.startswith("its certificate is not trusted: ") for _, reason in refusals(mutual)),
        "a refused certificate",
    )


def test_another_certificate_than_the_expected_one_is_refused(
    mutual: DicomService, authority: Authority, modality: Certificate
) -> None:
    done = secure_echo(mutual, *trusting(authority, modality), calling="OTHER_CERT")
    assert "Calling AE Title Not Recognized" in done.stdout + done.stderr
    wait_for_refusal(mutual, "OTHER_CERT", "it showed another client certificate than this AE's")


@pytest.mark.parametrize("title", ["ANY_CERT", "OWN_CERT"])
def test_an_ae_that_must_use_tls_is_refused_without(mutual: DicomService, ct: SentObject, title: str) -> None:
    with RawSender(mutual.port, [ct], calling=title) as sender:
        assert sender.rejection() == (1, 1, 1)
    wait_for_refusal(mutual, title, "this AE must use TLS")


def test_a_new_certificate_is_taken_at_sighup_and_associations_go_on(
    new_service, authority: Authority, tmp_path: Path, make_images
) -> None:
    first, second = authority.sign("first"), authority.sign("second")
    used = Certificate(tmp_path / "used.pem", tmp_path / "used.key")
    install(first, used)
    service: DicomService = new_service(**tls_settings(used))
    image, other = make_images(2)
    with RawSender(service.port, [image]) as sender:
        assert sender.send(image)[0] == 0
        assert shown_certificate(service) == first.sha256
        install(second, used)
        os.kill(service.pid, signal.SIGHUP)
        wait_for(lambda: service.said().count("was reloaded") == 2, "both acceptors' new certificate")
        assert shown_certificate(service) == second.sha256
        used.key.write_text("no key", encoding="ascii")
        os.kill(service.pid, signal.SIGHUP)
        wait_for(lambda: service.said().count("the one before stays in use") == 2, "the complaint")
        assert shown_certificate(service) == second.sha256
        assert sender.send(other)[0] == 0
    assert len(service.children()) == 4


def test_a_handshake_that_a_stop_cuts_off_is_no_refusal(new_service, server: Certificate) -> None:
    service: DicomService = new_service(**tls_settings(server), NOCTIS_DICOM_DRAIN_SECONDS="5")
    with socket.create_connection(("127.0.0.1", tls_port(service))) as connection:
        connection.sendall(b"\x16\x03\x01\x02\x00\x01")
        assert "GCM" in s_client(tls_port(service)), "the connection before this one was accepted too"
        assert service.stop() == 0
    assert "it ended the connection" not in service.said()


def install(made: Certificate, place: Certificate) -> None:
    shutil.copy(made.certificate, place.certificate)
    shutil.copy(made.key, place.key)


def shown_certificate(service: DicomService) -> str:
    pem = ssl.get_server_certificate(("127.0.0.1", tls_port(service)))
    return hashlib.sha256(ssl.PEM_cert_to_DER_cert(pem)).hexdigest()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"private_key": ""}, "NOCTIS_DICOM_TLS_PRIVATE_KEY is not set"),
        ({"certificate": "/nowhere.pem"}, "NOCTIS_DICOM_TLS_CERTIFICATE names /nowhere.pem, which cannot be read"),
        ({"private_key": "of another"}, "key values mismatch"),
        ({"client_ca": "no certificate"}, "NOCTIS_DICOM_TLS_CLIENT_CA does not name certificates"),
    ],
)
def test_files_that_cannot_be_used_are_told_in_one_sentence(
    server: Certificate, modality: Certificate, changes: dict[str, str], message: str
) -> None:
    words = {"of another": str(modality.key), "no certificate": __file__}
    files = {"certificate": str(server.certificate), "private_key": str(server.key), "client_ca": ""}
    files.update({name: words.get(value, value) for name, value in changes.items()})
    with pytest.raises(TlsUnusable, match=message):
        tls_context(TlsConfiguration(port=2762, demands_client_certificate=True, **files))

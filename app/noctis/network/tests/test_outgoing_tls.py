"""What we send over TLS: DCMTK's receiver with every kind of certificate is the peer."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from noctis.network.tests.retrieve_peers import data_sets, final_response, movescu, storescp
from tests.support.certificates import Authority, Certificate
from tests.support.dicom_service import DicomService
from tests.support.peers import Done, SentObject, dcmtk, send_raw
from tests.support.ports import free_ports
from tests.support.waiting import wait_for, wait_until_said

pytestmark = pytest.mark.integration

MakeImages = Callable[..., list[SentObject]]
STUDY = ("QueryRetrieveLevel=STUDY", "StudyInstanceUID=2.25.1")
COUNT = 4
SENT = {"Status": 0, "Completed": COUNT, "Failed": 0, "Warning": 0}
NOTHING_SENT = {"Status": 0xA702, "Completed": 0, "Failed": COUNT, "Warning": 0}


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority.make(tmp_path_factory.mktemp("tls") / "hospital")


@pytest.fixture(scope="module")
def stranger(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority.make(tmp_path_factory.mktemp("tls") / "stranger")


@pytest.fixture(scope="module")
def ours(authority: Authority) -> Certificate:
    return authority.sign("noctis")


@pytest.fixture(scope="module")
def secured(new_module_service, authority: Authority, ours: Certificate) -> DicomService:
    """Give a service with a certificate of its own that knows one destination which takes images over TLS."""
    (port,) = free_ports(1)
    service: DicomService = new_module_service(
        NOCTIS_DICOM_TLS_PORT=str(port),
        NOCTIS_DICOM_TLS_CERTIFICATE=str(ours.certificate),
        NOCTIS_DICOM_TLS_PRIVATE_KEY=str(ours.key),
        NOCTIS_DICOM_TLS_CLIENT_CA=str(authority.root.certificate),
        NOCTIS_DICOM_TLS_CLIENT_AUTHENTICATION="optional",
        NOCTIS_DICOM_ARTIM_SECONDS="5",
    )
    service.manage("add_ae", "STORE", "--facility", "NORTH", "--host", "127.0.0.1", "--port", "1", "--uses-tls")
    return service


@pytest.fixture
def images(secured: DicomService, make_images: MakeImages) -> list[SentObject]:
    images = make_images(COUNT, padding=300_000)
    assert set(send_raw(secured.port, images).values()) == {0}
    return images


@contextmanager
def tls_storescp(folder: Path, shown: Certificate, trusted: Authority, *options: str) -> Iterator[int]:
    """Run DCMTK's receiver over TLS, with the certificate that it shows and who it trusts."""
    (port,) = free_ports(1)
    folder.mkdir(exist_ok=True)
    tls = ("+tls", str(shown.key), str(shown.certificate), "+cf", str(trusted.root.certificate), *options)
    command = ["/usr/bin/storescp", "--bit-preserving", "+xa", "-v", *tls, "-od", str(folder), str(port)]
    log = folder.parent / f"{folder.name}.log"
    with log.open("wb") as output, subprocess.Popen(command, stdout=output, stderr=output) as receiver:
        try:
            wait_for(lambda: f":{port:04X} " in Path("/proc/net/tcp").read_text(encoding="ascii"), "DCMTK's storescp")
            yield port
        finally:
            receiver.terminate()


def move_to(service: DicomService, port: int, *, pinned: str = "", host: str = "127.0.0.1") -> Done[str]:
    service.execute(
        "UPDATE network_remoteapplicationentity SET send_error = '', send_succeeded_at = NULL,"  # noqa: S608
        f" port = {port}, host = '{host}', server_certificate_sha256 = '{pinned}' WHERE ae_title = 'STORE'"
    )
    return movescu(service, "STORE", *STUDY)


def trouble(service: DicomService) -> str:
    ((error,),) = service.rows("SELECT send_error FROM network_remoteapplicationentity WHERE ae_title = 'STORE'")
    return str(error)


def of(images: list[SentObject]) -> dict[str, bytes]:
    return {image.sop_instance_uid: image.data_set for image in images}


def assert_refused(service: DicomService, done: Done[str], reason: str) -> None:
    """Check that the reason reached who asked, the log and the page, and that nothing was sent."""
    assert final_response(done) == NOTHING_SENT
    assert trouble(service) == reason
    wait_until_said(service, f"no association with STORE: {reason}")
    assert f"STORE: {reason}."[:64] in done.stdout + done.stderr


def test_images_are_moved_over_tls(
    secured: DicomService, authority: Authority, images: list[SentObject], tmp_path: Path
) -> None:
    with tls_storescp(tmp_path / "in", authority.sign("store"), authority, "--ignore-peer-cert") as port:
        done = move_to(secured, port)

    assert final_response(done) == SENT
    assert data_sets(tmp_path / "in") == of(images)
    assert trouble(secured) == ""
    assert secured.rows("SELECT 1 FROM network_remoteapplicationentity WHERE send_succeeded_at IS NOT NULL")


def test_we_show_our_certificate_to_who_wants_one(
    secured: DicomService, authority: Authority, images: list[SentObject], tmp_path: Path
) -> None:
    with tls_storescp(tmp_path / "in", authority.sign("store"), authority, "--require-peer-cert") as port:
        assert final_response(move_to(secured, port)) == SENT
    assert data_sets(tmp_path / "in") == of(images)


def test_a_destination_that_does_not_trust_us_is_named(
    secured: DicomService, authority: Authority, stranger: Authority, images: list[SentObject], tmp_path: Path
) -> None:
    shown = authority.sign("store")
    with tls_storescp(tmp_path / "in", shown, stranger, "--require-peer-cert") as port:
        done = move_to(secured, port)
    assert final_response(done) == NOTHING_SENT
    assert trouble(secured) in {  # the second where the connection broke before it could be read
        "it does not trust our certificate",
        "it ended the connection after the TLS handshake, perhaps because it wants another client certificate",
    }


def test_a_certificate_of_an_unknown_authority_is_refused(
    secured: DicomService, stranger: Authority, images: list[SentObject], tmp_path: Path
) -> None:
    with tls_storescp(tmp_path / "in", stranger.sign("store"), stranger, "--ignore-peer-cert") as port:
        done = move_to(secured, port)
    assert_refused(secured, done, "its certificate is of an unknown authority")
    assert not data_sets(tmp_path / "in")


def test_an_expired_certificate_is_refused(
    secured: DicomService, authority: Authority, images: list[SentObject], tmp_path: Path
) -> None:
    shown = authority.sign("expired", first="20200101000000Z", last="20200201000000Z")
    with tls_storescp(tmp_path / "in", shown, authority, "--ignore-peer-cert") as port:
        done = move_to(secured, port)
    assert_refused(secured, done, "its certificate has expired")


def test_a_certificate_for_another_name_is_refused_unless_it_is_the_expected_one(
    secured: DicomService, authority: Authority, images: list[SentObject], tmp_path: Path
) -> None:
    shown = authority.sign("elsewhere", names="DNS:elsewhere.example")
    with tls_storescp(tmp_path / "in", shown, authority, "--ignore-peer-cert") as port:
        assert_refused(secured, move_to(secured, port), "its certificate is not for the name 127.0.0.1")
        assert not data_sets(tmp_path / "in")
        assert final_response(move_to(secured, port, pinned=shown.sha256)) == SENT
    assert data_sets(tmp_path / "in") == of(images)


def test_a_certificate_that_nobody_signed_is_taken_where_it_is_the_expected_one(
    secured: DicomService, stranger: Authority, images: list[SentObject], tmp_path: Path
) -> None:
    shown = stranger.sign("store")
    with tls_storescp(tmp_path / "in", shown, stranger, "--ignore-peer-cert") as port:
        done = move_to(secured, port, pinned="ab" * 32)
        assert_refused(secured, done, "it showed another certificate than the one that is expected of it")
        assert final_response(move_to(secured, port, pinned=shown.sha256)) == SENT
    assert data_sets(tmp_path / "in") == of(images)


def test_a_destination_without_tls_gets_nothing_in_plain(
    secured: DicomService, images: list[SentObject], tmp_path: Path
) -> None:
    with storescp(tmp_path / "in", "+xa") as port:
        done = move_to(secured, port)
        assert dcmtk("echoscu", "127.0.0.1", str(port)).returncode == 0
    assert final_response(done) == NOTHING_SENT
    assert trouble(secured) in {
        "it does not speak TLS on this port",
        "it ended the connection within the TLS handshake",
    }
    assert not data_sets(tmp_path / "in")


@pytest.mark.parametrize(
    ("host", "reason"),
    [
        ("127.0.0.1", "it cannot be reached: connection refused"),
        ("no.such.invalid", "it cannot be reached: its host name is unknown"),
    ],
)
def test_a_destination_that_is_not_there_is_named(
    secured: DicomService, images: list[SentObject], host: str, reason: str
) -> None:
    (port,) = free_ports(1)
    assert_refused(secured, move_to(secured, port, host=host), reason)

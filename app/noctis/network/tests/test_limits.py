"""Limits of an association, kept by both sides: DCMTK is told them and is held to them."""

from __future__ import annotations

import re
import socket
from pathlib import Path

import pytest

from noctis.network.tests.retrieve_peers import data_sets, getscu
from tests.support.dicom_service import DicomService
from tests.support.peers import RawSender, SentObject, dcmtk, storescu
from tests.support.waiting import wait_for

pytestmark = pytest.mark.integration

LARGEST = 8192
STUDY = ("QueryRetrieveLevel=STUDY", "StudyInstanceUID=2.25.1")


@pytest.fixture(scope="module")
def limited(new_module_service) -> DicomService:
    """Give a service with room for two associations, which takes small PDUs and is not patient."""
    service: DicomService = new_module_service(
        NOCTIS_DICOM_MAX_PDU_SIZE=str(LARGEST),
        NOCTIS_DICOM_MAX_ASSOCIATIONS="2",
        NOCTIS_DICOM_ARTIM_SECONDS="2",
        NOCTIS_DICOM_PDU_SECONDS="2",
    )
    return service


def echo(service: DicomService) -> str:
    done = dcmtk("echoscu", "-d", "-aec", "NOCTIS_PACS", "127.0.0.1", str(service.port))
    return done.stdout + done.stderr


def test_dcmtk_is_told_the_largest_pdu_and_keeps_to_it(limited: DicomService, make_images, tmp_path: Path) -> None:
    assert re.search(rf"Their Max PDU Receive Size:\s+{LARGEST}\b", echo(limited))
    images = make_images(1, padding=500_000)
    done = storescu(limited.port, [images[0].path], "--propose-little", "--max-send-pdu", "131072")
    assert done.returncode == 0, done.stdout + done.stderr
    limited.wait_until_indexed()
    assert b"\xa5" * 500_000 in limited.stored()[images[0].sop_instance_uid]

    got = getscu(limited, tmp_path / "got", *STUDY, options=("-S", "--max-pdu", "4096"))
    assert got.returncode == 0, got.stdout + got.stderr
    assert data_sets(tmp_path / "got") == {images[0].sop_instance_uid: limited.stored()[images[0].sop_instance_uid]}
    sizes = [int(size) for size in re.findall(r"PDU Type: P-DATA-TF, PDU Length: (\d+)", got.stdout + got.stderr)]
    assert not sizes or max(sizes) <= 4096


def test_a_pdu_larger_than_was_agreed_ends_the_association(limited: DicomService, ct: SentObject) -> None:
    with RawSender(limited.port, [ct]) as sender:
        connection = sender.connection
        connection.sendall(b"\x04\x00" + (64 * 1024 * 1024).to_bytes(4, "big") + bytes(1000))
        connection.settimeout(20)
        try:
            while connection.recv(1000):
                pass
        except ConnectionResetError:
            pass  # it did not wait for the rest


def test_dcmtk_is_refused_one_association_too_many_and_let_in_again(limited: DicomService, ct: SentObject) -> None:
    senders: list[RawSender] = []

    def takes_a_place() -> bool:
        sender = RawSender(limited.port, [ct])
        senders.append(sender)
        return sender.association.is_established

    for _ in range(2):
        wait_for(takes_a_place, "a place that an earlier association left")
    said = echo(limited)
    assert "Rejected Transient" in said
    assert "Local Limit Exceeded" in said
    reason = "all 2 associations are in use"
    assert (reason,) in limited.rows("SELECT reason FROM network_refusedassociation")

    for sender in senders:
        if sender.association.is_established:
            sender.association.release()
    wait_for(lambda: "Received Echo Response (Success)" in echo(limited), "a free place")


@pytest.mark.parametrize("begins_with", [b"", b"\x01", b"\x01\x00\x00\x00\x00"])
def test_a_connection_that_asks_for_no_association_is_closed(limited: DicomService, begins_with: bytes) -> None:
    with socket.create_connection(("127.0.0.1", limited.port), timeout=20) as connection:
        if begins_with:
            connection.sendall(begins_with)
        assert connection.recv(100)[:1] in {b"", b"\x07"}

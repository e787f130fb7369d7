"""What a sender is told when its object cannot be taken, and that nothing of it stays behind."""

from __future__ import annotations

import resource
import socket
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from pynetdicom import _config
from pynetdicom.dimse_primitives import C_ECHO, C_FIND, C_STORE

from tests.support.dicom_service import DicomService
from tests.support.peers import RawSender, SentObject, echoscu
from tests.support.waiting import wait_for

pytestmark = pytest.mark.integration

INVALID_SOP_INSTANCE = 0x0117
SOP_CLASS_NOT_SUPPORTED = 0x0122
OUT_OF_RESOURCES = 0xA700
DOES_NOT_MATCH = 0xA900
CANNOT_UNDERSTAND = 0xC000
VERIFICATION = "1.2.840.10008.1.1"
OUTSIDE = "/tmp/noctis-escaped"  # noqa: S108  (nothing may be written there)


@pytest.fixture
def clean(service: DicomService):
    """Give the service and check that the test left nothing in its spool and that it still answers."""
    yield service
    wait_for(lambda: not service.half_received(), "an empty incoming folder")
    assert echoscu(service.port).returncode == 0


@pytest.mark.parametrize(
    "uid", ["../../x", f"{'/..' * 8}{OUTSIDE}"[1:], "1.2.03.4", "1.2.", "1..2", "a.b", "1." * 40 + "1"]
)
def test_an_instance_uid_that_is_none_is_refused(
    clean: DicomService, ct: SentObject, uid: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(_config.VALIDATORS, "UI", lambda _value: (True, ""))  # or the sender would refuse to send it
    data_set = ct.data_set.replace(ct.sop_instance_uid.encode(), uid.encode().ljust(len(ct.sop_instance_uid), b"\0"))
    with RawSender(clean.port, [ct]) as sender:
        status, comment = sender.send(ct, announce=uid, data_set=data_set)

        assert (status, comment) == (INVALID_SOP_INSTANCE, "The SOP Instance UID is not a valid UID.")
        assert sender.send(ct)[0] == 0, "the association goes on"
    assert not list(clean.data_dir.parent.rglob("x*.dcm"))
    assert not Path(OUTSIDE).exists()


def test_a_path_within_the_data_set_is_refused_too(clean: DicomService, ct: SentObject) -> None:
    data_set = ct.data_set.replace(ct.sop_instance_uid.encode(), b"../../x".ljust(len(ct.sop_instance_uid), b"\0"))
    with RawSender(clean.port, [ct]) as sender:
        status, comment = sender.send(ct, data_set=data_set)

    assert (status, comment) == (CANNOT_UNDERSTAND, "The object's SOPInstanceUID is not a valid UID.")


def test_another_object_than_was_announced_is_refused(clean: DicomService, ct: SentObject) -> None:
    with RawSender(clean.port, [ct]) as sender:
        status, comment = sender.send(ct, announce="2.25.4711")

    assert (status, comment) == (DOES_NOT_MATCH, "The data set is not the object that was announced.")
    assert "2.25.4711" not in clean.stored()


@pytest.mark.parametrize("length", [0, 1, 7, 300, 20_000])
def test_a_truncated_data_set_is_refused(clean: DicomService, make_images, length: int) -> None:
    (image,) = make_images(1)
    with RawSender(clean.port, [image]) as sender:
        status, _ = sender.send(image, data_set=image.data_set[:length] or b"\0")

        assert status == CANNOT_UNDERSTAND
        assert sender.send(image)[0] == 0, "the association goes on"


def test_refusals_are_counted_in_the_audit_trail(clean: DicomService, ct: SentObject) -> None:
    with RawSender(clean.port, [ct], calling="CT_REFUSED") as sender:
        sender.send(ct, announce="2.25.4711")
        sender.send(ct, announce="2.25.4712")

    ((_, _, detail),) = wait_for(lambda: clean.audit_entries("instances_received", "CT_REFUSED"), "the audit entry")
    assert detail["refused"] == {"The data set is not the object that was announced.": 2}


def test_another_sop_class_than_was_negotiated_is_not_supported(clean: DicomService, ct: SentObject) -> None:
    with RawSender(clean.port, [ct]) as sender:
        request = C_STORE()
        request.MessageID, request.Priority = 7, 0
        request.AffectedSOPClassUID, request.AffectedSOPInstanceUID = VERIFICATION, ct.sop_instance_uid
        request.DataSet = BytesIO(ct.data_set)
        assert sender.exchange(request, 1)[0] == SOP_CLASS_NOT_SUPPORTED
        assert sender.send(ct)[0] == 0, "the association goes on"


def test_a_service_that_was_not_negotiated_is_not_supported(clean: DicomService, ct: SentObject) -> None:
    find, echo = C_FIND(), C_ECHO()
    find.MessageID, find.Priority, find.AffectedSOPClassUID = 1, 0, ct.sop_class_uid
    find.Identifier = BytesIO(b"\x08\x00\x52\x00CS\x06\x00STUDY ")
    echo.MessageID, echo.AffectedSOPClassUID = 2, ct.sop_class_uid
    with RawSender(clean.port, [ct]) as sender:
        assert sender.exchange(find, 1)[0] == SOP_CLASS_NOT_SUPPORTED
        assert sender.exchange(echo, 1)[0] == SOP_CLASS_NOT_SUPPORTED


def test_an_association_that_breaks_leaves_nothing_behind(clean: DicomService, make_images) -> None:
    (image,) = make_images(1, padding=2_000_000)
    sender = RawSender(clean.port, [image])
    connection = sender.connection
    command = bytes.fromhex("00000000 0400 0000 00000000")
    connection.sendall(b"\x04\x00" + (len(command) + 6).to_bytes(4, "big") + (len(command) + 2).to_bytes(4, "big"))
    connection.sendall(b"\x01\x03" + command)
    connection.shutdown(socket.SHUT_RDWR)


def test_an_aborted_data_set_leaves_nothing_behind(
    clean: DicomService, make_images, monkeypatch: pytest.MonkeyPatch
) -> None:
    (image,) = make_images(1, padding=2_000_000)
    sender = RawSender(clean.port, [image], calling="CT_ABORTS")
    request = C_STORE()
    request.MessageID, request.Priority = 1, 0
    request.AffectedSOPClassUID, request.AffectedSOPInstanceUID = image.sop_class_uid, image.sop_instance_uid
    request.DataSet = BytesIO(image.data_set)
    sent = 0

    def abort_halfway(primitive: Any) -> None:
        nonlocal sent
        sent += 1
        if sent == 10:
            sender.connection.shutdown(socket.SHUT_RDWR)
        send_pdu(primitive)

    send_pdu = sender.association.dul.send_pdu
    monkeypatch.setattr(sender.association.dul, "send_pdu", abort_halfway)
    sender.exchange(request, 1)

    wait_for(lambda: not clean.half_received(), "an empty incoming folder")
    assert clean.stored().get(image.sop_instance_uid) != image.data_set


def test_a_full_disk_is_reported_to_the_modality(new_service, make_images, monkeypatch: pytest.MonkeyPatch) -> None:
    small, large = make_images(1)[0], make_images(2, padding=3_000_000)[1]
    limit = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2_000_000, limit[1]))  # children inherit it: no file grows beyond
    try:
        service = new_service()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limit)
    with RawSender(service.port, [large]) as sender:
        assert sender.send(large) == (OUT_OF_RESOURCES, "The archive cannot be written.")
        assert not service.half_received(), "the space is given back"
        assert sender.send(small)[0] == 0, "the association goes on"
    service.wait_until_indexed()
    assert set(service.stored()) == {small.sop_instance_uid}


def test_a_spool_that_cannot_be_written_is_reported_to_the_modality(new_service, ct: SentObject) -> None:
    service = new_service()
    incoming = service.data_dir / "spool" / "incoming"
    with RawSender(service.port, [ct]) as sender:
        incoming.rename(incoming.with_name("away"))
        assert sender.send(ct) == (OUT_OF_RESOURCES, "The archive cannot be written.")
        incoming.with_name("away").rename(incoming)
        assert sender.send(ct)[0] == 0, "the association goes on"


def test_a_database_that_goes_away_is_reported_to_the_modality(new_service, ct: SentObject) -> None:
    service = new_service()
    with RawSender(service.port, [ct]) as sender:
        service.execute("ALTER TABLE archive_reception RENAME TO hidden")
        assert sender.send(ct) == (OUT_OF_RESOURCES, "The database does not answer.")
        service.execute("ALTER TABLE hidden RENAME TO archive_reception")
        assert sender.send(ct)[0] == 0, "the association goes on"


def test_a_peer_that_stalls_within_a_pdu_is_cut_off(new_service) -> None:
    service = new_service(NOCTIS_DICOM_PDU_SECONDS="1")
    with socket.create_connection(("127.0.0.1", service.port), timeout=15) as connection:
        connection.sendall(b"\x01\x00\x00\x00")
        assert connection.recv(10) == b""


def test_an_association_without_traffic_is_ended(new_service, ct: SentObject) -> None:
    service = new_service(NOCTIS_DICOM_IDLE_SECONDS="1")
    with RawSender(service.port, [ct]) as sender:
        wait_for(lambda: sender.association.is_aborted, "the abort of an idle association")

"""Who may associate with a running service, and what the others are told."""

from __future__ import annotations

import socket

import pytest

from tests.support.dicom_service import DicomService
from tests.support.peers import RawSender, SentObject, echoscu, send_raw
from tests.support.waiting import wait_for

pytestmark = pytest.mark.integration

CALLED_NOT_RECOGNISED = (1, 1, 7)
CALLING_NOT_RECOGNISED = (1, 1, 3)
LIMIT_EXCEEDED = (2, 3, 2)
A_ABORT = b"\x07"


@pytest.fixture(scope="module")
def strict(new_module_service) -> DicomService:
    """Give a service that refuses unknown callers and knows a modality of each facility."""
    service: DicomService = new_module_service(NOCTIS_UNKNOWN_CALLERS="refuse")
    service.manage("add_ae", "NORTH_CT", "--facility", "NORTH", "--address", "127.0.0.0/8", "--description", "Room 1")
    service.manage("add_ae", "SOUTH_CT", "--facility", "SOUTH")
    service.manage("add_ae", "ELSEWHERE", "--facility", "SOUTH", "--address", "10.1.2.0/24")
    return service


def test_an_unknown_caller_is_refused_and_audited_in_plain_words(strict: DicomService) -> None:
    done = echoscu(strict.port, calling="STRANGER")

    assert done.returncode != 0
    assert "Calling AE Title Not Recognized" in done.stdout + done.stderr
    assert strict.audit_entries("association_refused", "STRANGER") == [
        (
            "",
            "127.0.0.1",
            {"reason": "unknown AE title", "called_ae_title": "NOCTIS_PACS", "refused_before": 0},
        )
    ]


def test_a_known_caller_is_let_in_and_remembered(strict: DicomService) -> None:
    assert echoscu(strict.port, calling="NORTH_CT").returncode == 0

    ((seen,),) = strict.rows("SELECT last_seen_at FROM network_remoteapplicationentity WHERE ae_title = 'NORTH_CT'")
    assert seen is not None


def test_a_known_caller_at_another_address_is_refused(strict: DicomService, ct: SentObject) -> None:
    with RawSender(strict.port, [ct], calling="ELSEWHERE") as sender:
        assert sender.rejection() == CALLING_NOT_RECOGNISED


def test_the_wrong_called_title_is_refused(strict: DicomService, ct: SentObject) -> None:
    with RawSender(strict.port, [ct], calling="NORTH_CT", called="ANOTHER_PACS") as sender:
        assert sender.rejection() == CALLED_NOT_RECOGNISED


def test_titles_differ_by_case(strict: DicomService, ct: SentObject) -> None:
    with RawSender(strict.port, [ct], calling="north_ct") as sender:
        assert sender.rejection() == CALLING_NOT_RECOGNISED


def test_what_a_caller_sends_belongs_to_its_facility(strict: DicomService, make_images, ct: SentObject) -> None:
    assert send_raw(strict.port, make_images(1), calling="NORTH_CT") == {"2.25.3.1": 0}
    assert send_raw(strict.port, [ct], calling="SOUTH_CT") == {ct.sop_instance_uid: 0}
    strict.wait_until_indexed()

    assert sorted(
        strict.rows(
            "SELECT facility.code, instance.sop_instance_uid FROM archive_instance instance"
            " JOIN archive_series series ON series.id = instance.series_id"
            " JOIN archive_study study ON study.id = series.study_id"
            " JOIN accounts_facility facility ON facility.id = study.facility_id"
        )
    ) == [("NORTH", "2.25.3.1"), ("SOUTH", ct.sop_instance_uid)]


def test_an_object_for_the_study_of_another_facility_is_kept_for_a_person(strict: DicomService, make_images) -> None:
    first, second = make_images(2)
    assert send_raw(strict.port, [first], calling="NORTH_CT") == {"2.25.3.1": 0}
    strict.wait_until_indexed()

    assert send_raw(strict.port, [second], calling="SOUTH_CT") == {"2.25.3.2": 0}
    strict.wait_until_indexed()

    assert "2.25.3.2" not in strict.stored()
    assert strict.rows("SELECT sop_instance_uid, reason FROM archive_quarantinedobject") == [
        ("2.25.3.2", "study_of_another_facility")
    ]


def test_an_unknown_caller_on_this_host_may_send_where_that_is_set(service: DicomService, ct: SentObject) -> None:
    assert send_raw(service.port, [ct], calling="ANYONE") == {ct.sop_instance_uid: 0}


def test_the_limit_counts_for_all_processes_together(new_service, ct: SentObject) -> None:
    service = new_service(processes=3, NOCTIS_DICOM_MAX_ASSOCIATIONS="3")
    open_ones = [RawSender(service.port, [ct]) for _ in range(3)]
    assert all(sender.association.is_established for sender in open_ones)

    with RawSender(service.port, [ct], calling="ONE_TOO_MANY") as sender:
        assert sender.rejection() == LIMIT_EXCEEDED
    assert service.audit_entries("association_refused", "ONE_TOO_MANY")

    open_ones.pop().association.release()
    wait_for(lambda: echoscu(service.port).returncode == 0, "a free place")
    for sender in open_ones:
        sender.association.release()


def test_connections_that_ask_for_nothing_leave_the_others_alone(service: DicomService) -> None:
    silent = [socket.create_connection(("127.0.0.1", service.port)) for _ in range(20)]
    try:
        silent[0].sendall(b"GET / HTTP/1.1\r\n\r\n")
        silent[1].sendall(b"\x01\x00\xff\xff\xff\xff" + bytes(1000))
        silent[2].sendall(b"\x01\x00\x00\x00\x00\x44" + b"\x00\x01\x00\x00" + b" " * 32 + bytes(32))
        assert echoscu(service.port).returncode == 0
        for number in range(3):
            silent[number].settimeout(10)
            assert silent[number].recv(100)[:1] in {b"", A_ABORT}
    finally:
        for connection in silent:
            connection.close()


def test_a_database_that_is_away_is_a_transient_refusal(new_service, ct: SentObject) -> None:
    service = new_service()
    service.execute("ALTER TABLE network_remoteapplicationentity RENAME TO hidden")
    with RawSender(service.port, [ct]) as sender:
        assert sender.rejection() == (2, 3, 1)

    service.execute("ALTER TABLE hidden RENAME TO network_remoteapplicationentity")
    assert echoscu(service.port).returncode == 0

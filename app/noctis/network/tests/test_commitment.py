"""Storage commitment over real associations: what is vouched for, and over which association that is said."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable

import pytest
from pydicom import dcmread
from pydicom.dataset import Dataset
from pydicom.uid import UID

from noctis.network.services import STORAGE_COMMITMENT_PUSH_MODEL
from noctis.network.tests.commitment_peers import ReportTaker, associated, information
from tests.support.dicom_service import DicomService
from tests.support.peers import SentObject, send_raw
from tests.support.waiting import wait_for

pytestmark = pytest.mark.integration

CT_IMAGE = "1.2.840.10008.5.1.4.1.1.2"
MR_IMAGE = "1.2.840.10008.5.1.4.1.1.4"
NO_SUCH_INSTANCE, CLASS_CONFLICT, PROCESSING_FAILURE = 0x0112, 0x0119, 0x0110


@pytest.fixture
def images(make_images: Callable[..., list[SentObject]]) -> list[SentObject]:
    return make_images(3)


def add_ae(service: DicomService, title: str = "CT1", facility: str = "NORTH", port: int | None = None) -> None:
    address = ("--host", "127.0.0.1", "--port", str(port)) if port else ()
    service.manage("add_ae", title, "--facility", facility, *address)


def row(service: DicomService, transaction_uid: str) -> tuple[str, int, str]:
    """Return state, attempts and last error."""
    ((state, attempts, error),) = service.rows(
        "SELECT state, attempts, last_error FROM storage_commitment_commitmentrequest"  # noqa: S608
        f" WHERE transaction_uid = '{transaction_uid}'"
    )
    return str(state), int(attempts), str(error)


def reach(service: DicomService, transaction_uid: str, state: str) -> tuple[str, int, str]:
    wait_for(lambda: row(service, transaction_uid)[0] == state, f"{state}; {service.said()}", seconds=40)
    return row(service, transaction_uid)


def make_due(service: DicomService) -> None:
    """Let the time pass until the next attempt."""
    service.execute("UPDATE storage_commitment_commitmentrequest SET next_attempt_at = '2024-01-01 00:00:00+00:00'")


def lapse_claims(service: DicomService) -> None:
    """Let the claims of a killed service lapse; a running one would lose a claim that it works on."""
    service.execute("UPDATE storage_commitment_commitmentrequest SET claimed_until = NULL")


def stored_path(service: DicomService, uid: str):
    ((path,),) = service.rows(f"SELECT path FROM archive_instance WHERE sop_instance_uid = '{uid}'")  # noqa: S608
    return service.data_dir / "storage" / path


def test_a_modality_that_waits_gets_its_report_over_the_same_association(service, images):
    assert set(send_raw(service.port, images, calling="CT1").values()) == {0}

    with associated(service) as modality:
        assert modality.ask(information("2.25.100", images)) == (0, "")
        report = modality.hear()

    assert (report.event_type, report.transaction_uid, report.retrieve_ae_title) == (1, "2.25.100", "NOCTIS_PACS")
    assert sorted(report.committed) == sorted(one.sop_instance_uid for one in images)
    assert report.failed == {}
    assert reach(service, "2.25.100", "reported")[1:] == (0, "")
    ((_, _, detail),) = service.audit_entries("commitment_reported", "CT1")
    assert (detail["committed"], detail["failed"], detail["association"]) == (3, 0, "same")


def test_several_requests_over_one_association_are_all_reported(service, images):
    send_raw(service.port, images, calling="CT1")
    with associated(service, "CT_MANY") as modality:
        for number, image in enumerate(images):
            assert modality.ask(information(f"2.25.150.{number}", [image]))[0] == 0
            assert modality.hear().committed == (image.sop_instance_uid,)


def test_what_is_not_stored_or_of_another_class_is_named_with_its_reason(service, images):
    send_raw(service.port, images, calling="CT1")
    asked = [images[0], (MR_IMAGE, images[1].sop_instance_uid), (CT_IMAGE, "2.25.999")]
    with associated(service) as modality:
        assert modality.ask(information("2.25.101", asked))[0] == 0
        report = modality.hear()
    assert report.event_type == 2
    assert report.committed == (images[0].sop_instance_uid,)
    assert report.failed == {images[1].sop_instance_uid: CLASS_CONFLICT, "2.25.999": NO_SUCH_INSTANCE}


def test_an_instance_of_another_facility_does_not_exist(service, images):
    send_raw(service.port, images, calling="CT1")
    add_ae(service, "SOUTH_CT", "SOUTH")
    with associated(service, "SOUTH_CT") as modality:
        assert modality.ask(information("2.25.102", images))[0] == 0
        report = modality.hear()
    assert report.committed == ()
    assert report.failed == {one.sop_instance_uid: NO_SUCH_INSTANCE for one in images}
    with associated(service) as modality:  # a title of another facility takes no Transaction UID away
        assert modality.ask(information("2.25.102", images))[0] == 0
        assert len(modality.hear().committed) == 3


def test_changed_and_missing_files_are_not_committed_and_named_to_the_administrator(new_service, images):
    own = new_service()
    send_raw(own.port, images, calling="CT1")
    own.wait_until_indexed()
    changed, missing, shorter = (stored_path(own, one.sop_instance_uid) for one in images)
    content = bytearray(changed.read_bytes())
    content[-1] ^= 1
    changed.write_bytes(content)
    missing.unlink()
    shorter.write_bytes(shorter.read_bytes()[:-2])

    with associated(own) as modality:
        assert modality.ask(information("2.25.103", images))[0] == 0
        report = modality.hear()

    reasons = (PROCESSING_FAILURE, NO_SUCH_INSTANCE, PROCESSING_FAILURE)
    expected = {one.sop_instance_uid: reason for one, reason in zip(images, reasons, strict=True)}
    assert (report.committed, report.failed) == ((), expected)
    assert own.said().count("integrity error") == 3
    audited = {study: detail["reason"] for study, _, detail in own.audit_entries("integrity_error", "")}
    assert "2.25.1" in audited


def test_what_contradicts_a_stored_object_is_not_committed(new_service, images):
    own = new_service()
    send_raw(own.port, images, calling="CT1")
    other = dcmread(images[0].path)
    other.InstanceNumber = 77
    other.save_as(images[0].path)
    assert set(send_raw(own.port, [SentObject.read(images[0].path)], calling="CT1").values()) == {0}
    with associated(own) as modality:
        assert modality.ask(information("2.25.104", images))[0] == 0
        report = modality.hear()
    assert report.failed == {images[0].sop_instance_uid: PROCESSING_FAILURE}
    assert len(report.committed) == 2


def test_malformed_requests_get_the_status_of_the_standard(service, images):
    with associated(service) as modality:
        assert modality.ask(information("2.25.105", images), instance="2.25.1")[0] == 0x0112
        assert modality.ask(information("2.25.105", images), action=2)[0] == 0x0123
        assert modality.ask(information("2.25.105", [])) == (0x0115, "Referenced SOP Sequence is missing or empty.")
        assert modality.ask(None)[0] == 0x0115
        without_transaction = information("2.25.105", images)
        del without_transaction.TransactionUID
        assert modality.ask(without_transaction) == (0x0115, "TransactionUID is missing.")
        bad = information("2.25.105", [(CT_IMAGE, "1.02.x")])
        assert modality.ask(bad) == (0x0115, "ReferencedSOPInstanceUID must be one UID.")
        empty = Dataset()
        empty.TransactionUID = UID("2.25.105")
        assert modality.ask(empty)[0] == 0x0115
        assert modality.ask(information("2.25.105", [(CT_IMAGE, "2.25.9")]))[0] == 0
        assert modality.hear().failed == {"2.25.9": NO_SUCH_INSTANCE}
        assert modality.ask(information("2.25.105", images)) == (0x0131, "The Transaction UID is already in use.")


def test_a_report_that_nobody_asked_for_is_refused(service):
    with associated(service) as modality:
        status, _ = modality.association.send_n_event_report(
            information("2.25.106", []), 1, STORAGE_COMMITMENT_PUSH_MODEL, "1.2.840.10008.1.20.1.1"
        )
        assert status.Status == 0x0122
        assert modality.ask(information("2.25.106", [(CT_IMAGE, "2.25.9")]))[0] == 0
        assert modality.hear().event_type == 2


def test_who_may_not_use_the_service_gets_no_context(service):
    service.manage("add_ae", "ECHO_ONLY", "--facility", "NORTH")
    service.execute("UPDATE network_remoteapplicationentity SET services = 'verification' WHERE ae_title = 'ECHO_ONLY'")
    with pytest.raises(AssertionError), associated(service, "ECHO_ONLY"):
        pass


@pytest.mark.sqlite
def test_a_modality_that_releases_at_once_is_called_and_we_are_the_scp(new_service, images):
    own, taker = new_service(), ReportTaker()
    add_ae(own, port=taker.port)
    send_raw(own.port, images, calling="CT1")
    with taker.listening():
        with associated(own) as modality:
            assert modality.ask(information("2.25.200", images))[0] == 0
        reach(own, "2.25.200", "reported")

    (report,) = taker.reports
    assert (report.event_type, len(report.committed)) == (1, 3)
    assert taker.callers == ["NOCTIS_PACS"]
    assert taker.proposed_roles == [(False, True)]
    ((_, _, detail),) = own.audit_entries("commitment_reported", "CT1")
    assert detail["association"] == "new"


@pytest.mark.parametrize("roles", [None, (False, True)])
def test_a_peer_that_takes_reports_gets_them_whatever_it_says_about_roles(new_service, roles):
    own, taker = new_service(), ReportTaker(roles=roles)
    add_ae(own, port=taker.port)
    with taker.listening():
        with associated(own) as modality:
            assert modality.ask(information("2.25.201", [(CT_IMAGE, "2.25.9")]))[0] == 0
        reach(own, "2.25.201", "reported")
    assert [report.event_type for report in taker.reports] == [2]


def test_a_peer_that_refuses_us_the_role_is_named(new_service):
    own, taker = new_service(), ReportTaker(roles=(True, False))
    add_ae(own, port=taker.port)
    with taker.listening():
        with associated(own) as modality:
            assert modality.ask(information("2.25.202", [(CT_IMAGE, "2.25.9")]))[0] == 0
        wait_for(lambda: row(own, "2.25.202")[1], "an attempt")
    assert taker.reports == []
    assert row(own, "2.25.202")[2] == "No report could be sent: it accepted nothing of what was proposed."


def test_reports_are_repeated_until_the_modality_takes_them_and_then_no_more(new_service, images):
    own, taker = new_service(), ReportTaker(statuses=[0x0110])
    add_ae(own, port=taker.port)
    send_raw(own.port, images, calling="CT1")
    with associated(own) as modality:
        assert modality.ask(information("2.25.203", images))[0] == 0
    wait_for(lambda: row(own, "2.25.203")[1] == 1, "a failed attempt", seconds=40)
    assert "it cannot be reached" in row(own, "2.25.203")[2]

    with taker.listening():
        make_due(own)
        wait_for(lambda: row(own, "2.25.203")[1] == 2, "a refused report", seconds=40)
        assert row(own, "2.25.203")[::2] == ("verified", "It refused the report with status 0x0110.")
        make_due(own)
        reach(own, "2.25.203", "reported")
        make_due(own)
        with associated(own, "CT1") as modality:
            assert modality.ask(information("2.25.204", images))[0] == 0
        reach(own, "2.25.204", "reported")

    assert [report.transaction_uid for report in taker.reports] == ["2.25.203", "2.25.203", "2.25.204"]


def test_a_report_that_the_waiting_modality_refuses_goes_to_its_address(new_service, images):
    own, taker = new_service(), ReportTaker()
    add_ae(own, port=taker.port)
    send_raw(own.port, images, calling="CT1")
    with taker.listening():
        with associated(own, statuses=[0x0110]) as modality:
            assert modality.ask(information("2.25.205", images))[0] == 0
            modality.hear()
            wait_for(lambda: row(own, "2.25.205")[1] == 1, "the refusal")
        make_due(own)
        reach(own, "2.25.205", "reported")
    assert len(taker.reports) == 1


def test_a_modality_without_an_address_is_named_and_told_once_it_has_one(new_service, images):
    own, taker = new_service(), ReportTaker()
    with associated(own) as modality:
        assert modality.ask(information("2.25.206", images))[0] == 0
    wait_for(lambda: row(own, "2.25.206")[2], "an explanation")
    assert row(own, "2.25.206") == (
        "verified",
        0,
        "CT1 is not registered for this facility: add it with its host and port.",
    )
    with taker.listening():
        add_ae(own, port=taker.port)
        make_due(own)
        reach(own, "2.25.206", "reported")
    assert len(taker.reports) == 1


def test_a_restart_loses_no_request(new_service, images):
    own, taker = new_service(), ReportTaker()
    add_ae(own, port=taker.port)
    send_raw(own.port, images, calling="CT1")
    with associated(own) as modality:
        assert modality.ask(information("2.25.207", images))[0] == 0
        own.kill()
    lapse_claims(own)
    make_due(own)
    with taker.listening():
        own.start()
        reach(own, "2.25.207", "reported")
    assert [len(report.committed) for report in taker.reports] == [3]


def test_the_report_comes_from_the_title_that_was_called(new_service):
    own, taker = new_service(), ReportTaker()
    add_ae(own, port=taker.port)
    own.execute("INSERT INTO network_furthertitle (ae_title, created_at) VALUES ('OLD_PACS', '2024-01-01T00:00:00Z')")
    with taker.listening():
        with associated(own, called="OLD_PACS") as modality:
            assert modality.ask(information("2.25.210", [(CT_IMAGE, "2.25.9")]))[0] == 0
        reach(own, "2.25.210", "reported")
    assert taker.callers == ["OLD_PACS"]


def test_what_waits_in_the_spool_is_not_called_missing(new_service, images):
    own, taker = new_service(), ReportTaker()
    add_ae(own, port=taker.port)
    indexer = own.children()[0]
    os.kill(indexer, signal.SIGSTOP)
    try:
        send_raw(own.port, images, calling="CT1")
        with taker.listening(), associated(own) as modality:
            assert modality.ask(information("2.25.211", images))[0] == 0
            modality.association.release()
            wait_for(lambda: "not filed yet" in row(own, "2.25.211")[2], "an explanation")
            assert taker.reports == []
            os.kill(indexer, signal.SIGCONT)
            reach(own, "2.25.211", "reported")
    finally:
        os.kill(indexer, signal.SIGCONT)
    assert [len(report.committed) for report in taker.reports] == [3]


def test_a_service_that_stops_hands_over_at_once(new_service, images):
    own, taker = new_service(NOCTIS_DICOM_DRAIN_SECONDS="0"), ReportTaker()
    add_ae(own, port=taker.port)
    send_raw(own.port, images, calling="CT1")
    with associated(own) as modality:
        assert modality.ask(information("2.25.212", images))[0] == 0
        assert own.stop() == 0
    assert own.rows("SELECT claimed_until FROM storage_commitment_commitmentrequest") == [(None,)]
    make_due(own)
    with taker.listening():
        own.start()
        reach(own, "2.25.212", "reported")
    assert len(taker.reports) == 1


@pytest.mark.parametrize("waits", [True, False])
def test_a_large_study_is_answered_at_once_and_reported_in_full(new_service, images, waits):
    own, taker = new_service(), ReportTaker()
    add_ae(own, port=taker.port)
    send_raw(own.port, images, calling="CT1")
    asked = information("2.25.213", [*images, *((CT_IMAGE, f"2.25.7.{number}") for number in range(3000))])
    with taker.listening():
        with associated(own) as modality:
            assert modality.ask(asked)[0] == 0
            report = modality.hear() if waits else None
        reach(own, "2.25.213", "reported")
    (told,) = [report] if report else taker.reports
    assert (len(told.committed), len(told.failed), told.event_type) == (3, 3000, 2)


def test_a_request_whose_answer_got_lost_can_be_repeated(service, images):
    send_raw(service.port, images, calling="CT1")
    with associated(service) as modality:
        assert modality.ask(information("2.25.214", images))[0] == 0
        modality.association.abort()
    with associated(service) as modality:
        assert modality.ask(information("2.25.214", images))[0] == 0
        reach(service, "2.25.214", "verified")


def test_with_no_time_to_wait_every_report_goes_over_a_new_association(new_service, images):
    own, taker = new_service(NOCTIS_DICOM_COMMITMENT_SECONDS="0"), ReportTaker()
    add_ae(own, port=taker.port)
    send_raw(own.port, images, calling="CT1")
    with taker.listening(), associated(own) as modality:
        assert modality.ask(information("2.25.208", images))[0] == 0
        reach(own, "2.25.208", "reported")
    assert len(taker.reports) == 1


def test_a_database_that_is_away_is_told_and_the_modality_can_ask_again(new_service):
    own = new_service()
    own.execute("ALTER TABLE storage_commitment_commitmentrequest RENAME TO away")
    with associated(own) as modality:
        asked = information("2.25.209", [(CT_IMAGE, "2.25.9")])
        assert modality.ask(asked) == (0x0213, "The database does not answer.")
        own.execute("ALTER TABLE away RENAME TO storage_commitment_commitmentrequest")
        assert modality.ask(asked)[0] == 0
        assert modality.hear().event_type == 2

"""What is committed and what is not, and that verification goes on where it stopped."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from django.conf import settings

from noctis.archive import indexer
from noctis.archive.models import Instance, QuarantinedObject
from noctis.archive.tests.factories import CT_IMAGE, deliver, image, reception
from noctis.audit.models import Action, AuditEntry
from noctis.storage_commitment import verification
from noctis.storage_commitment.event_information import event_information
from noctis.storage_commitment.models import CommitmentState, Outcome
from noctis.storage_commitment.tests.conftest import UIDS
from noctis.storage_commitment.verification import NotReady, verify

pytestmark = pytest.mark.django_db


def never() -> bool:
    return False


def outcomes(request) -> dict[str, int | None]:
    return dict(request.references.values_list("sop_instance_uid", "outcome"))


def path_of(uid: str) -> Path:
    return settings.NOCTIS_DATA.storage / Instance.objects.get(sop_instance_uid=uid).path


def test_what_is_stored_as_it_was_received_is_committed(new_request):
    request, claim = new_request()
    assert verify(claim, never)
    request.refresh_from_db()
    assert (request.state, request.failed_count, request.committed_count) == (CommitmentState.VERIFIED, 0, 3)
    assert set(outcomes(request).values()) == {Outcome.COMMITTED}


def test_event_information_names_what_is_committed_and_why_the_rest_is_not(new_request):
    request, claim = new_request([UIDS[0], "1.2.3"])
    verify(claim, never)
    event_type, information = event_information(request)
    assert event_type == 2
    assert information.TransactionUID == "2.25.1"
    assert information.RetrieveAETitle == "NOCTIS_PACS"
    (committed,), (failed,) = information.ReferencedSOPSequence, information.FailedSOPSequence
    assert (committed.ReferencedSOPClassUID, committed.ReferencedSOPInstanceUID) == (CT_IMAGE, UIDS[0])
    assert (failed.ReferencedSOPInstanceUID, failed.FailureReason) == ("1.2.3", 0x0112)


def test_without_failures_there_is_no_sequence_of_them(new_request):
    request, claim = new_request(UIDS[:1])
    verify(claim, never)
    event_type, information = event_information(request)
    assert event_type == 1
    assert "FailedSOPSequence" not in information


def test_what_another_facility_stored_does_not_exist(new_request, people):
    request, claim = new_request(facility=people.south)
    verify(claim, never)
    assert set(outcomes(request).values()) == {Outcome.NO_SUCH_INSTANCE}


def test_damage_is_reported_to_the_administrator_without_a_name(new_request, caplog):
    request, claim = new_request()
    changed, missing, shorter = map(path_of, UIDS)
    changed.write_bytes(changed.read_bytes()[:-1] + b"\x7f")
    missing.unlink()
    shorter.write_bytes(shorter.read_bytes()[:-2])
    verify(claim, never)
    assert outcomes(request) == {
        UIDS[0]: Outcome.PROCESSING_FAILURE,
        UIDS[1]: Outcome.NO_SUCH_INSTANCE,
        UIDS[2]: Outcome.PROCESSING_FAILURE,
    }
    found = {entry.detail["sop_instance_uid"]: entry.detail["reason"] for entry in integrity_errors()}
    assert found == {
        UIDS[0]: "its bytes are not those that were received",
        UIDS[1]: "its file is missing",
        UIDS[2]: "its file has another size than when it was received",
    }
    assert caplog.text.count("integrity error") == 3
    assert "Phantom" not in caplog.text


def integrity_errors():
    return AuditEntry.objects.filter(action=Action.INTEGRITY_ERROR)


def test_a_file_that_cannot_be_read_is_a_processing_failure(new_request):
    request, claim = new_request(UIDS[:1])
    path = path_of(UIDS[0])
    path.unlink()
    path.mkdir()
    verify(claim, never)
    assert outcomes(request) == {UIDS[0]: Outcome.PROCESSING_FAILURE}


def test_an_object_that_waits_in_quarantine_is_not_committed(new_request):
    deliver(image(1, 1, 2, InstanceNumber=99), reception("NORTH"))
    indexer.index_spool()
    request, claim = new_request()
    verify(claim, never)
    expected = dict.fromkeys(UIDS, Outcome.COMMITTED) | {UIDS[1]: Outcome.PROCESSING_FAILURE}
    assert outcomes(request) == expected


@pytest.mark.parametrize(
    ("decision", "outcome"),
    [
        ("discarded", Outcome.PROCESSING_FAILURE),
        ("separated", Outcome.PROCESSING_FAILURE),
        ("accepted", Outcome.COMMITTED),
        ("retried", Outcome.COMMITTED),
    ],
)
def test_what_was_decided_about_quarantine_decides_here(new_request, decision, outcome):
    deliver(image(1, 1, 2, InstanceNumber=99), reception("NORTH"))
    indexer.index_spool()
    QuarantinedObject.objects.update(decision=decision)
    request, claim = new_request()
    verify(claim, never)
    assert outcomes(request)[UIDS[1]] == outcome


def test_what_was_received_before_the_request_is_waited_for(new_request):
    deliver(image(1, 1, 4), reception("NORTH"))
    request, claim = new_request([f"{UIDS[0][:-1]}4"])
    with pytest.raises(NotReady, match="not filed yet"):
        verify(claim, never)
    deliver(image(1, 1, 5), reception("NORTH"))  # after the request: nobody waits for it
    waiting = sorted(settings.NOCTIS_DATA.ready.iterdir())
    later = waiting[-1].rename(settings.NOCTIS_DATA.root / waiting[-1].name)
    indexer.index_spool()
    later.rename(waiting[-1])
    assert verify(claim, never)
    assert set(outcomes(request).values()) == {Outcome.COMMITTED}


def test_a_file_system_that_is_not_mounted_condemns_nothing(new_request):
    request, claim = new_request()
    shutil.rmtree(settings.NOCTIS_DATA.storage)
    with pytest.raises(NotReady, match="cannot be read"):
        verify(claim, never)
    settings.NOCTIS_DATA.storage.mkdir()
    with pytest.raises(NotReady, match="mounted"):
        verify(claim, never)
    assert set(outcomes(request).values()) == {None}
    assert not integrity_errors().exists()


def test_verification_goes_on_where_it_was_interrupted(new_request, monkeypatch):
    request, claim = new_request()
    monkeypatch.setattr(verification, "CHUNK", 2)
    answers = iter([False, False, False, True])  # each image is asked about once and read in one piece
    assert not verify(claim, lambda: next(answers))
    assert list(outcomes(request).values()).count(Outcome.COMMITTED) == 1
    path_of(UIDS[0]).unlink()  # it is not read again
    assert verify(claim, never)
    assert set(outcomes(request).values()) == {Outcome.COMMITTED}

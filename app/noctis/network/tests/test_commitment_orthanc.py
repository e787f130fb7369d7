"""Orthanc asks for storage commitment: it releases at once, and its own server takes the report."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest

from tests.support.dicom_service import DicomService
from tests.support.orthanc import Modality, Orthanc, running_orthanc
from tests.support.peers import SentObject
from tests.support.waiting import wait_for

pytestmark = pytest.mark.integration


@pytest.fixture
def own(new_service: Callable[..., DicomService]) -> DicomService:
    return new_service()


@pytest.fixture
def orthanc(own: DicomService, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Orthanc]:
    with running_orthanc(tmp_path_factory.mktemp("orthanc") / "files") as orthanc:
        orthanc.know("noctis", Modality("NOCTIS_PACS", own.port))
        own.manage("add_ae", "ORTHANC", "--facility", "NORTH", "--host", "127.0.0.1", "--port", str(orthanc.port))
        yield orthanc


def commitment(orthanc: Orthanc, instances: Sequence[SentObject]) -> dict[str, Any]:
    """Ask for commitment, and return what Orthanc shows once it has the report."""
    asked = [[one.sop_class_uid, one.sop_instance_uid] for one in instances]
    path = orthanc.post("/modalities/noctis/storage-commitment", {"DicomInstances": asked})["Path"]
    wait_for(lambda: orthanc.get(path)["Status"] != "Pending", f"the report; {orthanc.said()[-3000:]}", seconds=40)
    shown: dict[str, Any] = orthanc.get(path)
    return shown


def test_orthanc_hears_that_what_it_sent_is_safe_and_what_it_did_not_send_is_not(own, orthanc, make_images):
    images = make_images(4)
    orthanc.store("noctis", *[orthanc.upload(one.path) for one in images[:3]])

    shown = commitment(orthanc, images[:3])
    assert (shown["Status"], shown["RemoteAET"], shown["Failures"]) == ("Success", "NOCTIS_PACS", [])
    assert {one["SOPInstanceUID"] for one in shown["Success"]} == {one.sop_instance_uid for one in images[:3]}

    shown = commitment(orthanc, images)
    assert shown["Status"] == "Failure"
    (failure,) = shown["Failures"]
    assert (failure["SOPInstanceUID"], failure["FailureReason"]) == (images[3].sop_instance_uid, 0x0112)
    assert len(shown["Success"]) == 3
    wait_for(lambda: len(own.audit_entries("commitment_reported", "ORTHANC")) == 2, "the audit trail")
    reported = own.audit_entries("commitment_reported", "ORTHANC")
    assert [(detail["committed"], detail["failed"], detail["association"]) for _, _, detail in reported] == [
        (3, 0, "new"),
        (3, 1, "new"),
    ]

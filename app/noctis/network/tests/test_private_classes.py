"""Private SOP classes: those that the administrator names are stored, found and sent on, others are not accepted."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

import pytest
from pydicom import dcmread
from pydicom.dataset import Dataset
from pydicom.uid import UID, ExplicitVRLittleEndian, ImplicitVRLittleEndian, JPEGBaseline8Bit
from pynetdicom import AE, build_context, build_role, evt
from pynetdicom.dimse_primitives import C_STORE

from noctis.env import ConfigurationError, Environment
from noctis.network.services import acceptable_contexts
from noctis.network.tests.retrieve_peers import data_sets, final_response, movescu, storescp
from tests.support.dicom_service import DicomService
from tests.support.peers import RawSender, SentObject, dcmtk, storescu

LISTED, UNLISTED = "1.3.12.2.1107.5.9.1", "1.3.46.670589.5.0.10"
STUDY_ROOT_GET = "1.2.840.10008.5.1.4.1.2.2.3"
LEVEL = ("QueryRetrieveLevel=STUDY", "StudyInstanceUID=2.25.7.1")
STORESCU_PROFILE = """
[[TransferSyntaxes]]
[All]
TransferSyntax1 = JPEGBaseline
TransferSyntax2 = LittleEndianExplicit
TransferSyntax3 = LittleEndianImplicit
[[PresentationContexts]]
[Private]
PresentationContext1 = {uid}\\All
[[Profiles]]
[Default]
PresentationContexts = Private
"""


@pytest.fixture(scope="module")
def open_minded(new_module_service) -> DicomService:
    """Give a service that takes objects of a private class."""
    service: DicomService = new_module_service(NOCTIS_DICOM_PRIVATE_SOP_CLASSES=f" {LISTED}, 1.2.3.4 ")
    service.manage("add_ae", "STORE", "--facility", "NORTH", "--host", "127.0.0.1", "--port", "1")
    return service


@pytest.fixture
def private(ct: SentObject, tmp_path: Path) -> SentObject:
    return written(ct, tmp_path, LISTED, "2.25.7.3")


def written(ct: SentObject, folder: Path, sop_class: str, uid: str) -> SentObject:
    """Write a private object: no image, but private elements."""
    dataset = dcmread(ct.path)
    dataset.SOPClassUID = dataset.file_meta.MediaStorageSOPClassUID = UID(sop_class)
    dataset.SOPInstanceUID = dataset.file_meta.MediaStorageSOPInstanceUID = UID(uid)
    dataset.StudyInstanceUID, dataset.SeriesInstanceUID, dataset.PatientID = "2.25.7.1", "2.25.7.2", "PRIVATE-1"
    for keyword in ("PixelData", "Rows", "Columns", "BitsAllocated"):
        del dataset[keyword]
    dataset.add_new(0x00291001, "OB", b"\x01\x02" * 5000)
    path = folder / f"{uid}.dcm"
    dataset.save_as(path)
    return SentObject.read(path)


def got(service: DicomService) -> dict[str, bytes]:
    """Get the study with a peer that takes the private class, which DCMTK's getscu cannot."""
    received: dict[str, bytes] = {}

    def take(event: evt.Event) -> int:
        request = cast("C_STORE", event.request)
        assert request.DataSet is not None
        received[str(request.AffectedSOPInstanceUID)] = request.DataSet.getvalue()
        return 0

    entity = AE("GETTER")
    entity.add_requested_context(STUDY_ROOT_GET)
    entity.add_requested_context(LISTED, ExplicitVRLittleEndian)
    handlers: Any = [(evt.EVT_C_STORE, take)]
    role = build_role(UID(LISTED), scp_role=True)
    place = ("127.0.0.1", service.port)
    association = entity.associate(*place, ae_title="NOCTIS_PACS", ext_neg=[role], evt_handlers=handlers)
    identifier = Dataset()
    identifier.QueryRetrieveLevel, identifier.StudyInstanceUID = "STUDY", "2.25.7.1"
    last = [status.Status for status, _ in association.send_c_get(identifier, STUDY_ROOT_GET)][-1]
    association.release()
    assert last == 0
    return received


def stored_by_dcmtk(service: DicomService, one: SentObject, folder: Path) -> str:
    profile = folder / "storescu.cfg"
    profile.write_text(STORESCU_PROFILE.format(uid=one.sop_class_uid), encoding="ascii")
    done = storescu(service.port, [one.path], "-xf", str(profile), "Default")
    return done.stdout + done.stderr


@pytest.mark.integration
def test_a_listed_class_is_stored_found_and_sent_on(
    open_minded: DicomService, private: SentObject, tmp_path: Path
) -> None:
    said = stored_by_dcmtk(open_minded, private, tmp_path)
    assert "0x0000" in said or "Success" in said, said
    open_minded.wait_until_indexed()
    stored = open_minded.stored()[private.sop_instance_uid]  # DCMTK writes its own data set, without padding
    assert b"\x01\x02" * 5000 in stored

    keys = ("-k", "QueryRetrieveLevel=IMAGE", "-k", "StudyInstanceUID=2.25.7.1", "-k", "SeriesInstanceUID=2.25.7.2")
    titles = ("-aec", "NOCTIS_PACS", "127.0.0.1", str(open_minded.port))
    found = dcmtk("findscu", "-v", "-S", *keys, "-k", "SOPInstanceUID", "-k", f"SOPClassUID={LISTED}", *titles)
    assert private.sop_instance_uid in found.stdout + found.stderr

    with storescp(tmp_path / "moved", "+xa", "--promiscuous") as port:
        open_minded.execute(f"UPDATE network_remoteapplicationentity SET port = {port} WHERE ae_title = 'STORE'")  # noqa: S608
        moved = movescu(open_minded, "STORE", *LEVEL)
    assert final_response(moved) == {"Status": 0, "Completed": 1, "Failed": 0, "Warning": 0}
    assert data_sets(tmp_path / "moved") == {private.sop_instance_uid: stored}
    assert got(open_minded) == {private.sop_instance_uid: stored}


@pytest.mark.integration
def test_an_unlisted_class_is_not_supported(open_minded: DicomService, ct: SentObject, tmp_path: Path) -> None:
    unlisted = written(ct, tmp_path, UNLISTED, "2.25.7.4")
    assert "No Acceptable Presentation Contexts" in stored_by_dcmtk(open_minded, unlisted, tmp_path)

    listed = written(ct, tmp_path, LISTED, "2.25.7.5")
    with RawSender(open_minded.port, [listed, unlisted]) as sender:
        rejected = {str(one.abstract_syntax): one.result for one in sender.association.rejected_contexts}
        assert rejected == {UNLISTED: 3}  # abstract-syntax-not-supported
        assert sender.send(listed) == (0, "")


@pytest.mark.parametrize(
    ("value", "complaint"),
    [
        ("1.2.840.10008.1.1", "something else than storage"),
        ("1.2.3,CTImageStorage", "'CTImageStorage', which is not a UID"),
        ("1.02.3", "is not a UID"),
    ],
)
def test_what_cannot_be_a_storage_class_is_explained(value: str, complaint: str) -> None:
    with pytest.raises(ConfigurationError, match=complaint):
        Environment({"NAME": value}).storage_classes("NAME")


def test_new_classes_of_the_standard_can_be_listed_too() -> None:
    uids = "1.2.840.10008.5.1.4.1.1.999, 1.3.12.2.1107.5.9.1,"
    assert Environment({"NAME": uids}).storage_classes("NAME") == ["1.2.840.10008.5.1.4.1.1.999", LISTED]
    assert Environment({}).storage_classes("NAME") == []


def test_without_a_setting_no_private_class_is_accepted() -> None:
    syntaxes: list[str | UID] = [ExplicitVRLittleEndian, ImplicitVRLittleEndian, JPEGBaseline8Bit]
    assert acceptable_contexts([build_context(LISTED, syntaxes)]) == []

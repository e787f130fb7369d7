"""Orthanc as it is set up elsewhere: it takes nothing compressed, or speaks nothing but TLS."""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydicom import dcmread
from pydicom.uid import (
    UID,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    JPEGLossless,
    JPEGLosslessSV1,
    JPEGLSLossless,
)

from noctis.network.tests.conftest import NewService
from noctis.network.tests.retrieve_peers import final_response, movescu
from tests.support.certificates import Authority
from tests.support.dicom_service import DicomService
from tests.support.orthanc import Modality, Orthanc, OrthancRefused, OrthancTls, running_orthanc
from tests.support.peers import SentObject, dcmtk, send_raw
from tests.support.ports import free_ports
from tests.support.waiting import wait_for

pytestmark = [pytest.mark.integration, pytest.mark.filterwarnings("ignore::UserWarning:pydicom")]

COMPRESSED = [JPEGLossless, JPEGLosslessSV1, JPEGLSLossless]  # what Orthanc can write without loss
NATIVE = [ImplicitVRLittleEndian, ExplicitVRLittleEndian]


@pytest.fixture(scope="module")
def images(samples: list[SentObject]) -> dict[str, SentObject]:
    """Give an image in each transfer syntax that can be decoded here, by that transfer syntax."""
    return {one.transfer_syntax_uid: one for one in reversed(samples) if pixels_of(one) is not None}


def pixels_of(one: SentObject) -> Any:
    try:
        return dcmread(one.path).pixel_array
    except Exception:  # noqa: BLE001  (a sample that nothing here can decode)
        return None


@pytest.mark.parametrize("accepted", [NATIVE, [ImplicitVRLittleEndian]], ids=["native", "implicit"])
def test_an_orthanc_that_takes_nothing_compressed_gets_every_pixel(
    service: DicomService, images: dict[str, SentObject], tmp_path: Path, accepted: list[str]
) -> None:
    assert len(images) >= 8
    assert set(send_raw(service.port, images.values()).values()) == {0}
    title = f"ORTHANC_{len(accepted)}"
    with running_orthanc(
        tmp_path / "files", ae_title=title, settings={"AcceptedTransferSyntaxes": accepted}
    ) as orthanc:
        service.manage("add_ae", title, "--facility", "NORTH", "--host", "127.0.0.1", "--port", str(orthanc.port))
        uids = "\\".join(one.sop_instance_uid for one in images.values())
        done = movescu(service, title, "QueryRetrieveLevel=IMAGE", f"SOPInstanceUID={uids}")

        assert final_response(done) == {"Status": 0, "Completed": len(images), "Failed": 0, "Warning": 0}
        for syntax, sent in images.items():
            received, original = dcmread(BytesIO(orthanc.file_of(sent.sop_instance_uid))), dcmread(sent.path)
            assert received.file_meta.TransferSyntaxUID in accepted, syntax
            assert np.array_equal(received.pixel_array, original.pixel_array), syntax
            assert received.get("PatientName") == original.get("PatientName"), syntax


def test_an_orthanc_that_takes_some_compressed_images_gets_them_as_they_are(
    service: DicomService, images: dict[str, SentObject], tmp_path: Path
) -> None:
    assert set(send_raw(service.port, images.values()).values()) == {0}
    refused = {"1.2.840.10008.1.2.4.90", "1.2.840.10008.1.2.4.91"}
    accepted = [str(syntax) for syntax in {*images, *NATIVE} - refused]
    settings = {"AcceptedTransferSyntaxes": accepted}
    with running_orthanc(tmp_path / "files", ae_title="NO_J2K", settings=settings) as orthanc:
        port = str(orthanc.port)
        service.manage("add_ae", "NO_J2K", "--facility", "NORTH", "--host", "127.0.0.1", "--port", port)
        uids = "\\".join(one.sop_instance_uid for one in images.values())
        done = movescu(service, "NO_J2K", "QueryRetrieveLevel=IMAGE", f"SOPInstanceUID={uids}")

        assert final_response(done) == {"Status": 0, "Completed": len(images), "Failed": 0, "Warning": 0}
        for syntax, sent in images.items():
            received = dcmread(BytesIO(orthanc.file_of(sent.sop_instance_uid)))
            expected = ExplicitVRLittleEndian if syntax in refused else syntax
            assert received.file_meta.TransferSyntaxUID == expected, syntax


@pytest.mark.parametrize("number", range(len(COMPRESSED)))
def test_what_orthanc_compresses_is_kept_compressed_and_comes_back_whole(
    service: DicomService, ct: SentObject, tmp_path: Path, number: int
) -> None:
    original = dcmread(ct.path)
    original.StudyInstanceUID, original.SeriesInstanceUID = f"2.25.9.{number}", f"2.25.9.{number}.1"
    original.SOPInstanceUID = original.file_meta.MediaStorageSOPInstanceUID = UID(f"2.25.9.{number}.2")
    original.save_as(tmp_path / "original.dcm")
    title, settings = f"COMPRESSOR_{number}", {"IngestTranscoding": COMPRESSED[number]}
    with running_orthanc(tmp_path / "files", ae_title=title, settings=settings) as orthanc:
        orthanc.know("noctis", Modality("NOCTIS_PACS", service.port))
        orthanc.store("noctis", orthanc.upload(tmp_path / "original.dcm"))
        held = dcmread(BytesIO(orthanc.file_of(original.SOPInstanceUID)))
    service.wait_until_indexed()

    path = f"SELECT path FROM archive_instance WHERE sop_instance_uid = '{original.SOPInstanceUID}'"  # noqa: S608
    stored = dcmread(service.data_dir / "storage" / service.rows(path)[0][0])
    assert stored.file_meta.TransferSyntaxUID == COMPRESSED[number]
    assert stored.PixelData == held.PixelData
    assert np.array_equal(stored.pixel_array, original.pixel_array)


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority.make(tmp_path_factory.mktemp("tls") / "hospital")


@pytest.fixture(scope="module")
def secured(new_module_service: NewService, authority: Authority) -> DicomService:
    """Give a service with a TLS port that demands client certificates."""
    own = authority.sign("noctis")
    (port,) = free_ports(1)
    return new_module_service(
        NOCTIS_DICOM_TLS_PORT=str(port),
        NOCTIS_DICOM_TLS_CERTIFICATE=str(own.certificate),
        NOCTIS_DICOM_TLS_PRIVATE_KEY=str(own.key),
        NOCTIS_DICOM_TLS_CLIENT_CA=str(authority.root.certificate),
    )


@pytest.fixture(scope="module")
def secure_orthanc(
    secured: DicomService, authority: Authority, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Orthanc]:
    """Give an Orthanc that takes and speaks nothing but TLS with certificates on both sides."""
    own = authority.sign("orthanc")
    tls = OrthancTls(authority.root.certificate, own)
    with running_orthanc(tmp_path_factory.mktemp("orthanc") / "files", tls=tls) as orthanc:
        tls_port = int(secured.environment["NOCTIS_DICOM_TLS_PORT"])
        orthanc.know("noctis", Modality("NOCTIS_PACS", tls_port, use_tls=True))
        address = ("--host", "127.0.0.1", "--port", str(orthanc.port))
        secured.manage("add_ae", "ORTHANC", "--facility", "NORTH", "--certificate", own.sha256, *address)
        secured.execute("UPDATE network_remoteapplicationentity SET uses_tls = true WHERE ae_title = 'ORTHANC'")
        yield orthanc


def test_orthanc_echoes_stores_and_asks_over_tls(
    secure_orthanc: Orthanc, secured: DicomService, ct: SentObject
) -> None:
    secure_orthanc.post("/modalities/noctis/echo")
    secure_orthanc.store("noctis", secure_orthanc.upload(ct.path))
    secured.wait_until_indexed()

    assert ct.sop_instance_uid in secured.stored()
    assert [one["PatientID"] for one in secure_orthanc.find("noctis", "Patient", PatientID="")] == ["1CT1"]


def test_a_study_is_moved_to_orthanc_over_tls(secure_orthanc: Orthanc, secured: DicomService, ct: SentObject) -> None:
    secure_orthanc.store("noctis", secure_orthanc.upload(ct.path))
    answers = secure_orthanc.query("noctis", "Study", PatientID="1CT1")
    secure_orthanc.clear()
    secure_orthanc.retrieve(answers)

    received = dcmread(BytesIO(secure_orthanc.file_of(ct.sop_instance_uid)))
    assert np.array_equal(received.pixel_array, dcmread(ct.path).pixel_array)


def test_another_certificate_of_the_same_authority_is_not_orthancs(
    secure_orthanc: Orthanc, secured: DicomService, authority: Authority, tmp_path: Path
) -> None:
    tls = OrthancTls(authority.root.certificate, authority.sign("impostor"))
    port = int(secured.environment["NOCTIS_DICOM_TLS_PORT"])
    with running_orthanc(tmp_path / "files", tls=tls) as impostor:
        impostor.know("noctis", Modality("NOCTIS_PACS", port, use_tls=True))
        with pytest.raises(OrthancRefused):
            impostor.post("/modalities/noctis/echo")
    refused = "SELECT reason FROM network_refusedassociation WHERE ae_title = 'ORTHANC'"
    wait_for(lambda: any("certificate" in reason for (reason,) in secured.rows(refused)), "the refusal")


def test_orthanc_refuses_a_service_of_another_authority(
    secure_orthanc: Orthanc, secured: DicomService, tmp_path: Path
) -> None:
    """A service that Orthanc does not trust gets nothing; the move says so with its status."""
    stranger = Authority.make(tmp_path / "stranger")
    tls = OrthancTls(stranger.root.certificate, stranger.sign("orthanc"))
    with running_orthanc(tmp_path / "files", ae_title="STRANGER", tls=tls) as orthanc:
        port = str(orthanc.port)
        secured.manage("add_ae", "STRANGER", "--facility", "NORTH", "--host", "127.0.0.1", "--port", port)
        secured.execute("UPDATE network_remoteapplicationentity SET uses_tls = true WHERE ae_title = 'STRANGER'")
        keys = ("QueryRetrieveLevel=PATIENT", "PatientID=1CT1")
        done = movescu(secured, "STRANGER", *keys, options=("-P",))
        assert final_response(done)["Status"] == 0xA702
        assert not orthanc.instances()
    ((error,),) = secured.rows("SELECT send_error FROM network_remoteapplicationentity WHERE ae_title = 'STRANGER'")
    assert "unknown authority" in error


def test_plain_dicom_does_not_get_into_the_port_of_orthanc(secure_orthanc: Orthanc) -> None:
    assert dcmtk("echoscu", "127.0.0.1", str(secure_orthanc.port)).returncode != 0

"""C-GET asked by real peers: what comes back is what is stored, and nothing of another facility."""

from __future__ import annotations

import ssl
from collections.abc import Callable
from pathlib import Path
from typing import cast

import numpy as np
import pytest
from pydicom import dcmread
from pydicom.dataset import Dataset
from pydicom.uid import (
    UID,
    CTImageStorage,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGLosslessSV1,
    RLELossless,
)
from pynetdicom import AE, build_role, evt
from pynetdicom.dimse_primitives import C_STORE

from noctis.network.tests.retrieve_peers import data_sets, final_response, getscu
from tests.support.certificates import Authority
from tests.support.dicom_service import DicomService
from tests.support.peers import SentObject, send_raw
from tests.support.ports import free_ports
from tests.support.waiting import wait_for

STUDY_ROOT_GET = UID("1.2.840.10008.5.1.4.1.2.2.3")
pytestmark = [pytest.mark.integration]


@pytest.fixture(scope="module")
def filled(service: DicomService, samples: list[SentObject]) -> DicomService:
    """Fill a service with the samples; SOUTH_WS is of the other facility."""
    assert set(send_raw(service.port, samples).values()) == {0}
    service.manage("add_ae", "SOUTH_WS", "--facility", "SOUTH")
    service.wait_until_indexed()
    return service


def largest_study(service: DicomService, syntax: str = ExplicitVRLittleEndian) -> tuple[str, dict[str, bytes]]:
    """Return the study with most instances of a transfer syntax and no other, and its data sets."""
    rows = service.rows(
        "SELECT s.study_instance_uid, i.sop_instance_uid, i.transfer_syntax_uid FROM archive_instance i"
        " JOIN archive_series e ON i.series_id = e.id JOIN archive_study s ON e.study_id = s.id"
    )
    studies: dict[str, list[tuple[str, str]]] = {}
    for study, instance, found in rows:
        studies.setdefault(study, []).append((instance, found))
    only = {study: found for study, found in studies.items() if {one for _, one in found} == {str(syntax)}}
    study = max(only, key=lambda one: len(only[one]))
    stored = service.stored()
    return study, {instance: stored[instance] for instance, _ in only[study]}


def test_a_whole_study_comes_as_it_is_stored(filled: DicomService, tmp_path: Path) -> None:
    study, stored = largest_study(filled)
    assert len(stored) > 1

    done = getscu(filled, tmp_path / "got", "QueryRetrieveLevel=STUDY", f"StudyInstanceUID={study}", calling="GET1")

    assert final_response(done) == {"Status": 0, "Completed": len(stored), "Failed": 0, "Warning": 0}
    assert data_sets(tmp_path / "got") == stored
    wait_for(lambda: bool(filled.audit_entries("instances_sent", "GET1")), "the entry in the audit trail")
    assert filled.audit_entries("instances_sent", "GET1") == [
        (
            study,
            "127.0.0.1",
            {"service": "C-GET", "destination": "GET1", "instances": len(stored), "failed": 0},
        )
    ]


@pytest.mark.parametrize("model", ["-S", "-P", "-O"])
def test_every_information_model_gives_a_study(filled: DicomService, tmp_path: Path, model: str) -> None:
    study, stored = largest_study(filled)

    done = getscu(filled, tmp_path / "got", "QueryRetrieveLevel=STUDY", f"StudyInstanceUID={study}", options=(model,))

    assert final_response(done)["Completed"] == len(stored)
    assert data_sets(tmp_path / "got") == stored


def test_a_series_and_an_image_come_alone(filled: DicomService, tmp_path: Path) -> None:
    rows = filled.rows(
        "SELECT s.study_instance_uid, e.series_instance_uid, i.sop_instance_uid FROM archive_instance i"
        " JOIN archive_series e ON i.series_id = e.id JOIN archive_study s ON e.study_id = s.id"
        " WHERE i.sop_class_uid = '1.2.840.10008.5.1.4.1.1.2' AND i.transfer_syntax_uid = '1.2.840.10008.1.2.1'"
        " AND e.instance_count = 3"
    )
    study, series, image = rows[0]
    above = (f"StudyInstanceUID={study}", f"SeriesInstanceUID={series}")

    getscu(filled, tmp_path / "series", "QueryRetrieveLevel=SERIES", *above)
    getscu(filled, tmp_path / "image", "QueryRetrieveLevel=IMAGE", *above, f"SOPInstanceUID={image}")
    getscu(filled, tmp_path / "alone", "QueryRetrieveLevel=IMAGE", f"SOPInstanceUID={image}")

    stored = filled.stored()
    assert data_sets(tmp_path / "series") == {one: stored[one] for _, found, one in rows if found == series}
    assert data_sets(tmp_path / "image") == data_sets(tmp_path / "alone") == {image: stored[image]}


def test_a_patient_comes_with_all_studies(filled: DicomService, tmp_path: Path) -> None:
    patient = filled.rows(
        "SELECT patient_identifier FROM archive_study WHERE patient_identifier <> ''"
        " GROUP BY patient_identifier ORDER BY count(*) DESC, patient_identifier"
    )[0][0]
    expected = filled.rows(f"SELECT sum(instance_count) FROM archive_study WHERE patient_identifier = '{patient}'")  # noqa: S608

    done = getscu(filled, tmp_path / "got", "QueryRetrieveLevel=PATIENT", f"PatientID={patient}", options=("-P", "+xi"))

    counts = final_response(done)
    assert counts["Completed"] + counts["Failed"] == expected[0][0]
    assert counts["Completed"] > 1


@pytest.mark.parametrize("option", ["+xs", "+xv", "+xw", "+xr", "+xi", "+xe"])
def test_whatever_the_peer_prefers_it_gets_what_it_can_be_given(
    filled: DicomService, tmp_path: Path, samples: list[SentObject], option: str
) -> None:
    sent = next(one for one in samples if one.transfer_syntax_uid == JPEGLosslessSV1)

    done = getscu(
        filled,
        tmp_path / "got",
        "QueryRetrieveLevel=IMAGE",
        f"SOPInstanceUID={sent.sop_instance_uid}",
        options=("-S", option),
    )

    assert final_response(done)["Completed"] == 1
    got = dcmread(next((tmp_path / "got").iterdir()))
    assert np.array_equal(got.pixel_array, dcmread(sent.path).pixel_array)


def test_a_peer_that_takes_all_transfer_syntaxes_gets_everything_as_stored(
    filled: DicomService, samples: list[SentObject]
) -> None:
    sent = [one for one in samples if one.transfer_syntax_uid in {JPEGLosslessSV1, RLELossless, JPEG2000Lossless}]
    entity, received = AE("ALLSYNTAXES"), {}
    entity.add_requested_context(STUDY_ROOT_GET, ImplicitVRLittleEndian)
    kinds = {(one.sop_class_uid, one.transfer_syntax_uid) for one in sent}
    for sop_class, syntax in kinds:
        entity.add_requested_context(sop_class, syntax)
        entity.add_requested_context(sop_class, ExplicitVRLittleEndian)

    def take(event: evt.Event) -> int:
        request = cast("C_STORE", event.request)
        assert request.DataSet is not None
        received[str(request.AffectedSOPInstanceUID)] = request.DataSet.getvalue()
        return 0

    identifier = Dataset()
    identifier.QueryRetrieveLevel = "IMAGE"
    identifier.SOPInstanceUID = [one.sop_instance_uid for one in sent]
    association = entity.associate(
        "127.0.0.1",
        filled.port,
        ae_title="NOCTIS_PACS",
        ext_neg=[build_role(UID(sop_class), scp_role=True) for sop_class in {one for one, _ in kinds}],
        evt_handlers=[(evt.EVT_C_STORE, take)],
    )
    try:
        answers = list(association.send_c_get(identifier, STUDY_ROOT_GET))
    finally:
        association.release()

    assert answers[-1][0].Status == 0
    assert received == {one.sop_instance_uid: one.data_set for one in sent}
    assert len(received) > 2


@pytest.mark.parametrize(
    "keys",
    [
        ("StudyInstanceUID=1.2.3",),
        ("QueryRetrieveLevel=STUDY",),
        ("QueryRetrieveLevel=STUDY", "StudyInstanceUID="),
        ("QueryRetrieveLevel=STUDY", "StudyInstanceUID=*"),
        ("QueryRetrieveLevel=SERIES", "StudyInstanceUID=1.2\\1.3", "SeriesInstanceUID=1.2.3"),
        ("QueryRetrieveLevel=PATIENT", "PatientID=1"),
        ("QueryRetrieveLevel=NONSENSE", "StudyInstanceUID=1.2.3"),
    ],
)
def test_an_identifier_that_names_nothing_is_refused(
    filled: DicomService, tmp_path: Path, keys: tuple[str, ...]
) -> None:
    done = getscu(filled, tmp_path / "got", *keys)

    assert final_response(done)["Status"] == 0xA900
    assert not list((tmp_path / "got").iterdir())


def test_what_is_not_there_is_success_with_nothing(filled: DicomService, tmp_path: Path) -> None:
    done = getscu(filled, tmp_path / "got", "QueryRetrieveLevel=STUDY", "StudyInstanceUID=1.2.3")

    assert final_response(done) == {"Status": 0, "Completed": 0, "Failed": 0, "Warning": 0}


def test_another_facility_gets_nothing(filled: DicomService, tmp_path: Path) -> None:
    study, _ = largest_study(filled)

    done = getscu(filled, tmp_path / "got", "QueryRetrieveLevel=STUDY", f"StudyInstanceUID={study}", calling="SOUTH_WS")

    assert final_response(done) == {"Status": 0, "Completed": 0, "Failed": 0, "Warning": 0}
    assert not list((tmp_path / "got").iterdir())
    assert not filled.audit_entries("instances_sent", "SOUTH_WS")


def test_a_peer_that_takes_no_role_is_told_what_failed(filled: DicomService) -> None:
    study, stored = largest_study(filled)
    entity = AE("NOROLE")
    entity.add_requested_context(STUDY_ROOT_GET, ImplicitVRLittleEndian)
    entity.add_requested_context(CTImageStorage, ExplicitVRLittleEndian)
    identifier = Dataset()
    identifier.QueryRetrieveLevel, identifier.StudyInstanceUID = "STUDY", study
    association = entity.associate("127.0.0.1", filled.port, ae_title="NOCTIS_PACS")
    try:
        answers = list(association.send_c_get(identifier, STUDY_ROOT_GET))
    finally:
        association.release()

    status, failed = answers[-1]
    assert status.Status == 0xA702
    assert status.NumberOfFailedSuboperations == len(stored)
    assert failed is not None
    uids = failed.FailedSOPInstanceUIDList
    assert {*([uids] if isinstance(uids, str) else uids)} == set(stored)


def test_images_come_over_tls_as_they_are_stored(
    new_service: Callable[..., DicomService], tmp_path: Path, make_images: Callable[..., list[SentObject]]
) -> None:
    authority = Authority.make(tmp_path / "hospital")
    server = authority.sign("server")
    (port,) = free_ports(1)
    service = new_service(
        NOCTIS_DICOM_TLS_PORT=str(port),
        NOCTIS_DICOM_TLS_CERTIFICATE=str(server.certificate),
        NOCTIS_DICOM_TLS_PRIVATE_KEY=str(server.key),
    )
    images = make_images(5, padding=1_000_000)
    assert set(send_raw(service.port, images).values()) == {0}
    received: dict[str, bytes] = {}

    def take(event: evt.Event) -> int:
        request = cast("C_STORE", event.request)
        assert request.DataSet is not None
        received[str(request.AffectedSOPInstanceUID)] = request.DataSet.getvalue()
        return 0

    entity, identifier = AE("SECURE"), Dataset()
    entity.add_requested_context(STUDY_ROOT_GET, ImplicitVRLittleEndian)
    entity.add_requested_context(CTImageStorage, ExplicitVRLittleEndian)
    identifier.QueryRetrieveLevel, identifier.StudyInstanceUID = "STUDY", "2.25.1"
    association = entity.associate(
        "127.0.0.1",
        port,
        ae_title="NOCTIS_PACS",
        ext_neg=[build_role(CTImageStorage, scp_role=True)],
        tls_args=(ssl.create_default_context(cafile=str(authority.root.certificate)), "127.0.0.1"),
        evt_handlers=[(evt.EVT_C_STORE, take)],
    )
    try:
        answers = list(association.send_c_get(identifier, STUDY_ROOT_GET))
    finally:
        association.release()

    assert answers[-1][0].Status == 0
    assert received == {image.sop_instance_uid: image.data_set for image in images}

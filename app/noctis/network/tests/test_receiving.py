"""Objects of every kind arrive byte for byte and are listed where they belong."""

from __future__ import annotations

from pathlib import Path

import pydicom
import pytest
from pydicom import dcmread
from pydicom.uid import (
    HTJ2K,
    MPEG4HP41,
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ImplicitVRLittleEndian,
)

from noctis.archive.header import read_header
from tests.support.dicom_service import DicomService
from tests.support.peers import (
    STORESCU_OPTIONS,
    RawSender,
    SentObject,
    bit_preserving_storescp,
    echoscu,
    send_raw,
    storescu,
)
from tests.support.waiting import wait_for

pytestmark = [pytest.mark.integration, pytest.mark.filterwarnings("ignore::UserWarning")]

CHARACTER_SETS = Path(pydicom.__file__).parent / "data" / "charset_files"
UNREADABLE_TO_DCMTK = {"explicit_VR-UN.dcm", "SC_rgb_jpeg.dcm"}
NAMES = {
    "chrArab.dcm": "قباني^لنزار",
    "chrFren.dcm": "Buc^Jérôme",
    "chrGerm.dcm": "Äneas^Rüdiger",
    "chrGreek.dcm": "Διονυσιος",
    "chrH31.dcm": "Yamada^Tarou=山田^太郎=やまだ^たろう",
    "chrH32.dcm": "ﾔﾏﾀﾞ^ﾀﾛｳ=山田^太郎=やまだ^たろう",
    "chrHbrw.dcm": "שרון^דבורה",
    "chrI2.dcm": "Hong^Gildong=洪^吉洞=홍^길동",
    "chrKoreanMulti.dcm": "김희중",
    "chrRuss.dcm": "Люкceмбypг",
    "chrX1.dcm": "Wang^XiaoDong=王^小東",
    "chrX2.dcm": "Wang^XiaoDong=王^小东",
}


def test_an_echo_is_answered(service: DicomService) -> None:
    done = echoscu(service.port)

    assert done.returncode == 0, done.stderr
    assert "Received Echo Response (Success)" in done.stdout + done.stderr


def test_what_storescu_sends_is_stored_as_another_receiver_gets_it(
    service: DicomService, samples: list[SentObject], tmp_path: Path
) -> None:
    """Storescu writes lengths anew before it sends, so the truth is what DCMTK's bit-preserving receiver got."""
    objects = [
        one
        for one in samples
        if one.transfer_syntax_uid in STORESCU_OPTIONS and one.path.name not in UNREADABLE_TO_DCMTK
    ]
    with bit_preserving_storescp(tmp_path) as reference_port:
        for syntax in sorted({one.transfer_syntax_uid for one in objects}):
            paths = [one.path for one in objects if one.transfer_syntax_uid == syntax]
            for port in (reference_port, service.port):
                done = storescu(port, paths, "--required", STORESCU_OPTIONS[syntax])
                assert done.returncode == 0, done.stdout + done.stderr
    service.wait_until_indexed()
    references = [SentObject.read(path) for path in tmp_path.iterdir() if path.name != "log"]

    stored = service.stored()
    assert len(references) == len(objects)
    for reference in references:
        assert stored[reference.sop_instance_uid] == reference.data_set, reference.path.name
    assert_listed(service, objects)
    assert service.rows("SELECT count(*) FROM archive_quarantinedobject") == [(0,)]
    kinds = {one.transfer_syntax_uid for one in objects}
    assert kinds == set(STORESCU_OPTIONS), "the samples should cover whatever storescu can send"


def test_a_data_set_keeps_its_own_bytes(new_service, samples: list[SentObject]) -> None:
    service = new_service()
    statuses = send_raw(service.port, samples)

    assert set(statuses.values()) == {0}
    service.wait_until_indexed()
    stored = service.stored()
    assert {one.sop_instance_uid for one in samples} == set(stored)
    for one in samples:
        assert stored[one.sop_instance_uid] == one.data_set, one.path.name
    assert_listed(service, samples)
    assert_private(service.data_dir)


def test_names_are_decoded(service: DicomService) -> None:
    objects = [SentObject.read(CHARACTER_SETS / name) for name in NAMES]
    send_raw(service.port, objects)
    service.wait_until_indexed()

    studies = dict(service.rows("SELECT study_instance_uid, patient_name FROM archive_study"))
    for name, expected in NAMES.items():
        assert studies[str(dcmread(CHARACTER_SETS / name).StudyInstanceUID)] == expected, name


@pytest.mark.parametrize("syntax", [HTJ2K, MPEG4HP41, DeflatedExplicitVRLittleEndian, ExplicitVRBigEndian])
def test_every_transfer_syntax_is_accepted(service: DicomService, ct: SentObject, syntax: str) -> None:
    proposed = SentObject(ct.path, ct.sop_class_uid, ct.sop_instance_uid, str(syntax), ct.data_set)

    with RawSender(service.port, [proposed]) as sender:
        assert [str(context.transfer_syntax[0]) for context in sender.association.accepted_contexts] == [str(syntax)]


def test_the_file_meta_information_names_the_transfer_syntax_that_was_negotiated(
    service: DicomService, make_images
) -> None:
    (image,) = make_images(1)
    send_raw(service.port, [image])
    service.wait_until_indexed()

    ((path,),) = service.rows("SELECT path FROM archive_instance WHERE sop_instance_uid = '2.25.3.1'")
    meta = dcmread(service.data_dir / "storage" / path).file_meta
    assert meta.TransferSyntaxUID == image.transfer_syntax_uid != ImplicitVRLittleEndian
    assert meta.MediaStorageSOPInstanceUID == "2.25.3.1"
    assert str(meta.ImplementationVersionName).startswith("NOCTIS_")


def test_the_audit_trail_tells_what_came_from_whom(service: DicomService, make_images) -> None:
    send_raw(service.port, make_images(3), calling="CT_AUDITED")

    entries = wait_for(lambda: service.audit_entries("instances_received", "CT_AUDITED"), "the audit entry")
    assert entries == [("2.25.1", "127.0.0.1", {"instances": 3, "ended": "released"})]


def test_no_name_and_no_value_of_a_data_set_is_logged(service: DicomService, ct: SentObject) -> None:
    send_raw(service.port, [ct])
    with RawSender(service.port, [ct]) as sender:
        sender.send(ct, data_set=ct.data_set[:1000])

    dataset = dcmread(ct.path)
    for keyword in ("PatientName", "PatientID", "StudyDescription", "InstitutionName"):
        assert str(dataset[keyword].value) not in service.said()


def assert_listed(service: DicomService, objects: list[SentObject]) -> None:
    listed = set(
        service.rows(
            "SELECT patient.patient_identifier, study.study_instance_uid, series.series_instance_uid,"
            " instance.sop_instance_uid, instance.transfer_syntax_uid, facility.code"
            " FROM archive_instance instance JOIN archive_series series ON series.id = instance.series_id"
            " JOIN archive_study study ON study.id = series.study_id"
            " JOIN archive_patient patient ON patient.id = study.patient_id"
            " JOIN accounts_facility facility ON facility.id = study.facility_id"
        )
    )
    for one in objects:
        header = read_header(one.path)
        patient = str(header.dataset.get("PatientID", "") or "").strip()
        uids = (header.study_instance_uid, header.series_instance_uid, header.sop_instance_uid)
        assert (patient, *uids, one.transfer_syntax_uid, "NORTH") in listed, one.path.name


def assert_private(folder: Path) -> None:
    for path in [path for part in ("spool", "storage", "quarantine") for path in (folder / part).rglob("*")]:
        assert path.stat().st_mode & 0o077 == 0, f"{path} can be read by others"

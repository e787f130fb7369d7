"""What modalities send that does not fit: DCMTK's storescu gets Success for all of it, and a person is told."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from pydicom import dcmread
from pydicom.uid import UID

from noctis.accounts.models import User
from noctis.archive.models import QuarantineDecision, QuarantinedObject
from noctis.archive.quarantine_actions import decide
from tests.support.dicom_service import DicomService
from tests.support.peers import SentObject, data_set_bytes, send_raw, storescu

pytestmark = pytest.mark.integration

STUDIES = "SELECT study_instance_uid, patient_name FROM archive_study ORDER BY study_instance_uid"


@pytest.fixture(scope="module")
def north(new_module_service) -> DicomService:
    service: DicomService = new_module_service()
    service.manage("add_ae", "CT_NORTH", "--facility", "NORTH")
    service.manage("add_ae", "CT_SOUTH", "--facility", "SOUTH")
    return service


class Modality:
    """Makes variants of one image and sends them with DCMTK."""

    def __init__(self, service: DicomService, ct: SentObject, folder: Path, number: int) -> None:
        """Keep what every image of this test has: numbers that no other test uses."""
        self._service, self._ct, self._folder, self._root = service, ct, folder, f"2.25.900.{number}"
        self._made = 0

    def sends(self, study: int, instance: int, *, calling: str = "CT_NORTH", **values: Any) -> Path:
        """Send an image of a study; give the file."""
        path = self.writes(study, instance, **values)
        self.sends_file(path, calling=calling)
        return path

    def writes(self, study: int, instance: int, **values: Any) -> Path:
        """Write an image of a study."""
        dataset = dcmread(self._ct.path)
        dataset.remove_private_tags()
        dataset.pop(0xFFFCFFFC, None)
        dataset.StudyInstanceUID, dataset.SeriesInstanceUID = f"{self._root}.{study}", f"{self._root}.{study}.1"
        dataset.SOPInstanceUID = UID(f"{self._root}.{study}.1.{instance}")
        dataset.PatientID, dataset.PatientName = f"P{self._root}", "Phantom^Ada"
        dataset.PatientBirthDate, dataset.PatientSex = "19700101", "F"
        for keyword, value in values.items():
            setattr(dataset, keyword, value)
        dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
        self._made += 1
        path = self._folder / f"{self._made}.dcm"
        dataset.save_as(path)
        return path

    def sends_file(self, path: Path, *, calling: str = "CT_NORTH") -> None:
        """Send a file, which must be answered with Success."""
        done = storescu(self._service.port, [path], "--propose-little", calling=calling)
        assert done.returncode == 0, done.stdout + done.stderr
        self._service.wait_until_indexed()

    def flags(self) -> list[tuple[str, str, int, str]]:
        """Return study, reason, count and sender of the flags that came of it."""
        query = (
            "SELECT study_instance_uid, reason, count, ae_title FROM archive_studyflag"  # noqa: S608
            " JOIN archive_study ON archive_study.id = archive_studyflag.study_id"
            f" WHERE study_instance_uid LIKE '{self._root}.%' ORDER BY archive_studyflag.id"
        )
        return [(uid.removeprefix(f"{self._root}."), *rest) for uid, *rest in self._service.rows(query)]

    def differences(self) -> list[dict[str, str]]:
        query = (
            "SELECT differences FROM archive_studyflag"  # noqa: S608
            " JOIN archive_study ON archive_study.id = archive_studyflag.study_id"
            f" WHERE study_instance_uid LIKE '{self._root}.%' ORDER BY archive_studyflag.id"
        )
        found = [json.loads(one) if isinstance(one, str) else one for (one,) in self._service.rows(query)]
        return [difference for differences in found for difference in differences]

    def stored(self) -> dict[str, bytes]:
        """Return the bytes of what is filed, by study and number."""
        return {
            uid.removeprefix(f"{self._root}."): data
            for uid, data in self._service.stored().items()
            if uid.startswith(f"{self._root}.")
        }


@pytest.fixture
def modality(north: DicomService, ct: SentObject, tmp_path: Path, request: pytest.FixtureRequest) -> Modality:
    names = [item.name for item in request.session.items]
    return Modality(north, ct, tmp_path, names.index(request.node.name) + 1)


def test_an_identical_object_is_success_and_changes_nothing(north: DicomService, modality: Modality) -> None:
    path = modality.sends(1, 1)
    before = (modality.stored(), north.rows("SELECT instance_count FROM archive_study ORDER BY id"))
    modality.sends_file(path)
    assert (modality.stored(), north.rows("SELECT instance_count FROM archive_study ORDER BY id")) == before
    assert modality.flags() == []


def test_other_bytes_under_the_same_uid_go_to_quarantine(north: DicomService, modality: Modality) -> None:
    modality.sends(1, 1)
    before = modality.stored()
    modality.sends(1, 1, StudyDescription="other bytes")
    assert modality.stored() == before
    assert modality.flags() == [("1", "same_uid_other_bytes", 1, "CT_NORTH")]
    kept = north.rows("SELECT reason FROM archive_quarantinedobject WHERE reason = 'same_uid_other_bytes'")
    assert len(kept) == 1


def decide_about(uid: str, decision: QuarantineDecision) -> None:
    user, _ = User.objects.get_or_create(username="decider")
    for kept in QuarantinedObject.objects.undecided().filter(sop_instance_uid=uid):
        decide(kept, decision, explanation="Asked", acting_user=user, address=None)


def test_what_a_person_decides_is_filed_by_the_running_service(north: DicomService, modality: Modality) -> None:
    first = modality.sends(1, 1)
    twice = modality.sends(1, 2, PatientID="ADMITTED-TWICE")
    again = modality.sends(1, 1, StudyDescription="other bytes")
    assert list(modality.stored()) == ["1.1.1"]
    for path, decision in ((twice, QuarantineDecision.ACCEPTED), (again, QuarantineDecision.SEPARATED)):
        uid = dcmread(path, stop_before_pixels=True).SOPInstanceUID
        with north.application():
            decide_about(uid, decision)
        north.wait_until_indexed()
    stored = modality.stored()
    assert (stored["1.1.1"], stored["1.1.2"]) == (data_set_bytes(first), data_set_bytes(twice))
    study = dcmread(first, stop_before_pixels=True).StudyInstanceUID
    rows = north.rows(f"SELECT id, instance_count FROM archive_study WHERE study_instance_uid = '{study}'")  # noqa: S608
    assert [count for _, count in rows] == [3]
    copies = north.rows("SELECT filed_as FROM archive_quarantinedobject WHERE decision = 'separated'")
    assert north.rows(f"SELECT count(*) FROM archive_instance WHERE sop_instance_uid = '{copies[0][0]}'") == [(1,)]  # noqa: S608


def test_the_patient_id_of_somebody_else_is_stored_and_flagged(north: DicomService, modality: Modality) -> None:
    modality.sends(1, 1)
    modality.sends(2, 1, PatientName="Other^Eve", PatientBirthDate="19800229", PatientSex="M")
    modality.sends(2, 2, PatientName="Other^Eve", PatientBirthDate="19800229", PatientSex="M")
    modality.sends(3, 1, PatientName="PHANTOM^ADA^^^")
    assert modality.flags() == [("2", "patient_differs", 2, "CT_NORTH")]
    assert [(one["stored"], one["stated"]) for one in modality.differences()] == [
        ("Phantom^Ada", "Other^Eve"),
        ("1970-01-01", "1980-02-29"),
        ("F", "M"),
    ]
    assert len(modality.stored()) == 4
    assert "Eve" not in north.said()


def test_a_study_uid_under_another_patient_is_kept_apart(modality: Modality) -> None:
    modality.sends(1, 1)
    modality.sends(1, 2, PatientID="SOMEBODY-ELSE", PatientName="Other^Eve")
    assert modality.flags() == [("1", "study_of_another_patient", 1, "CT_NORTH")]
    assert list(modality.stored()) == ["1.1.1"]


def test_another_facility_raises_no_flag_here(north: DicomService, modality: Modality) -> None:
    modality.sends(1, 1)
    modality.sends(1, 2, calling="CT_SOUTH")
    modality.sends(1, 1, calling="CT_SOUTH", StudyDescription="other bytes")
    modality.sends(2, 1, calling="CT_SOUTH", PatientName="Other^Eve")
    assert modality.flags() == []


def test_missing_and_broken_values_are_stored_unchanged_and_flagged(modality: Modality) -> None:
    path = modality.sends(1, 1, Modality="", PatientID="")
    assert modality.flags() == [("1", "missing_attributes", 1, "CT_NORTH")]
    assert [one["attribute"] for one in modality.differences()] == ["PatientID", "Modality"]
    assert modality.stored()["1.1.1"] == data_set_bytes(path)


def test_broken_values_are_stored_unchanged_and_flagged(north: DicomService, modality: Modality) -> None:
    path = modality.writes(1, 1)
    path.write_bytes(path.read_bytes().replace(b"19700101", b"1970/1/1"))
    one = SentObject.read(path)
    assert send_raw(north.port, [one], calling="CT_NORTH") == {one.sop_instance_uid: 0}
    north.wait_until_indexed()
    assert modality.flags() == [("1", "adapted_values", 1, "CT_NORTH")]
    found = [(one["attribute"], one["stated"], one["problem"]) for one in modality.differences()]
    assert found == [("PatientBirthDate", "1970/1/1", "is no valid date and is left out")]
    assert modality.stored()["1.1.1"] == one.data_set

"""Names in every character set: asked for in it or in UTF-8, answered in it, and read by DCMTK as they were meant."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydicom.dataset import Dataset

from noctis.archive.tests.factories import image, write
from noctis.dicom.attributes import person_name_text
from noctis.network.services import PATIENT_ROOT_FIND, STUDY_ROOT_FIND
from noctis.network.tests.find_peer import answers_of, identifier, written
from tests.data.names import NamedPatient
from tests.data.written_names import DEFINED_TERMS, UTF_8, WRITTEN_NAMES, can_write, declare, encode, keys_for, terms_of
from tests.support.dicom_service import DicomService
from tests.support.peers import dcmtk, storescu

pytestmark = [pytest.mark.integration, pytest.mark.filterwarnings("ignore::UserWarning:pydicom")]

# Debian's DCMTK reads names with the C library, which lacks ISO 2022 IR 87; nor does it take extensions on their own.
UNKNOWN_TO_DCMTK = "not supported"
EVERY_PATIENT = pytest.mark.parametrize("patient", WRITTEN_NAMES, ids=lambda patient: patient.key)


@pytest.fixture(scope="module")
def archive(service: DicomService, tmp_path_factory: pytest.TempPathFactory) -> DicomService:
    """Give a service that holds a study of each patient, sent by DCMTK."""
    folder = tmp_path_factory.mktemp("names")
    for number, patient in enumerate(WRITTEN_NAMES):
        dataset = declare(image(number, PatientID=patient.key), patient.character_set, patient.name)
        write(dataset, folder / f"{patient.key}.dcm")
    done = storescu(service.port, sorted(folder.iterdir()))
    assert done.returncode == 0, done.stderr
    return service


def asked(archive: DicomService, folder: Path, model: str, text: str, character_set: str) -> dict[str, Dataset]:
    """Ask findscu for a name written in a character set; return the answers by patient ID."""
    level = "PATIENT" if model == PATIENT_ROOT_FIND else "STUDY"
    query = written(declare(identifier(level, PatientID=""), character_set, text), folder / "query.dcm")
    return {str(one.PatientID): one for one in answers_of(archive.port, model, folder, query=query)}


def test_every_character_set_of_the_standard_is_tried() -> None:
    assert {term for patient in WRITTEN_NAMES for term in terms_of(patient)} - {""} == set(DEFINED_TERMS)


@pytest.mark.parametrize("model", [STUDY_ROOT_FIND, PATIENT_ROOT_FIND])
@EVERY_PATIENT
def test_a_name_is_found_and_answered_in_its_character_set(archive, tmp_path, patient: NamedPatient, model):
    answer = asked(archive, tmp_path, model, patient.name, patient.character_set)[patient.key]
    assert person_name_text(answer, "PatientName").rstrip("=") == patient.name.rstrip("=")
    if patient.name.isascii():
        assert "SpecificCharacterSet" not in answer
    else:
        assert "\\".join(_listed(answer.SpecificCharacterSet)) == patient.character_set
    dumped = dcmtk("dcmdump", "--convert-to-utf8", "--search", "PatientName", str(answer.filename))
    if UNKNOWN_TO_DCMTK not in dumped.stderr:
        assert f"[{patient.name.rstrip('=')}" in dumped.stdout, dumped.stdout + dumped.stderr


def _listed(value: object) -> list[str]:
    return [value] if isinstance(value, str) else list(value)  # type: ignore[call-overload]


@EVERY_PATIENT
def test_a_name_is_found_by_case_and_component_group_in_its_character_set_and_in_utf_8(
    archive, tmp_path, patient: NamedPatient
):
    for key in keys_for(patient):
        for character_set in {patient.character_set, UTF_8}:
            if can_write(key.text, character_set):
                answers = asked(archive, tmp_path, STUDY_ROOT_FIND, key.text, character_set)
                assert (patient.key in answers) == key.finds, (key, character_set)
                if key.finds:
                    assert person_name_text(answers[patient.key], "PatientName").rstrip("=") == patient.name.rstrip("=")


@EVERY_PATIENT
def test_a_name_comes_back_in_the_bytes_in_which_it_was_sent(archive, tmp_path, patient: NamedPatient):
    asked(archive, tmp_path, STUDY_ROOT_FIND, patient.name, patient.character_set)
    expected = bytes(encode(patient.name, patient.character_set).original_string).rstrip(b"=")
    assert any(expected in file.read_bytes() for file in (tmp_path / "answers").iterdir())


@EVERY_PATIENT
def test_an_answer_in_another_character_set_than_the_askers_keeps_every_name(archive, tmp_path, patient: NamedPatient):
    keys = {"QueryRetrieveLevel": "STUDY", "SpecificCharacterSet": "ISO_IR 144", "PatientID": patient.key}
    (answer,) = answers_of(archive.port, STUDY_ROOT_FIND, tmp_path, **keys, PatientName="")
    assert person_name_text(answer, "PatientName").rstrip("=") == patient.name.rstrip("=")
    assert answer.get("SpecificCharacterSet", "") in {"", "ISO_IR 100", "ISO_IR 144", "ISO_IR 192"}


@pytest.mark.parametrize(
    ("typed", "key"),
    [
        ("übungsfall*", "latin-1"),
        ("*łucja", "latin-2"),
        ("ФАНТОМ^*", "cyrillic"),
        ("洪*", "korean"),
        ("にお*", "rare-kanji"),
    ],
)
def test_a_name_typed_in_utf_8_is_found_although_no_character_set_is_named(archive, tmp_path, typed, key):
    answers = answers_of(
        archive.port, STUDY_ROOT_FIND, tmp_path, QueryRetrieveLevel="STUDY", PatientID="", PatientName=typed
    )
    assert [answer.PatientID for answer in answers] == [key]

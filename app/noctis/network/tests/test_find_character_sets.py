"""Names in every character set: asked for in it, answered in it, and read by DCMTK as they were meant."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydicom.charset import convert_encodings
from pydicom.dataset import Dataset
from pydicom.valuerep import PersonName

from noctis.archive.tests.factories import image, write
from noctis.network.services import PATIENT_ROOT_FIND, STUDY_ROOT_FIND
from noctis.network.tests.find_peer import answers_of, identifier, written
from tests.data.names import NAMED_PATIENTS, NamedPatient
from tests.support.dicom_service import DicomService
from tests.support.peers import dcmtk, storescu

pytestmark = [pytest.mark.integration, pytest.mark.filterwarnings("ignore::UserWarning:pydicom")]

PATIENTS = [
    *NAMED_PATIENTS,
    NamedPatient("latin-3", "ISO_IR 109", "Ħal^Ġorġ", ""),
    NamedPatient("latin-4", "ISO_IR 110", "Ķelle^Ģirts", ""),
]
# pydicom writes it without its escape sequences, so that it is answered in another one.
NOT_ANSWERED_IN = {"\\ISO 2022 IR 58"}
# Debian's DCMTK reads names with the C library, which lacks ISO 2022 IR 87.
UNKNOWN_TO_DCMTK = "is not supported by the utilized character set conversion library"


def encoded(patient: NamedPatient) -> PersonName:
    """Return the name as its bytes in its character set."""
    encodings = convert_encodings(patient.character_set.split("\\"))
    return PersonName(patient.encoded or PersonName(patient.name).encode(encodings), encodings)


def named(dataset: Dataset, patient: NamedPatient) -> Dataset:
    """Give ``dataset`` the patient's name in its character set."""
    if patient.character_set:
        dataset.SpecificCharacterSet = patient.character_set.split("\\")
    elif "SpecificCharacterSet" in dataset:
        del dataset.SpecificCharacterSet
    dataset.PatientName = encoded(patient)
    return dataset


@pytest.fixture(scope="module")
def archive(service: DicomService, tmp_path_factory: pytest.TempPathFactory) -> DicomService:
    """Give a service that holds a study of each patient."""
    folder = tmp_path_factory.mktemp("names")
    for number, patient in enumerate(PATIENTS):
        write(named(image(number, PatientID=patient.key), patient), folder / f"{patient.key}.dcm")
    done = storescu(service.port, sorted(folder.iterdir()))
    assert done.returncode == 0, done.stderr
    return service


def asked(patient: NamedPatient, folder: Path) -> Path:
    return written(named(identifier(PatientID=""), patient), folder / "query.dcm")


@pytest.mark.parametrize("model", [STUDY_ROOT_FIND, PATIENT_ROOT_FIND])
@pytest.mark.parametrize("patient", PATIENTS, ids=lambda patient: patient.key)
def test_a_name_is_found_and_answered_in_its_character_set(archive, tmp_path, patient, model):
    (answer,) = [
        one
        for one in answers_of(archive.port, model, tmp_path, query=asked(patient, tmp_path))
        if one.PatientID == patient.key
    ]
    assert str(answer.PatientName).rstrip("=") == patient.name.rstrip("=")
    if patient.character_set in NOT_ANSWERED_IN:
        assert answer.SpecificCharacterSet == "ISO_IR 192"
    elif patient.character_set:
        assert answer["SpecificCharacterSet"].value == (
            patient.character_set if "\\" not in patient.character_set else patient.character_set.split("\\")
        )
    else:
        assert "SpecificCharacterSet" not in answer
    dumped = dcmtk("dcmdump", "--convert-to-utf8", "--search", "PatientName", str(answer.filename))
    if UNKNOWN_TO_DCMTK not in dumped.stderr:
        assert f"[{patient.name.rstrip('=')}" in dumped.stdout, dumped.stdout + dumped.stderr


@pytest.mark.parametrize("patient", PATIENTS, ids=lambda patient: patient.key)
def test_an_answer_in_another_character_set_than_the_askers_keeps_every_name(archive, tmp_path, patient):
    keys = {"QueryRetrieveLevel": "STUDY", "SpecificCharacterSet": "ISO_IR 144", "PatientID": patient.key}
    (answer,) = answers_of(archive.port, STUDY_ROOT_FIND, tmp_path, **keys, PatientName="")
    assert str(answer.PatientName).rstrip("=") == patient.name.rstrip("=")
    assert answer.get("SpecificCharacterSet", "") in {"", "ISO_IR 100", "ISO_IR 144", "ISO_IR 192"}


@pytest.mark.parametrize(
    ("typed", "key"),
    [("übungsfall*", "latin-1"), ("*łucja", "latin-2"), ("ФАНТОМ^*", "cyrillic"), ("洪*", "korean"), ("ﾔﾏﾀﾞ*", "")],
)
def test_a_name_typed_in_utf_8_is_found_although_no_character_set_is_named(archive, tmp_path, typed, key):
    answers = answers_of(
        archive.port, STUDY_ROOT_FIND, tmp_path, QueryRetrieveLevel="STUDY", PatientID="", PatientName=typed
    )
    expected = [key] if key else ["japanese-katakana"]
    assert sorted(answer.PatientID for answer in answers) == expected

"""The modality worklist in every character set: imported in it, asked for in it or in UTF-8, and answered in it."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydicom.dataset import Dataset

from noctis.dicom.attributes import person_name_text
from noctis.modality_worklist.tests.factories import STUDY, worklist_file
from noctis.network.tests.test_modality_worklist import findscu, query
from tests.data.names import NamedPatient
from tests.data.written_names import UTF_8, WRITTEN_NAMES, can_write, declare, encode, keys_for, terms_of
from tests.support.dicom_service import DicomService

pytestmark = [pytest.mark.integration, pytest.mark.filterwarnings("ignore::UserWarning:pydicom")]

EVERY_PATIENT = pytest.mark.parametrize("patient", WRITTEN_NAMES, ids=lambda patient: patient.key)


@pytest.fixture(scope="module")
def worklist(service: DicomService, tmp_path_factory: pytest.TempPathFactory) -> DicomService:
    """Give a service with a step for each patient, from a file in the patient's character set."""
    folder = tmp_path_factory.mktemp("worklist")
    for number, patient in enumerate(WRITTEN_NAMES):
        worklist_file(
            folder / "NOCTIS_PACS" / f"{number}.wl",
            SpecificCharacterSet=terms_of(patient),
            PatientName=encode(patient.name, patient.character_set),
            PatientID=patient.key,
            StudyInstanceUID=f"{STUDY}.{number}",
            AccessionNumber=f"A{number}",
            ScheduledProcedureStepID=f"S{number}",
        )
    service.manage("import_worklist", str(folder), "--facility", "NORTH")
    return service


def asked(worklist: DicomService, folder: Path, text: str, character_set: str) -> dict[str, Dataset]:
    """Ask findscu for a name written in a character set; return the answers by patient ID."""
    done, answers = findscu(worklist.port, declare(query(), character_set, text), folder)
    assert done.returncode == 0, done.stderr
    return {str(one.PatientID): one for one in answers}


@EVERY_PATIENT
def test_a_name_is_answered_in_the_character_set_in_which_it_is_asked_for(worklist, tmp_path, patient: NamedPatient):
    answer = asked(worklist, tmp_path, patient.name, patient.character_set)[patient.key]
    assert person_name_text(answer, "PatientName").rstrip("=") == patient.name.rstrip("=")
    declared = answer.get("SpecificCharacterSet", "")
    if patient.name.isascii():
        assert declared == ""
    else:
        assert (declared if isinstance(declared, str) else "\\".join(declared)) == patient.character_set


@EVERY_PATIENT
def test_a_name_is_found_by_case_and_component_group_in_its_character_set_and_in_utf_8(
    worklist, tmp_path, patient: NamedPatient
):
    for key in keys_for(patient):
        for character_set in {patient.character_set, UTF_8}:
            if can_write(key.text, character_set):
                answers = asked(worklist, tmp_path, key.text, character_set)
                assert (patient.key in answers) == key.finds, (key, character_set)
                if key.finds:
                    assert person_name_text(answers[patient.key], "PatientName").rstrip("=") == patient.name.rstrip("=")

"""Searching for names that were sent in every character set: QIDO-RS asks and answers in UTF-8."""

from __future__ import annotations

import pytest

from noctis.archive.tests.factories import image, write
from tests.data.names import NamedPatient
from tests.data.written_names import WRITTEN_NAMES, declare, keys_for

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning:pydicom")


@pytest.mark.parametrize("patient", WRITTEN_NAMES, ids=lambda patient: patient.key)
def test_a_name_is_found_by_case_and_component_group_and_answered_in_utf_8(
    file, reader, tmp_path, patient: NamedPatient
):
    dataset = declare(image(PatientID=patient.key), patient.character_set, patient.name)
    file(write(dataset, tmp_path / "named.dcm"), write(image(2, PatientID="ANOTHER"), tmp_path / "another.dcm"))
    for key in keys_for(patient):
        found = reader.get("/dicom-web/studies", {"PatientName": key.text})
        assert found.status_code == 200, found.content
        names = {one["00100020"]["Value"][0]: one["00100010"]["Value"][0] for one in found.json()}
        assert (patient.key in names) == key.finds, key
        if key.finds:
            groups = patient.name.rstrip("=").split("=")
            expected = dict(zip(("Alphabetic", "Ideographic", "Phonetic"), groups, strict=False))
            assert names[patient.key] == expected

"""What was corrected, over DICOMweb: queries, metadata and whole instances; frames stay as they are."""

from __future__ import annotations

from functools import partial
from io import BytesIO

import pytest
from pydicom import dcmread

from noctis.accounts.models import Role, User
from noctis.archive.models import Study
from noctis.corrections import actions
from noctis.corrections.plans.edits import EditStudy
from noctis.dicomweb.tests.conftest import address, body_of, parts_of, sample_files, series_address

pytestmark = pytest.mark.django_db
JSON = {"accept": "application/dicom+json"}
DICOM = {"accept": "application/dicom; transfer-syntax=*"}
WHOLE = {"accept": "multipart/related; type=application/dicom; transfer-syntax=*"}


@pytest.fixture
def corrector() -> User:
    return User.objects.create_user("corrector", role=Role.ADMINISTRATOR)


def correct(study: Study, corrector: User, **values: str):
    make = partial(EditStudy, Study.objects.select_related("patient", "facility").get(pk=study.pk), values=values)
    return actions.apply(make, token=make().token, reason="wrong", acting_user=corrector)


@pytest.mark.parametrize("name", ["CT_small.dcm", "MR_small_bigendian.dcm", "MR_small_RLE.dcm"])
def test_a_corrected_instance_says_so_everywhere_and_an_undone_one_nowhere(file, reader, corrector, name):
    (instance,) = file(name)
    frames = parts_of(reader.get(address(instance, "frames", "1"), headers={"accept": "*/*"}))
    before = dcmread(sample_files()[name])
    tag = reader.get(address(instance, "metadata"), headers=JSON)["ETag"]
    correction = correct(instance.series.study, corrector, PatientName="Right^Name", AccessionNumber="A-1")

    (found,) = reader.get("/dicom-web/studies?PatientName=Right*", headers=JSON).json()
    assert found["00080050"]["Value"] == ["A-1"]
    for place in (address(instance, "metadata"), f"{series_address(instance.series)}/metadata"):
        (metadata,) = reader.get(place, headers={**JSON, "if-none-match": tag}).json()
        assert metadata["00100010"]["Value"] == [{"Alphabetic": "Right^Name"}]
        original = metadata["04000561"]["Value"][0]["04000550"]["Value"][0]
        assert original["00100010"].get("Value", [{}])[0].get("Alphabetic") == str(before.PatientName)
    one = body_of(reader.get(address(instance), headers=DICOM))
    ((_, part),) = parts_of(reader.get(series_address(instance.series), headers=WHOLE))
    assert one == part
    after = dcmread(BytesIO(one))
    assert (str(after.PatientName), after.AccessionNumber) == ("Right^Name", "A-1")
    assert after.PixelData == before.PixelData
    assert after.file_meta.TransferSyntaxUID == instance.transfer_syntax_uid
    assert parts_of(reader.get(address(instance, "frames", "1"), headers={"accept": "*/*"})) == frames

    actions.undo(correction, reason="it was right", acting_user=corrector)
    assert body_of(reader.get(address(instance), headers=DICOM)) == sample_files()[name].read_bytes()
    (metadata,) = reader.get(f"{series_address(instance.series)}/metadata", headers=JSON).json()
    assert "04000561" not in metadata


def test_a_study_costs_one_query_more_whatever_it_holds(file, reader, django_assert_max_num_queries):
    (instance,) = file("CT_small.dcm")
    place = address(instance, "frames", "1")
    reader.get(place, headers={"accept": "*/*"})
    with django_assert_max_num_queries(3):  # the session, the user, the instance
        reader.get(place, headers={"accept": "*/*"})
    with django_assert_max_num_queries(5):  # the instances and the overlay
        reader.get(series_address(instance.series), headers=WHOLE)

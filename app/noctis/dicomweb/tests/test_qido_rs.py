"""Searching: what matches, what is answered, what is refused."""

from __future__ import annotations

from typing import Any

import pytest
from pydicom.dataset import Dataset

from noctis.archive.models import Series, Study
from noctis.archive.tests.factories import ROOT, image
from noctis.dicomweb import matching
from noctis.dicomweb.tests.conftest import series_address
from tests.data.documents import structured_report

pytestmark = pytest.mark.django_db

STUDIES = "/dicom-web/studies"


@pytest.fixture
def three_studies(file):
    def study(number: int, **attributes: Any) -> Dataset:
        dataset = image(study=number, **attributes)
        dataset.file_meta = structured_report().file_meta
        return dataset

    file(
        study(1, PatientName="Müller^Änne", PatientID="A-1", StudyDate="20240229", AccessionNumber="ACC1"),
        study(2, PatientName="Miller^Anne", PatientID="A-2", StudyDate="20250101", StudyDescription="Chest CT"),
        study(3, PatientName="Yamada^Tarou=山田^太郎=やまだ^たろう", PatientID="B*3", StudyDate="", StudyTime=""),
    )
    file(study(2, series=2, Modality="SR", PatientName="Miller^Anne", PatientID="A-2"))


def found(client, **parameters: str) -> list[str]:
    """Return the last component of the UIDs of the studies found."""
    response = client.get(STUDIES, parameters)
    assert response.status_code == 200, response.content
    return sorted(result["0020000D"]["Value"][0].rpartition(".")[2] for result in response.json())


@pytest.mark.parametrize(
    ("parameters", "expected"),
    [
        ({}, "123"),
        ({"PatientID": "A-1"}, "1"),
        ({"00100020": "A-1"}, "1"),
        ({"PatientID": "A*"}, "12"),
        ({"PatientID": "*3"}, "3"),
        ({"PatientID": "?-2"}, "2"),
        ({"PatientID": "A"}, ""),
        ({"PatientName": "miller^anne"}, "2"),
        ({"PatientName": "*ANNE*"}, "12"),
        ({"PatientName": "m?ller*"}, "12"),
        ({"PatientName": "*太郎*"}, "3"),
        ({"PatientName": "M.ller*"}, ""),
        ({"PatientName": "*"}, "123"),
        ({"PatientName": ""}, "123"),
        ({"AccessionNumber": "ACC1"}, "1"),
        ({"StudyDescription": "*Chest*"}, "2"),
        ({"StudyDescription": "*chest*"}, ""),
        ({"StudyDate": "20240229"}, "1"),
        ({"StudyDate": "20240301-20251231"}, "2"),
        ({"StudyDate": "-20240301"}, "1"),
        ({"StudyDate": "20240229-"}, "12"),
        ({"StudyTime": "030405"}, "12"),
        ({"StudyTime": "04-"}, ""),
        ({"ModalitiesInStudy": "SR"}, "2"),
        ({"ModalitiesInStudy": "SR\\CT"}, "123"),
        ({"ModalitiesInStudy": "MR,ct"}, "123"),
        ({"ModalitiesInStudy": "C"}, ""),
        ({"StudyInstanceUID": f"{ROOT}.1"}, "1"),
        ({"StudyInstanceUID": f"{ROOT}.1,{ROOT}.3"}, "13"),
        ({"StudyInstanceUID": f"{ROOT}.1\\{ROOT}.3"}, "13"),
        ({"PatientID": "A-1", "StudyDate": "20250101"}, ""),
        ({"PatientName": "=山田*"}, "3"),
        ({"PatientName": "m*i*l*l*e*r*"}, "2"),
        ({"StudyDate": "20240101-20250101", "StudyTime": "02-0304"}, "12"),
        ({"StudyDate": "20240229-20250101", "StudyTime": "0305-0400"}, "2"),
        ({"NumberOfStudyRelatedSeries": "2"}, "2"),
        ({"PatientID": "A-1\\A-2"}, "12"),
        ({"PatientID": "A-1\0"}, "1"),
        ({"includefield": "all"}, "123"),
        ({"includefield": "00081030,00080060", "limit": "101", "offset": "0", "fuzzymatching": "false"}, "123"),
    ],
)
def test_studies_are_found(three_studies, reader, parameters, expected):
    assert "".join(found(reader, **parameters)) == expected


@pytest.mark.parametrize(
    ("parameters", "hint"),
    [
        ({"PatientsName": "x"}, "PatientsName"),
        ({"00104000": "x"}, "00104000"),
        ({"FFFFFFFF": "x"}, "FFFFFFFF"),
        ({"limit": "-1"}, "limit"),
        ({"limit": "x"}, "limit"),
        ({"offset": "99999999999999999999"}, "offset"),
        ({"StudyDate": "2024"}, "YYYYMMDD"),
        ({"StudyDate": "20240230"}, "YYYYMMDD"),
        ({"StudyDate": "-"}, "end"),
        ({"StudyTime": "99"}, "HHMMSS"),
        ({"PatientName": ["a", "b"]}, "PatientName"),
        ({"StudyInstanceUID": "1.2.x"}, "UID"),
        ({"StudyDate.StudyTime": "x"}, "StudyDate.StudyTime"),
        ({"InstanceAvailability": "ONLINE"}, "InstanceAvailability"),
    ],
)
def test_a_query_that_cannot_be_understood_is_refused_with_a_sentence(three_studies, reader, parameters, hint):
    response = reader.get(STUDIES, parameters)
    assert response.status_code == 400
    assert hint in response.content.decode()


def test_a_study_is_described_with_all_that_the_standard_asks(three_studies, reader):
    (result,) = reader.get(STUDIES, {"PatientID": "A-2"}).json()
    dataset = Dataset.from_json(result)
    assert dataset.PatientName == "Miller^Anne"
    assert list(dataset.ModalitiesInStudy) == ["CT", "SR"]
    assert (dataset.StudyDate, dataset.StudyTime, dataset.InstanceAvailability) == ("20250101", "030405", "ONLINE")
    assert (dataset.NumberOfStudyRelatedSeries, dataset.NumberOfStudyRelatedInstances) == (2, 2)
    assert dataset.RetrieveURL == f"http://testserver/dicom-web/studies/{ROOT}.2"
    for keyword in ("AccessionNumber", "ReferringPhysicianName", "PatientBirthDate", "PatientSex", "StudyID"):
        assert keyword in dataset
    assert list(result) == sorted(result)


def test_names_keep_their_groups(three_studies, reader):
    (result,) = reader.get(STUDIES, {"PatientName": "Yamada*"}).json()
    assert result["00100010"] == {
        "vr": "PN",
        "Value": [{"Alphabetic": "Yamada^Tarou", "Ideographic": "山田^太郎", "Phonetic": "やまだ^たろう"}],
    }
    assert result["00080020"] == {"vr": "DA"}


def test_results_come_in_pages(three_studies, reader, monkeypatch):
    pages = [reader.get(STUDIES, {"limit": "2", "offset": str(offset)}) for offset in (0, 2, 4)]
    assert [len(page.json()) for page in pages] == [2, 1, 0]
    assert pages[0]["Warning"] == '299 noctis "There are additional results that can be requested."'
    assert not any("Warning" in page for page in pages[1:])
    monkeypatch.setattr(matching, "MOST_RESULTS", 1)
    cut = reader.get(STUDIES, {"limit": "50"})
    assert (len(cut.json()), "Warning" in cut) == (1, True)


def test_fuzzy_matching_is_literal_and_says_so(three_studies, reader):
    response = reader.get(STUDIES, {"fuzzymatching": "true"})
    assert "Only literal matching has been performed" in response["Warning"]


def test_series_of_a_study(three_studies, reader):
    response = reader.get(f"{STUDIES}/{ROOT}.2/series")
    datasets = [Dataset.from_json(result) for result in response.json()]
    assert [dataset.Modality for dataset in datasets] == ["CT", "SR"]
    assert datasets[0].RetrieveURL == f"http://testserver/dicom-web/studies/{ROOT}.2/series/{ROOT}.2.1"
    assert datasets[0].NumberOfSeriesRelatedInstances == 1
    only_sr = reader.get(f"{STUDIES}/{ROOT}.2/series", {"Modality": "SR", "includefield": "0008103E"}).json()
    assert [result["0020000E"]["Value"] for result in only_sr] == [[f"{ROOT}.2.2"]]
    assert reader.get(f"{STUDIES}/{ROOT}.2/series", {"SeriesNumber": "7"}).json() == []
    assert reader.get(f"{STUDIES}/{ROOT}.2/series", {"PatientID": "x"}).json() == []
    assert reader.get(f"{STUDIES}/{ROOT}.2/series", {"PatientsName": "x"}).status_code == 400
    other = {"StudyInstanceUID": f"{ROOT}.1"}  # the address counts
    assert len(reader.get(f"{STUDIES}/{ROOT}.2/series", other).json()) == 2


def test_a_series_is_found_by_what_it_was_made_for(file, reader):
    requested = Dataset()
    requested.RequestedProcedureID, requested.ScheduledProcedureStepID = "RP1", "SPS1"
    dataset = image(RequestAttributesSequence=[requested])
    dataset.file_meta = structured_report().file_meta
    file(dataset)
    address = f"{STUDIES}/{ROOT}.1/series"
    for name in ("RequestAttributesSequence.RequestedProcedureID", "00400275.00401001"):
        (result,) = reader.get(address, {name: "RP?"}).json()
        assert Dataset.from_json(result).RequestAttributesSequence[0].ScheduledProcedureStepID == "SPS1"
        assert reader.get(address, {name: "SPS1"}).json() == []
    assert reader.get(address, {"RequestAttributesSequence.Modality": "CT"}).status_code == 400


def test_further_attributes_are_answered_where_they_are_known(three_studies, reader):
    def keywords(**parameters: str) -> set[str]:
        (result,) = reader.get(STUDIES, {"PatientID": "A-2", **parameters}).json()
        return {element.keyword for element in Dataset.from_json(result)}

    assert "NumberOfPatientRelatedStudies" not in keywords()
    assert "NumberOfPatientRelatedStudies" in keywords(includefield="NumberOfPatientRelatedStudies,Modality,00091001")
    assert "InstitutionName" in keywords(includefield="00080080")
    assert {"SOPClassesInStudy", "InstitutionName"} < keywords(includefield="all")
    assert "SOPClassesInStudy" in keywords(SOPClassesInStudy="1.2.840.10008.5.1.4.1.1.2")


def test_instances_of_a_series(file, reader):
    ct, report = file("CT_small.dcm", structured_report())
    (result,) = reader.get(series_address(ct.series, "instances")).json()
    dataset = Dataset.from_json(result)
    assert (dataset.SOPInstanceUID, dataset.Rows, dataset.BitsAllocated) == (ct.sop_instance_uid, 128, 16)
    assert dataset.AvailableTransferSyntaxUID == ct.transfer_syntax_uid
    assert reader.get(dataset.RetrieveURL).status_code == 200
    (result,) = reader.get(series_address(report.series, "instances")).json()
    assert "00280010" not in result
    parameters = {"SOPInstanceUID": ct.sop_instance_uid, "InstanceNumber": str(ct.instance_number)}
    assert len(reader.get(series_address(ct.series, "instances"), parameters).json()) == 1
    assert reader.get(series_address(ct.series, "instances"), {"InstanceNumber": "x"}).status_code == 400


def test_series_and_instances_are_found_whatever_their_study(three_studies, reader):
    reports = reader.get("/dicom-web/series", {"Modality": "SR"}).json()
    (report,) = [Dataset.from_json(result) for result in reports]
    assert (report.SeriesInstanceUID, report.PatientName, report.PatientID) == (f"{ROOT}.2.2", "Miller^Anne", "A-2")
    assert report.RetrieveURL == f"http://testserver/dicom-web/studies/{ROOT}.2/series/{ROOT}.2.2"
    assert len(reader.get("/dicom-web/series").json()) == 4

    instances = reader.get("/dicom-web/instances", {"PatientID": "A-2", "Modality": "CT"}).json()
    (instance,) = [Dataset.from_json(result) for result in instances]
    assert (instance.StudyDate, instance.SeriesInstanceUID, instance.Modality) == ("20250101", f"{ROOT}.2.1", "CT")
    assert reader.get(instance.RetrieveURL).status_code == 200
    assert len(reader.get("/dicom-web/instances", {"limit": "3"}).json()) == 3
    below = [Dataset.from_json(result) for result in reader.get(f"{STUDIES}/{ROOT}.2/instances").json()]
    assert {one.Modality for one in below} == {"CT", "SR"}
    assert "PatientID" not in below[0]


def test_the_number_of_queries_does_not_grow(three_studies, reader, django_assert_num_queries):
    study = Study.objects.get(study_instance_uid=f"{ROOT}.2")
    series = Series.objects.filter(study=study).first()
    assert series is not None
    for count, address in (  # session and user, then what is above, then the page itself
        (3, STUDIES),
        (5, f"{STUDIES}/{ROOT}.2/series"),  # and their requests
        (4, series_address(series, "instances")),
        (4, "/dicom-web/series"),
        (4, "/dicom-web/instances"),
    ):
        with django_assert_num_queries(count):
            assert reader.get(address).status_code == 200


@pytest.mark.parametrize(
    ("accept", "status"),
    [
        ("application/dicom+json", 200),
        ("application/json", 200),
        ("*/*", 200),
        ("application/*;q=0.5", 200),
        ('multipart/related; type="application/dicom+xml"', 406),
        ("text/html", 406),
    ],
)
def test_json_is_the_one_form(three_studies, reader, accept, status):
    response = reader.get(STUDIES, headers={"accept": accept})
    assert response.status_code == status
    assert status != 200 or response["Content-Type"] == "application/dicom+json"


def test_answers_with_names_are_never_kept(three_studies, reader):
    assert reader.get(STUDIES)["Cache-Control"] == "private, no-store"

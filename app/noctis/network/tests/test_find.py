"""Queries of the archive by real peers: what is found in each model, at each level, and by whom."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from pydicom.uid import UID

from noctis.archive.tests.factories import ROOT, image, write
from noctis.network.query_scp import LEVELS
from noctis.network.services import PATIENT_ROOT_FIND, PATIENT_STUDY_ONLY_FIND, STUDY_ROOT_FIND
from noctis.network.tests.find_peer import MODELS, UNIQUE_KEYS, answers_of, asking, findscu, found, identifier
from tests.support.dicom_service import DicomService
from tests.support.peers import storescu
from tests.support.waiting import wait_until_said

pytestmark = [pytest.mark.integration, pytest.mark.sqlite]

NORTH: list[dict[str, Any]] = [
    {"study": 1, "PatientID": "A-1", "PatientName": "Muller^Anne", "StudyDate": "20240229", "StudyTime": "0900"},
    {
        "study": 1,
        "series": 2,
        "PatientID": "A-1",
        "PatientName": "Muller^Anne",
        "StudyDate": "20240229",
        "Modality": "SR",
    },
    {"study": 1, "instance": 2, "PatientID": "A-1", "PatientName": "Muller^Anne"},
    {"study": 2, "PatientID": "A-2", "PatientName": "Miller^Anne", "StudyDate": "20250101", "StudyTime": "103000"},
    {"study": 3, "PatientID": "B-3", "PatientName": "Smith^John", "StudyDate": "20250102", "StudyTime": "0200"},
]
SOUTH = [{"study": 5, "PatientID": "A-1", "PatientName": "Muller^Anne", "StudyDate": "20240229"}]


def store(service: DicomService, folder: Path, objects: list[dict[str, Any]], calling: str) -> None:
    folder.mkdir(exist_ok=True)
    paths = [write(image(**one), folder / f"{calling}-{number}.dcm") for number, one in enumerate(objects)]
    done = storescu(service.port, paths, calling=calling)
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="module")
def archive(service: DicomService, tmp_path_factory: pytest.TempPathFactory) -> DicomService:
    """Give a service that holds three studies of NORTH and one of SOUTH, sent by modalities of theirs."""
    service.manage("add_ae", "SOUTH_CT", "--facility", "SOUTH")
    folder = tmp_path_factory.mktemp("objects")
    store(service, folder, NORTH, "NORTH_CT")
    store(service, folder, SOUTH, "SOUTH_CT")
    service.wait_until_indexed()
    return service


EVERYTHING = {
    "PATIENT": "A-1 A-2 B-3",
    "STUDY": "1 2 3",
    "SERIES": "1.1 1.2 2.1 3.1",
    "IMAGE": "1.1.1 1.1.2 1.2.1 2.1.1 3.1.1",
}
OF_SOUTH = {"PATIENT": "A-1", "STUDY": "5", "SERIES": "5.1", "IMAGE": "5.1.1"}
MODELS_AND_LEVELS = [(model, level.name) for model, levels in LEVELS.items() for level in sorted(levels)]


@pytest.mark.parametrize(("model", "level"), MODELS_AND_LEVELS)
def test_everything_is_found_at_every_level_of_every_model(archive, tmp_path, model, level):
    assert found(archive.port, model, tmp_path, level=level) == EVERYTHING[level]


@pytest.mark.parametrize(("model", "level"), MODELS_AND_LEVELS)
def test_an_entity_of_another_facility_finds_nothing_of_it(archive, tmp_path, model, level):
    def of_south(**keys: str) -> str:
        return found(archive.port, model, tmp_path, level=level, calling="SOUTH_CT", **keys)

    assert of_south() == OF_SOUTH[level]
    theirs = {"PATIENT": "B-3", "STUDY": f"{ROOT}.1", "SERIES": f"{ROOT}.1.1", "IMAGE": f"{ROOT}.1.1.1"}
    for above in UNIQUE_KEYS:
        if (model, above) in MODELS_AND_LEVELS and list(UNIQUE_KEYS).index(above) <= list(UNIQUE_KEYS).index(level):
            assert of_south(**{UNIQUE_KEYS[above]: theirs[above]}) == ""
    assert of_south(PatientName="smith*") == of_south(PatientID="B*") == ""


@pytest.mark.parametrize(("model", "level"), MODELS_AND_LEVELS)
def test_nothing_of_another_facility_is_counted(archive, tmp_path, model, level):
    keys = {"QueryRetrieveLevel": level, "PatientID": "A-1", "NumberOfPatientRelatedInstances": ""}
    answers = answers_of(archive.port, model, tmp_path, calling="SOUTH_CT", query=None, **keys)
    assert [answer.get("NumberOfPatientRelatedInstances", 1) for answer in answers] == [1]


@pytest.mark.parametrize(
    ("model", "level", "keys", "expected"),
    [
        (PATIENT_ROOT_FIND, "PATIENT", {"PatientName": "M?LLER*"}, "A-1 A-2"),
        (PATIENT_ROOT_FIND, "STUDY", {"PatientID": "A-1"}, "1"),
        (PATIENT_ROOT_FIND, "SERIES", {"PatientID": "A-1", "StudyInstanceUID": f"{ROOT}.1"}, "1.1 1.2"),
        (
            PATIENT_ROOT_FIND,
            "IMAGE",
            {"PatientID": "A-1", "StudyInstanceUID": f"{ROOT}.1", "SeriesInstanceUID": f"{ROOT}.1.1"},
            "1.1.1 1.1.2",
        ),
        (PATIENT_STUDY_ONLY_FIND, "STUDY", {"PatientID": "B-3"}, "3"),
        (STUDY_ROOT_FIND, "STUDY", {"PatientName": "smith^john"}, "3"),
        (STUDY_ROOT_FIND, "STUDY", {"PatientName": "smith"}, ""),
        (STUDY_ROOT_FIND, "STUDY", {"StudyDate": "20240301-20250101"}, "2"),
        (STUDY_ROOT_FIND, "STUDY", {"StudyDate": "-20250101", "StudyTime": "10-"}, "2"),
        (STUDY_ROOT_FIND, "STUDY", {"StudyInstanceUID": f"{ROOT}.1\\{ROOT}.3\\{ROOT}.5"}, "1 3"),
        (STUDY_ROOT_FIND, "STUDY", {"ModalitiesInStudy": "SR\\MR"}, "1"),
        (STUDY_ROOT_FIND, "STUDY", {"NumberOfStudyRelatedInstances": "3"}, "1"),
        (STUDY_ROOT_FIND, "SERIES", {"StudyInstanceUID": f"{ROOT}.1", "Modality": "C*"}, "1.1"),
        (STUDY_ROOT_FIND, "SERIES", {"PatientName": "m*"}, "1.1 1.2 2.1"),
        (STUDY_ROOT_FIND, "IMAGE", {"StudyDate": "20250102"}, "3.1.1"),
        (STUDY_ROOT_FIND, "IMAGE", {"SeriesInstanceUID": f"{ROOT}.1.1", "InstanceNumber": "2"}, "1.1.2"),
    ],
)
def test_hierarchical_and_relational_queries_find_what_they_ask_for(archive, tmp_path, model, level, keys, expected):
    assert found(archive.port, model, tmp_path, level=level, **keys) == expected


@pytest.mark.parametrize("transfer_syntax", ["-xe", "-xb", "-xi"])
def test_an_answer_says_what_was_asked_in_every_transfer_syntax(archive, tmp_path, transfer_syntax):
    keys = dict.fromkeys(("PatientName", "StudyDate", "StudyTime", "ModalitiesInStudy", "InstanceAvailability"), "")
    asked = {"QueryRetrieveLevel": "STUDY", "StudyInstanceUID": f"{ROOT}.1", **keys, "PatientComments": ""}
    (answer,) = answers_of(archive.port, STUDY_ROOT_FIND, tmp_path, transfer_syntax, query=None, **asked)
    assert {element.keyword: element.value for element in answer} == {
        "QueryRetrieveLevel": "STUDY",
        "RetrieveAETitle": "NOCTIS_PACS",
        "InstanceAvailability": "ONLINE",
        "StudyInstanceUID": f"{ROOT}.1",
        "PatientName": "Muller^Anne",
        "StudyDate": "20240229",
        "StudyTime": "090000",
        "ModalitiesInStudy": ["CT", "SR"],
    }


@pytest.mark.parametrize(("options", "expected"), [(b"", 1), (b"\x01\x01\x01\x01", 3), (b"\x01", 1)])
def test_dates_and_times_are_one_period_where_that_was_negotiated(archive, options, expected):
    asked = identifier(StudyDate="20240229-20250102", StudyTime="0830-0930", PatientID="?-?")
    with asking(archive.port, options=options) as asker:
        agreed = asker.association.acceptor.sop_class_extended.get(UID(asker.model))
        assert agreed == (b"\x01\x01\x00\x00"[: len(options)] if options else None)
        assert len(asker.statuses(asked)) == expected + 1


def test_queries_that_found_something_are_audited_without_names(archive, tmp_path):
    for keys in ({"PatientID": "A*"}, {"PatientID": "nobody"}, {"StudyDate": "then"}):
        findscu(archive.port, STUDY_ROOT_FIND, calling="AUDITED", query=None, QueryRetrieveLevel="STUDY", **keys)
    entries = archive.audit_entries("archive_queried", "AUDITED")
    assert entries == [("", "127.0.0.1", {"level": "STUDY", "matches": 2})]
    wait_until_said(archive, "query of AUDITED at STUDY level: 2 matches")
    assert not re.search("(?i)muller|smith", archive.said())


def test_every_model_is_tried():
    assert set(MODELS) == set(LEVELS)

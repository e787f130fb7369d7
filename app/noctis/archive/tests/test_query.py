"""Queries against the index: what matches at each level, and who sees what."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from django.db import connection
from pydicom.datadict import dictionary_VR
from pydicom.dataset import Dataset

from noctis.accounts.models import Facility, Role, User
from noctis.archive import indexer
from noctis.archive.models import Instance, Patient, Series, Study
from noctis.archive.query import MODELS, seen_by, seen_by_facility
from noctis.archive.query_attributes import ATTRIBUTES, ATTRIBUTES_AT, REQUEST_ATTRIBUTES, Kind, Level
from noctis.archive.query_identifier import read_identifier
from noctis.archive.tests.factories import CT_IMAGE, ROOT, deliver, image, reception
from noctis.archive.tests.queries import SR, UNIQUE_KEYS, answers, found, item, request

pytestmark = pytest.mark.django_db


def test_the_table_agrees_with_the_dictionary_and_the_index():
    for level, attributes in ATTRIBUTES.items():
        assert len({attribute.keyword for attribute in attributes}) == len(attributes)
        for attribute in attributes:
            assert attribute.vr == dictionary_VR(attribute.tag), attribute.keyword
            assert MODELS[level]._default_manager.values_list(attribute.column).count() == 0
            assert bool(attribute.index) == (attribute.vr == "PN")
    assert all(attribute.vr == dictionary_VR(attribute.tag) for attribute in REQUEST_ATTRIBUTES.values())


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        ({}, "1 2 3 4"),
        ({"PatientID": "A-1"}, "1"),
        ({"PatientID": "a-1"}, ""),
        ({"PatientID": "A*"}, "1 2 4"),
        ({"PatientID": "?-2"}, "2 4"),
        ({"PatientID": ["A-1", "B*3"]}, "1 3"),
        ({"PatientName": "miller^anne"}, "2 4"),
        ({"PatientName": "MULLER*"}, "1"),
        ({"PatientName": "m?ller*"}, "1 2 4"),
        ({"PatientName": "miller"}, ""),
        ({"PatientName": "miller^*"}, "2 4"),
        ({"PatientName": "山田*"}, "3"),
        ({"PatientName": "=山田^太郎"}, "3"),
        ({"PatientName": "yamada*==やまだ*"}, "3"),
        ({"PatientName": "yamada*=やまだ*"}, ""),
        ({"PatientName": "y*たろう"}, ""),
        ({"PatientName": "*"}, "1 2 3 4"),
        ({"ReferringPhysicianName": "rontgen^clara"}, "2"),
        ({"AccessionNumber": "ACC1"}, "1"),
        ({"StudyDescription": "Chest*"}, "2"),
        ({"StudyDescription": "chest*"}, ""),
        ({"StudyDate": "20240229"}, "1"),
        ({"StudyDate": "20240301-20250101"}, "2"),
        ({"StudyDate": "-20250101"}, "1 2"),
        ({"StudyDate": "20250101-"}, "2 4"),
        ({"StudyTime": "1030"}, "2"),
        ({"StudyTime": "103000"}, "2"),
        ({"StudyTime": "103001"}, ""),
        ({"StudyTime": "09-"}, "1 2"),
        ({"StudyInstanceUID": [f"{ROOT}.1", f"{ROOT}.3", f"{ROOT}.5"]}, "1 3"),
        ({"ModalitiesInStudy": "SR"}, "1"),
        ({"ModalitiesInStudy": ["sr", "MR"]}, "1 3"),
        ({"ModalitiesInStudy": "?R"}, "1 3"),
        ({"ModalitiesInStudy": "C*R"}, ""),
        ({"ModalitiesInStudy": "C"}, ""),
        ({"SOPClassesInStudy": SR}, "1"),
        ({"SOPClassesInStudy": [SR, CT_IMAGE]}, "1 2 3 4"),
        ({"SOPClassesInStudy": SR.removesuffix("1")}, ""),
        ({"NumberOfStudyRelatedSeries": "2"}, "1"),
        ({"NumberOfStudyRelatedInstances": "3"}, "1"),
        ({"NumberOfPatientRelatedStudies": "2"}, "2 4"),
        ({"NumberOfPatientRelatedInstances": "3"}, "1"),
        ({"PatientID": "A-1", "StudyDate": "20250101"}, ""),
        ({"TimezoneOffsetFromUTC": "+0500"}, "1 2 3 4"),
        ({"InstitutionalDepartmentName": "Radiology"}, "1 2 3 4"),
    ],
)
def test_studies_are_found(archive, keys, expected):
    assert found(**keys) == expected


@pytest.mark.parametrize(
    ("level", "keys", "expected"),
    [
        ("PATIENT", {}, "A-1 A-2 B*3"),
        ("PATIENT", {"PatientName": "mül*"}, "A-1"),
        ("PATIENT", {"NumberOfPatientRelatedStudies": "2"}, "A-2"),
        ("PATIENT", {"NumberOfPatientRelatedSeries": "2"}, "A-1 A-2"),
        ("SERIES", {"StudyInstanceUID": f"{ROOT}.1"}, "1.1 1.2"),
        ("SERIES", {"StudyInstanceUID": f"{ROOT}.1", "Modality": "SR"}, "1.2"),
        ("SERIES", {"SeriesNumber": "02"}, "1.2"),
        ("SERIES", {"SeriesDate": "20240301", "SeriesTime": "0102"}, "1.2"),
        ("SERIES", {"PatientName": "müller*"}, "1.1 1.2"),
        ("SERIES", {"StationName": "CT?", "BodyPartExamined": "CHEST"}, "1.1"),
        ("SERIES", {"NumberOfSeriesRelatedInstances": "2"}, "1.1"),
        ("SERIES", {"ModalitiesInStudy": "SR"}, "1.1 1.2"),
        ("SERIES", {"RequestAttributesSequence": []}, "1.1 1.2 2.1 3.1 4.1"),
        ("SERIES", {"RequestAttributesSequence": [Dataset()]}, "1.1 1.2 2.1 3.1 4.1"),
        ("SERIES", {"RequestAttributesSequence": [item(RequestedProcedureID="RP1")]}, "2.1"),
        ("SERIES", {"RequestAttributesSequence": [item(RequestedProcedureID="RP?")]}, "2.1"),
        (
            "SERIES",
            {"RequestAttributesSequence": [item(RequestedProcedureID="RP1", ScheduledProcedureStepID="SPS2")]},
            "",
        ),
        ("IMAGE", {"StudyInstanceUID": f"{ROOT}.1", "SeriesInstanceUID": f"{ROOT}.1.1"}, "1.1.1 1.1.2"),
        ("IMAGE", {"SeriesInstanceUID": f"{ROOT}.1.1", "InstanceNumber": "2"}, "1.1.2"),
        ("IMAGE", {"InstanceNumber": ["1", "2"], "PatientID": "A-1"}, "1.1.1 1.1.2 1.2.1"),
        ("IMAGE", {"SOPClassUID": SR}, "1.2.1"),
        ("IMAGE", {"Rows": 512}, "1.1.1"),
        ("IMAGE", {"NumberOfFrames": "1", "PatientName": "yamada*"}, "3.1.1"),
    ],
)
def test_entities_of_every_level_are_found(archive, level, keys, expected):
    assert found(level, **keys) == expected


@pytest.mark.parametrize(("together", "expected"), [(True, "1 2 4"), (False, "1")])
def test_a_range_of_dates_and_one_of_times_are_one_period_where_that_was_agreed(archive, together, expected):
    dates, times = "20240229-20250102", "0900-0930"
    assert found(StudyDate=dates, StudyTime=times, combine_times=together) == expected


def test_a_single_time_is_no_end_of_a_period(archive):
    assert found(StudyDate="20240229-20250102", StudyTime="0900", combine_times=True) == "1"


@pytest.mark.parametrize("level", Level)
def test_another_facility_finds_nothing_of_it(archive, level):
    keys = dict.fromkeys(ATTRIBUTES_AT[level], "")
    keys.pop("RequestAttributesSequence", None)
    (ours,) = answers(request(level.name, **keys), "SOUTH")
    assert str(ours[UNIQUE_KEYS[level.name]].value).removeprefix(f"{ROOT}.")[0] in "5A"
    for keyword, value in (("PatientName", "m*ller*"), ("PatientID", "A*")):
        assert len(answers(request(level.name, **{keyword: value}), "SOUTH")) == 1
    counts = [one for one in ATTRIBUTES_AT[level].values() if one.kind is Kind.TOTAL]
    assert all(ours[one.keyword].value == 1 for one in counts)


def test_a_user_sees_what_the_role_allows(archive):
    query = read_identifier(request(StudyInstanceUID=""), Level)
    reader = User.objects.create_user("reader", role=Role.RADIOLOGIST)
    local = User.objects.create_user("local", role=Role.TECHNICIAN, facility=Facility.objects.get(code="SOUTH"))
    assert [len(list(query.rows(seen_by(user)))) for user in (reader, local, AnonymousUser())] == [5, 1, 0]


@pytest.mark.parametrize("level", Level)
@pytest.mark.parametrize("copies", [1, 3])
def test_the_number_of_database_queries_does_not_depend_on_the_matches(
    archive, django_assert_num_queries, level, copies
):
    for number in range(10, 10 + copies):
        deliver(image(number, RequestAttributesSequence=[item(RequestedProcedureID="RP")]), reception("NORTH"))
    indexer.index_spool()
    keys: dict[str, Any] = dict.fromkeys(ATTRIBUTES_AT[level], "")
    keys.update({"RequestAttributesSequence": []} if "RequestAttributesSequence" in keys else {})
    query = read_identifier(request(level.name, **keys), Level)
    scope = seen_by_facility(Facility.objects.get(code="NORTH"))
    with django_assert_num_queries(2 if "RequestAttributesSequence" in keys else 1):
        assert len(list(query.rows(scope))) > 2


def test_pages_are_cut_before_or_after_the_check_of_names(archive):
    scope = seen_by_facility(Facility.objects.get(code="NORTH"))
    everything, named = (
        read_identifier(request(**{"StudyInstanceUID": "", **keys}), Level) for keys in ({}, {"PatientName": "m*"})
    )
    for query, total in ((everything, 4), (named, 3)):
        whole = list(query.rows(scope))
        assert len(whole) == total
        assert list(query.rows(scope, offset=1, limit=1)) == whole[1:2]
        assert list(query.rows(scope, offset=2)) == whole[2:]
        assert list(query.rows(scope, limit=0)) == []


def test_many_matches_stream_from_the_database(data_dir):
    deliver(image(), reception())
    indexer.index_spool()
    study = Study.objects.get()
    Study.objects.bulk_create(
        Study(
            facility=study.facility,
            patient=study.patient,
            study_instance_uid=f"{ROOT}.9.{number}",
            instance_count=1,
            received_at=study.received_at,
            changed_at=study.changed_at,
        )
        for number in range(1000)
    )
    query = read_identifier(request(StudyInstanceUID="", ModalitiesInStudy=""), Level)
    rows = query.rows(seen_by_facility(study.facility))
    assert [len(next(rows)) for _ in range(3)] == [2, 2, 2]
    assert len(list(rows)) == 998
    del rows
    if connection.vendor == "sqlite":
        assert (
            len(
                list(
                    read_identifier(request(StudyInstanceUID=[f"{ROOT}.9.{n}" for n in range(9000)]), Level).rows(
                        seen_by_facility(study.facility)
                    )
                )
            )
            == 1000
        )


def test_every_model_of_the_archive_has_its_level():
    assert set(MODELS.values()) == {Patient, Study, Series, Instance}

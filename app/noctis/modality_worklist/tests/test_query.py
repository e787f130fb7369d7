"""Worklist queries: which steps are found, and what is answered of them."""

from __future__ import annotations

from datetime import date, time

import pytest
from django.contrib.auth.models import AnonymousUser
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from noctis.accounts.models import Role, User
from noctis.dicom.matching import InvalidKey
from noctis.modality_worklist import query as query_module
from noctis.modality_worklist.actions import move_step
from noctis.modality_worklist.models import ScheduledProcedureStep, StepStatus
from noctis.modality_worklist.query import worklist_query
from noctis.modality_worklist.tests.factories import STUDY, as_received, facility, identifier, scheduled

pytestmark = pytest.mark.django_db


def answers(*, code: str = "NORTH", calling: str = "", **keys) -> list[Dataset]:
    steps = ScheduledProcedureStep.objects.visible_to_facility(facility(code))
    return list(worklist_query(identifier(**keys)).answers(steps, calling_ae_title=calling))


def found(**keys) -> list[str]:
    return sorted(str(answer.PatientID) for answer in answers(**keys))


@pytest.fixture
def schedule() -> None:
    scheduled(
        patient_identifier="P1",
        patient_name="Müller^Änne",
        accession_number="A1",
        procedure_code="CTTH",
        procedure_code_scheme="99X",
        procedure_code_meaning="CT thorax",
        performing_physician="Röntgen^Clara",
        study_instance_uid=f"{STUDY}.1",
        priority="stat",
        other_attributes={
            "00380010": {"vr": "LO", "Value": ["V1"]},
            "00101030": {"vr": "DS", "Value": [70.5]},
            "00080020": {"vr": "DA", "Value": ["20260701"]},
            "00400100": {
                "vr": "SQ",
                "Value": [
                    {
                        "00400008": {
                            "vr": "SQ",
                            "Value": [
                                {
                                    "00080100": {"vr": "SH", "Value": ["PR1"]},
                                    "00080102": {"vr": "SH", "Value": ["99X"]},
                                }
                            ],
                        }
                    }
                ],
            },
        },
    )
    scheduled(
        patient_identifier="P2",
        patient_name="Yamada^Tarou=山田^太郎=やまだ^たろう",
        accession_number="A2",
        modality="MR",
        station_ae_titles=("MR1", "MR2"),
        start_date=date(2026, 7, 7),
        start_time=time(17),
        birth_date=date(1970, 2, 3),
        sex="M",
        location="Room 5",
    )
    scheduled(
        patient_identifier="P3",
        patient_name="Smith^John",
        accession_number="A3",
        modality="US",
        station_ae_titles=(),
        start_date=date(2026, 7, 8),
        start_time=time(9, 15),
    )


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        ({}, ["P1", "P2", "P3"]),
        ({"PatientID": "*"}, ["P1", "P2", "P3"]),
        ({"PatientID": "P2"}, ["P2"]),
        ({"PatientID": "p2"}, []),
        ({"PatientID": "P?"}, ["P1", "P2", "P3"]),
        ({"PatientID": "[P]2"}, []),
        ({"PatientID": "%"}, []),
        ({"PatientID": "_2*"}, []),
        ({"PatientName": "MULLER*"}, ["P1"]),
        ({"PatientName": "山田*"}, ["P2"]),
        ({"PatientName": "=山田^太郎"}, ["P2"]),
        ({"PatientName": "yamada*ろう"}, []),
        ({"PatientName": "smith^john"}, ["P3"]),
        ({"PatientBirthDate": "19700203"}, ["P2"]),
        ({"PatientBirthDate": "-20000101"}, ["P2"]),
        ({"PatientSex": "M"}, ["P2"]),
        ({"Modality": "CT"}, ["P1"]),
        ({"Modality": ["CT", "MR"]}, ["P1", "P2"]),
        ({"Modality": "?R"}, ["P2"]),
        ({"ScheduledStationAETitle": "CT1"}, ["P1", "P3"]),
        ({"ScheduledStationAETitle": "MR2"}, ["P2", "P3"]),
        ({"ScheduledStationAETitle": "MR*"}, ["P2", "P3"]),
        ({"ScheduledStationAETitle": "MR2", "Modality": "MR"}, ["P2"]),
        ({"ScheduledProcedureStepStartDate": "20260707"}, ["P2"]),
        ({"ScheduledProcedureStepStartDate": "20260706-20260707"}, ["P1", "P2"]),
        ({"ScheduledProcedureStepStartDate": "20260707-"}, ["P2", "P3"]),
        ({"ScheduledProcedureStepStartTime": "08"}, ["P1"]),
        ({"ScheduledProcedureStepStartTime": "0800-0930"}, ["P1", "P3"]),
        # Two ranges are one period: from the 6th at nine to the 8th at ten.
        (
            {
                "ScheduledProcedureStepStartDate": "20260706-20260708",
                "ScheduledProcedureStepStartTime": "0900-1000",
            },
            ["P2", "P3"],
        ),
        # A range of days and one time are two conditions.
        (
            {"ScheduledProcedureStepStartDate": "20260706-20260708", "ScheduledProcedureStepStartTime": "0915"},
            ["P3"],
        ),
        ({"ScheduledPerformingPhysicianName": "rontgen*"}, ["P1"]),
        ({"ScheduledProcedureStepLocation": "Room*"}, ["P2"]),
        ({"AccessionNumber": "A3"}, ["P3"]),
        ({"StudyInstanceUID": [f"{STUDY}.1", "1.2.3"]}, ["P1"]),
        ({"RequestedProcedurePriority": "STAT"}, ["P1"]),
        ({"ScheduledProcedureStepStatus": "SCHEDULED"}, ["P1", "P2", "P3"]),
        ({"ScheduledProcedureStepStatus": "COMPLETED"}, []),
        ({"AdmissionID": "V1"}, ["P1"]),
        ({"AdmissionID": "V2"}, []),
        ({"StudyDate": "20260601-"}, ["P1"]),
        ({"StudyDate": "20260702-"}, []),
    ],
)
def test_keys_find_the_steps_they_describe(schedule, keys, expected):
    assert found(**keys) == expected


@pytest.mark.parametrize(
    ("keyword", "code", "expected"),
    [
        ("RequestedProcedureCodeSequence", {"CodeValue": "CTTH", "CodingSchemeDesignator": "99X"}, ["P1"]),
        ("RequestedProcedureCodeSequence", {"CodeValue": "CTTH", "CodingSchemeDesignator": "99Y"}, []),
        ("RequestedProcedureCodeSequence", {"CodeValue": "CT*"}, ["P1"]),
        ("RequestedProcedureCodeSequence", {"CodeValue": ""}, ["P1", "P2", "P3"]),
        ("ScheduledProtocolCodeSequence", {"CodeValue": "PR1"}, ["P1"]),
        ("ScheduledProtocolCodeSequence", {"CodeValue": "PR2"}, []),
    ],
)
def test_an_item_of_a_sequence_must_answer_all_keys_of_its_item(schedule, keyword, code, expected):
    item = Dataset()
    for inner, value in code.items():
        setattr(item, inner, value)
    assert found(**{keyword: Sequence([item])}) == expected


def test_what_is_over_is_found_only_by_its_status(schedule):
    step = ScheduledProcedureStep.objects.get(patient_identifier="P1")
    move_step(step, StepStatus.CANCELLED)
    assert found() == ["P2", "P3"]
    assert found(ScheduledProcedureStepStatus="CANCELED") == ["P1"]
    assert found(ScheduledProcedureStepStatus=["CANCELED", "SCHEDULED"]) == ["P1", "P2", "P3"]


def test_steps_come_in_the_order_of_their_start(schedule):
    scheduled(patient_identifier="P0", accession_number="A0", start_time=time(7))
    assert [str(answer.PatientID) for answer in answers()] == ["P0", "P1", "P2", "P3"]


def test_only_what_was_asked_for_is_answered(schedule):
    query, inner = Dataset(), Dataset()
    query.PatientID = "P1"
    query.PatientWeight = None
    query.MedicalAlerts = ""
    inner.ScheduledProcedureStepID = ""
    inner.PreMedication = ""
    query.ScheduledProcedureStepSequence = Sequence([inner])
    (answer,) = worklist_query(as_received(query)).answers(ScheduledProcedureStep.objects.all())
    assert [element.keyword for element in answer] == [
        "PatientID",
        "PatientWeight",
        "MedicalAlerts",
        "ScheduledProcedureStepSequence",
    ]
    assert answer.PatientWeight == 70.5
    assert not answer.MedicalAlerts
    (item,) = answer.ScheduledProcedureStepSequence
    assert [element.keyword for element in item] == ["ScheduledProcedureStepID", "PreMedication"]


@pytest.mark.parametrize("items", [[], [Dataset()]])
def test_a_sequence_without_keys_is_answered_whole(schedule, items):
    query = Dataset()
    query.PatientID = "P1"
    query.RequestedProcedureCodeSequence = Sequence(items)
    query.ScheduledProcedureStepSequence = Sequence(items)
    (answer,) = worklist_query(as_received(query)).answers(ScheduledProcedureStep.objects.all())
    (item,) = answer.ScheduledProcedureStepSequence
    assert item.ScheduledProcedureStepStartDate == "20260706"
    assert item.ScheduledProcedureStepStartTime == "083000"
    assert item.ScheduledStationAETitle == "CT1"
    assert item.ScheduledProtocolCodeSequence[0].CodeValue == "PR1"
    assert answer.RequestedProcedureCodeSequence[0].CodeMeaning == "CT thorax"


@pytest.mark.parametrize(
    ("asked_in", "patient", "character_set"),
    [
        ("ISO_IR 192", "P1", "ISO_IR 192"),
        ("ISO_IR 100", "P1", "ISO_IR 100"),
        ("", "P1", "ISO_IR 100"),
        ("ISO_IR 100", "P2", "ISO_IR 192"),
        ("ISO_IR 192", "P3", None),
    ],
)
def test_the_character_set_is_the_askers_where_it_fits_the_values(schedule, asked_in, patient, character_set):
    (answer,) = answers(PatientID=patient, SpecificCharacterSet=asked_in)
    assert answer.get("SpecificCharacterSet") == character_set
    stored = ScheduledProcedureStep.objects.get(patient_identifier=patient)
    assert str(as_received(answer).PatientName) == stored.patient_name


def test_a_step_for_any_station_is_answered_as_that_of_whoever_asks(schedule):
    (asked,) = answers(PatientID="P3", ScheduledStationAETitle="US7")
    assert asked.ScheduledProcedureStepSequence[0].ScheduledStationAETitle == "US7"
    (calling,) = answers(PatientID="P3", ScheduledStationAETitle="", calling="US8")
    assert calling.ScheduledProcedureStepSequence[0].ScheduledStationAETitle == "US8"
    (several,) = answers(PatientID="P2", ScheduledStationAETitle="MR2", calling="MR2")
    assert list(several.ScheduledProcedureStepSequence[0].ScheduledStationAETitle) == ["MR1", "MR2"]


@pytest.mark.parametrize(
    ("keys", "unsupported"),
    [({}, False), ({"PatientWeight": None}, False), ({"PatientReligiousPreference": ""}, True)],
)
def test_unknown_optional_keys_are_noticed_and_left_out(schedule, keys, unsupported):
    query = worklist_query(identifier(PatientID="P1", **keys))
    assert query.unsupported is unsupported
    (answer,) = query.answers(ScheduledProcedureStep.objects.all())
    assert "PatientReligiousPreference" not in answer


def test_a_private_key_is_unsupported_and_harmless(schedule):
    query = identifier(PatientID="P1")
    query.add_new((0x0009, 0x0010), "LO", "NOCTIS")
    query.add_new((0x0009, 0x1001), "LO", "x")
    asked = worklist_query(query)
    assert asked.unsupported
    assert len(list(asked.answers(ScheduledProcedureStep.objects.all()))) == 1


@pytest.mark.parametrize(
    "keys",
    [
        {"ScheduledProcedureStepStartDate": "tomorrow"},
        {"ScheduledProcedureStepStartTime": "0800-late"},
        {"PatientBirthDate": "0000"},
        {"StudyInstanceUID": "1.2.x"},
        {"StudyDate": "soon"},
    ],
)
def test_a_malformed_key_is_refused_by_name(keys):
    (keyword,) = keys
    with pytest.raises(InvalidKey, match=keyword):
        worklist_query(identifier(**keys))


def test_a_sequence_of_two_items_is_refused():
    query = identifier()
    query.ScheduledProcedureStepSequence = Sequence([Dataset(), Dataset()])
    with pytest.raises(InvalidKey, match="one item"):
        worklist_query(query)


def test_a_sequence_that_is_a_text_is_refused():
    query = Dataset()
    query.add_new("ScheduledProcedureStepSequence", "LO", "CT")
    with pytest.raises(InvalidKey, match="not a sequence"):
        worklist_query(query)


def test_a_modality_sees_its_own_facility_only(schedule):
    scheduled("SOUTH", patient_identifier="P9", accession_number="A9")
    assert found() == ["P1", "P2", "P3"]
    assert found(code="SOUTH") == ["P9"]
    assert found(code="SOUTH", PatientID="P1") == []


def test_users_see_what_their_role_allows(schedule):
    scheduled("SOUTH", patient_identifier="P9", accession_number="A9")
    steps = ScheduledProcedureStep.objects
    local = User.objects.create_user("local", role=Role.TECHNICIAN, facility=facility("SOUTH"))
    reader = User.objects.create_user("reader", role=Role.RADIOLOGIST)
    nobody = User.objects.create_user("nobody")
    assert [step.patient_identifier for step in steps.visible_to(local)] == ["P9"]
    assert steps.visible_to(reader).count() == 4
    assert not steps.visible_to(nobody).exists()
    assert not steps.visible_to(AnonymousUser()).exists()


def test_a_query_costs_three_database_queries_however_many_steps_it_finds(schedule, django_assert_num_queries):
    for number in range(20):
        scheduled(patient_identifier=f"Q{number}", accession_number=f"B{number}")
    north = facility()
    with django_assert_num_queries(3):
        steps = ScheduledProcedureStep.objects.visible_to_facility(north)
        assert len(list(worklist_query(identifier(ScheduledStationAETitle="CT1")).answers(steps))) == 22


def test_long_worklists_are_answered_in_order_and_whole(monkeypatch):
    monkeypatch.setattr(query_module, "CHUNK", 3)
    for number in range(10):
        scheduled(patient_identifier=f"Q{9 - number}", accession_number=f"B{number}", start_time=time(19 - number))
    assert [str(answer.PatientID) for answer in answers()] == [f"Q{number}" for number in range(10)]

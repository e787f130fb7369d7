"""Priors: only of the same patient of the same facility, only what the asker may see, the most relevant first."""

from __future__ import annotations

from datetime import date, time
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from noctis.accounts.models import Facility, Role, User
from noctis.archive.models import Series, Study
from noctis.audit.models import Action, AuditEntry
from noctis.dicom.matching import name_index
from noctis.reading_worklist.tests.factories import make_study

pytestmark = pytest.mark.django_db

TODAY = date(2026, 3, 1)


@pytest.fixture
def north(db) -> Facility:
    return Facility.objects.create(code="NORTH", name="North")


def study_of(facility: Facility, day: date | None = TODAY, body_part: str = "", **values: Any) -> Study:
    name = str(values.setdefault("patient_name", "Phantom^Ada"))
    study = make_study(
        facility,
        patient_identifier=values.pop("patient_identifier", "P-1"),
        patient_name_index=name_index(name),
        study_date=day,
        series_count=1,
        instance_count=7,
        **values,
    )
    Series.objects.create(study=study, series_instance_uid=f"{study}.1", body_part=body_part, changed_at=timezone.now())
    return study


def client_of(role: str, facility: Facility | None = None) -> Client:
    client = Client()
    client.force_login(User.objects.create_user(f"{role}-{facility and facility.code}", role=role, facility=facility))
    return client


def asked(study: Study, client: Client | None = None) -> list[dict[str, object]]:
    answer = (client or client_of(Role.RADIOLOGIST)).get(f"/viewer/{study}/priors")
    assert answer.status_code == 200
    assert "no-store" in answer["Cache-Control"]
    listed: list[dict[str, object]] = answer.json()["priors"]
    return listed


def uids(listed: list[dict[str, object]]) -> list[object]:
    return [one["studyUid"] for one in listed]


def test_a_prior_tells_what_a_reader_chooses_by(north):
    current = study_of(north, body_part="CHEST")
    prior = study_of(north, date(2025, 2, 3), "chest", study_time=time(8, 5), description="Thorax", modalities="CT\\SR")

    assert asked(current) == [
        {
            "studyUid": str(prior),
            "viewerUrl": f"/viewer/{prior}",
            "date": "2025-02-03",
            "time": "08:05",
            "description": "Thorax",
            "modalities": ["CT", "SR"],
            "bodyParts": ["CHEST"],
            "seriesCount": 1,
            "instanceCount": 7,
            "isEarlier": True,
            "isDoubtful": False,
            "sameModality": True,
            "sameRegion": True,
        }
    ]
    assert not AuditEntry.objects.filter(action=Action.STUDY_OPENED).exists()


def test_the_most_relevant_come_first(north):
    current = study_of(north, body_part="CHEST", modalities="CT\\SR")
    later = study_of(north, date(2026, 4, 1), "CHEST")
    other_part = study_of(north, date(2026, 2, 1), "KNEE")
    nothing_alike = study_of(north, date(2026, 2, 2), "KNEE", modalities="MR\\SR")
    old_match = study_of(north, date(2020, 1, 1), "CHEST")
    new_match = study_of(north, date(2025, 1, 1), "CHEST")
    other_modality = study_of(north, date(2025, 6, 1), "CHEST", modalities="DX")
    undated = study_of(north, None, "CHEST")

    assert uids(asked(current)) == [
        str(one) for one in (new_match, old_match, undated, other_modality, other_part, nothing_alike, later)
    ]


def test_where_no_body_part_is_named_the_description_tells_the_region(north):
    current = study_of(north, description="CT Thorax/Abdomen")
    knee = study_of(north, date(2025, 5, 5), description="Knee left")
    thorax = study_of(north, date(2024, 5, 5), description="THORAX nativ")
    chest = study_of(north, date(2023, 5, 5), body_part="THORAX")

    assert [(one["studyUid"], one["sameRegion"]) for one in asked(current)] == [
        (str(thorax), True),
        (str(chest), True),
        (str(knee), False),
    ]


@pytest.mark.parametrize(
    "other",
    [{"patient_name": "Other^Person"}, {"birth_date": date(1950, 1, 1)}, {"sex": "M"}],
)
def test_a_study_that_names_another_person_under_the_same_id_is_doubtful_and_last(north, other):
    current = study_of(north, birth_date=date(1961, 3, 5), sex="F")
    doubtful = study_of(north, date(2025, 1, 1), **({"birth_date": date(1961, 3, 5), "sex": "F"} | other))
    sure = study_of(north, date(2020, 1, 1), modalities="MR", patient_name="PHANTOM^ADA")

    assert [(one["studyUid"], one["isDoubtful"]) for one in asked(current)] == [
        (str(sure), False),
        (str(doubtful), True),
    ]


def test_other_patients_and_other_facilities_are_never_listed(north):
    south = Facility.objects.create(code="SOUTH", name="South")
    current = study_of(north)
    study_of(north, patient_identifier="P-2")
    elsewhere = study_of(south)

    assert asked(current) == []
    assert asked(elsewhere, client_of(Role.TECHNICIAN, south)) == []


def test_only_who_sees_the_study_may_ask(north):
    south = Facility.objects.create(code="SOUTH", name="South")
    current = study_of(north)
    prior = study_of(north, date(2025, 1, 1))

    assert uids(asked(current, client_of(Role.FACILITY_USER, north))) == [str(prior)]
    for stranger in (client_of(Role.TECHNICIAN, south), client_of("")):
        assert stranger.get(f"/viewer/{current}/priors").status_code == 404
    assert Client().get(f"/viewer/{current}/priors").status_code == 302


def test_a_long_history_costs_no_more_queries(north, django_assert_num_queries):
    current = study_of(north)
    client = client_of(Role.RADIOLOGIST)
    client.get(f"/viewer/{current}/priors")
    for year in range(1990, 2020):
        study_of(north, date(year, 1, 1), "CHEST")

    with django_assert_num_queries(5):  # session, user, study, studies, body parts
        assert len(asked(current, client)) == 30


def test_showing_a_prior_is_recorded_with_the_study_that_it_is_of(north):
    current, prior = study_of(north), study_of(north, date(2025, 1, 1))
    assert client_of(Role.RADIOLOGIST).post(f"/viewer/{current}/priors/{prior}").status_code == 204
    entry = AuditEntry.objects.get(action=Action.STUDY_OPENED)
    assert entry.study_instance_uid == str(prior)


def test_no_study_is_shown_beside_another_unless_both_are_of_one_patient(north):
    south = Facility.objects.create(code="SOUTH", name="South")
    current = study_of(north, sex="F")
    others = {
        study_of(north, sex="M"): 409,
        study_of(north, patient_identifier="P-2"): 404,
        study_of(south): 404,
        current: 404,
    }
    reader = client_of(Role.RADIOLOGIST)
    assert {other: reader.post(f"/viewer/{current}/priors/{other}").status_code for other in others} == others
    own = study_of(north)
    assert client_of(Role.TECHNICIAN, south).post(f"/viewer/{current}/priors/{own}").status_code == 404
    assert not AuditEntry.objects.filter(action=Action.STUDY_OPENED).exists()

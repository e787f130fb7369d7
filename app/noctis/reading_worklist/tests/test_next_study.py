"""The study after another: in the order and with the filter that the reader last saw, and only what they may see."""

from __future__ import annotations

import pytest

from noctis.archive.models import Study
from noctis.audit.models import Action, AuditEntry
from noctis.reading_worklist.tests.factories import make_study


@pytest.fixture
def studies(people) -> dict[str, Study]:
    return {
        name: make_study(facility, f"{name}^X", description="Thorax" if name in "ABE" else "Knee")
        for name, facility in zip(
            "ABCDE", [people.north, people.north, people.south, people.north, people.north], strict=True
        )
    }


def after(client, study: Study) -> str | None:
    answer = client.get(f"/worklist/after/{study}")
    assert answer.status_code == 200
    assert "no-store" in answer["Cache-Control"]
    following = answer.json()["next"]
    if following is None:
        return None
    assert following["viewerUrl"] == f"/viewer/{following['studyUid']}"
    return str(Study.objects.get(study_instance_uid=following["studyUid"]).patient_name[0])


def test_the_newest_arrivals_come_first_as_the_worklist_has_them(client, people, studies):
    client.force_login(people.radiologist)
    assert [after(client, studies[name]) for name in "EDCBA"] == ["D", "C", "B", "A", None]
    assert not AuditEntry.objects.filter(action=Action.STUDY_OPENED).exists()


def test_order_and_filter_are_those_that_the_reader_last_saw(client, people, studies):
    client.force_login(people.radiologist)
    client.get("/worklist?sort=patient&dir=asc")
    assert [after(client, studies[name]) for name in "ABCDE"] == ["B", "C", "D", "E", None]
    client.post("/worklist/filter", {"text": "thorax", "sort": "patient", "dir": "asc"})
    assert [after(client, studies[name]) for name in "ABE"] == ["B", "E", None]
    assert after(client, studies["C"]) == "E"  # not on the list itself


def test_a_study_of_another_facility_is_never_named(client, people, studies):
    client.force_login(people.owner)
    assert after(client, studies["D"]) == "B"
    client.force_login(people.stranger)
    assert client.get(f"/worklist/after/{studies['D']}").status_code == 404
    assert after(client, studies["C"]) is None


def test_the_cost_does_not_depend_on_the_length_of_the_list(client, people, studies, django_assert_num_queries):
    client.force_login(people.radiologist)
    for _ in range(30):
        make_study(people.north)
    with django_assert_num_queries(
        6
    ):  # session, user, the study, the keys after it at the same moment and later, its row
        after_all = client.get(f"/worklist/after/{studies['E']}")
    assert after_all.status_code == 200

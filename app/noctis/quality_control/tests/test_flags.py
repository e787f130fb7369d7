"""The pages of flags: who sees which, what they show, and that a decision is written down and can be taken back."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from noctis.accounts.models import Role, User
from noctis.archive.models import FlagReason, Study, StudyFlag
from noctis.audit.models import Action, AuditEntry
from noctis.reading_worklist.tests.factories import make_study

CLASH = [
    {"attribute": "PatientName", "stored": "Phantom^Ada", "stated": "Other^Eve"},
    {"attribute": "PatientBirthDate", "stored": "1970-01-01", "stated": "1971-01-01"},
]


@pytest.fixture
def study(people) -> Study:
    return make_study(people.north)


@pytest.fixture
def flag(study: Study) -> StudyFlag:
    return made(study, differences=CLASH)


def made(study: Study, **values: Any) -> StudyFlag:
    now = timezone.now()
    given = {"reason": FlagReason.PATIENT_DIFFERS, "first_at": now, "last_at": now, "ae_title": "CT1", **values}
    return StudyFlag.objects.create(study=study, **given)


@pytest.fixture
def technician(client: Client, people) -> Client:
    client.force_login(people.technician)
    return client


@pytest.fixture
def other_technician(people) -> Client:
    client = Client()
    client.force_login(User.objects.create_user("south", role=Role.TECHNICIAN, facility=people.south))
    return client


def page(client: Client, query: str = "") -> str:
    return client.get(reverse("flags") + query, follow=True).content.decode()


def test_a_technician_sees_the_flags_of_the_own_facility(technician: Client, flag: StudyFlag) -> None:
    text = page(technician)
    assert reverse("flag", args=[flag.pk]) in text
    assert "Another name, birth date or sex under the same Patient ID" in text
    assert "Audit log" not in text


def test_another_facility_finds_nothing_and_can_decide_nothing(other_technician: Client, flag: StudyFlag) -> None:
    assert reverse("flag", args=[flag.pk]) not in page(other_technician)
    assert reverse("flag", args=[flag.pk]) not in page(
        other_technician, f"?state=all&study={flag.study.study_instance_uid}&facility={flag.study.facility_id}"
    )
    assert other_technician.get(reverse("flag", args=[flag.pk])).status_code == 404
    for name in ("resolve_flag", "reopen_flag"):
        answer = other_technician.post(reverse(name, args=[flag.pk]), {"resolution": "not mine"})
        assert answer.status_code == 404
    flag.refresh_from_db()
    assert flag.resolved_at is None


def test_what_differs_stands_side_by_side(technician: Client, flag: StudyFlag) -> None:
    text = technician.get(reverse("flag", args=[flag.pk])).content.decode()
    for value in ("Patient&#x27;s Name", "Phantom^Ada", "Other^Eve", "1970-01-01", "1971-01-01", "CT1"):
        assert value in text
    assert "What is wrong" not in text


def test_values_that_were_adapted_say_what_is_wrong(technician: Client, study: Study) -> None:
    problem = {"attribute": "StudyDate", "problem": "is no valid date and is left out", "stated": "2024<13>"}
    flag = made(study, reason=FlagReason.ADAPTED_VALUES, differences=[problem])
    text = technician.get(reverse("flag", args=[flag.pk])).content.decode()
    assert "is no valid date and is left out" in text
    assert "2024&lt;13&gt;" in text
    assert ">Stored<" not in text


def test_what_waits_in_quarantine_is_told(technician: Client, study: Study) -> None:
    flag = made(study, reason=FlagReason.STUDY_OF_ANOTHER_PATIENT)
    text = technician.get(reverse("flag", args=[flag.pk])).content.decode()
    assert "were not filed: they wait in quarantine" in text


def test_a_flag_is_resolved_with_a_reason_and_opened_again(technician: Client, people, flag: StudyFlag) -> None:
    address = reverse("resolve_flag", args=[flag.pk])
    assert "This field is required" in technician.post(address, {"resolution": " "}).content.decode()

    technician.post(address, {"resolution": "Same person, married"})
    flag.refresh_from_db()
    assert (flag.resolved_by, flag.resolution) == (people.technician, "Same person, married")
    assert reverse("flag", args=[flag.pk]) not in page(technician)
    assert reverse("flag", args=[flag.pk]) in page(technician, "?state=resolved")
    entry = AuditEntry.objects.get(action=Action.FLAG_RESOLVED)
    assert entry.study_instance_uid == flag.study.study_instance_uid
    assert entry.detail == {"flag": flag.pk, "reason": "patient_differs"}

    resolved_at = flag.resolved_at
    technician.post(address, {"resolution": "Once more"})  # somebody else was faster
    flag.refresh_from_db()
    assert (flag.resolution, flag.resolved_at) == ("Same person, married", resolved_at)

    technician.post(reverse("reopen_flag", args=[flag.pk]))
    flag.refresh_from_db()
    assert flag.resolved_at is None
    assert flag.resolved_by is None
    assert AuditEntry.objects.filter(action=Action.FLAG_REOPENED).count() == 1
    assert "Same person, married" in technician.get(reverse("flag", args=[flag.pk])).content.decode()


def test_flags_are_found_by_reason_facility_and_study(client: Client, people, study: Study) -> None:
    client.force_login(people.administrator)
    south = make_study(people.south)
    flags = {
        "patient": made(study),
        "missing": made(study, reason=FlagReason.MISSING_ATTRIBUTES),
        "south": made(south),
        "done": made(south, reason=FlagReason.ADAPTED_VALUES, resolved_at=timezone.now()),
    }

    def found(query: str) -> set[str]:
        text = page(client, query)
        return {name for name, flag in flags.items() if f'{reverse("flag", args=[flag.pk])}"' in text}

    assert found("") == {"patient", "missing", "south"}
    assert found("?reason=missing_attributes") == {"missing"}
    assert found(f"?facility={people.south.pk}") == {"south"}
    assert found(f"?study={south.study_instance_uid}") == {"south", "done"}
    assert found("?state=all") == set(flags)
    assert found("?state=nonsense&reason=nonsense") == {"patient", "missing", "south"}
    assert "Nothing matches" in page(client, "?reason=series_of_another_study")


def test_nothing_to_look_at_is_said(technician: Client) -> None:
    assert "Nothing to decide" in technician.get(reverse("quality_control:inbox")).content.decode()


def test_the_list_costs_the_same_queries_however_many_flags(technician: Client, flag: StudyFlag, people) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            page(technician)
        return len(captured)

    queries()  # what is remembered from then on
    before = queries()
    for _ in range(5):
        made(make_study(people.north))
    assert queries() == before


def test_the_worklist_marks_a_flagged_study(technician: Client, people, flag: StudyFlag, study: Study) -> None:
    make_study(people.north)
    link = f"{reverse('flags')}?study={study.study_instance_uid}"
    worklist = reverse("worklist")
    assert technician.get(worklist).content.decode().count("text-warning") == 1
    assert link in technician.get(worklist).content.decode()

    reader = Client()
    reader.force_login(people.radiologist)
    text = reader.get(worklist).content.decode()
    assert text.count("text-warning") == 1
    assert link not in text

    technician.post(reverse("resolve_flag", args=[flag.pk]), {"resolution": "Fine"})
    assert "text-warning" not in technician.get(worklist).content.decode()

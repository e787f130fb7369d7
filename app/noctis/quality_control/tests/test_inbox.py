"""The inbox: what is listed for whom, in which order, and that no page loses or repeats an entry."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from noctis.accounts.models import Facility, Role, User
from noctis.archive.models import FlagReason, QuarantinedObject, QuarantineReason, Reception, StudyFlag, StudyStatus
from noctis.modality_worklist.models import PerformedProcedureStep, PerformedStatus
from noctis.quality_control.inbox import Kind, Place, Wanted, counts, page_of
from noctis.reading_worklist.tests.factories import make_study

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=timezone.utc)


def flag(facility: Facility, minutes: int = 0, **values: Any) -> StudyFlag:
    at = NOW - timedelta(minutes=minutes)
    study = values.pop("study", None) or make_study(facility)
    given = {"reason": FlagReason.PATIENT_DIFFERS, "first_at": at, "last_at": at, **values}
    return StudyFlag.objects.create(study=study, **given)


def kept(facility: Facility, number: int, minutes: int = 0, **values: Any) -> QuarantinedObject:
    reception = Reception.objects.create(facility=facility, protocol="C-STORE", ae_title="CT1", address="10.1.2.3")
    given = {
        "reason": QuarantineReason.STUDY_OF_ANOTHER_PATIENT,
        "sop_instance_uid": f"1.2.3.{number}",
        "study_instance_uid": "1.2.3",
        "sha256": f"{number:064d}",
        "path": f"{number}.dcm",
        **values,
    }
    made = QuarantinedObject.objects.create(facility=facility, reception=reception, **given)
    QuarantinedObject.objects.filter(pk=made.pk).update(created_at=NOW - timedelta(minutes=minutes))
    return made


def lacking(facility: Facility, minutes: int = 0, **values: Any) -> PerformedProcedureStep:
    made = PerformedProcedureStep.objects.create(
        facility=facility,
        sop_instance_uid=f"1.9.{PerformedProcedureStep.objects.count()}",
        study_instance_uid="1.2.9",
        status=PerformedStatus.COMPLETED,
        patient_name="Missing^Mia",
        station_ae_title="DX1",
        missing_count=4,
        **values,
    )
    PerformedProcedureStep.objects.filter(pk=made.pk).update(changed_at=NOW - timedelta(minutes=minutes))
    return made


@pytest.fixture
def technician(client: Client, people) -> Client:
    client.force_login(people.technician)
    return client


def text_of(client: Client, query: str = "") -> str:
    return client.get(reverse("quality_control:inbox") + query).content.decode()


def test_every_kind_stands_in_one_list_the_newest_first(technician, people):
    flag(people.north, 3)
    kept(people.north, 1, 5)
    kept(people.north, 2, 1)
    lacking(people.north, 2)
    make_study(people.north, "Waiting^Will", status=StudyStatus.UNCHECKED, received_at=NOW - timedelta(minutes=4))
    places = page_of(people.technician, Wanted(), "").places
    assert [place.kind for place in places] == [Kind.QUARANTINE, Kind.MISSING, Kind.FLAG, Kind.STUDY]
    assert counts(people.technician, Wanted()) == dict.fromkeys(Kind, 1)
    text = text_of(technician)
    for part in (
        "The study is stored under another patient",
        "Images that the modality made did not arrive",
        "Mia",
        "Another name, birth date or sex",
        "The study waits to be accepted",
        "CT1",
    ):
        assert part in text


def test_pages_neither_lose_nor_repeat_an_entry(people):
    for number in range(7):
        minutes = number // 3  # several at the same moment
        flag(people.north, minutes)
        kept(people.north, number, minutes, study_instance_uid=f"1.2.3.{number}")
        lacking(people.north, minutes)
        make_study(people.north, status=StudyStatus.UNCHECKED, received_at=NOW - timedelta(minutes=minutes))
    seen: list[Place] = []
    before = ""
    while True:
        page = page_of(people.administrator, Wanted(), before, size=3)
        seen += page.places
        if page.next_before is None:
            break
        before = str(page.next_before)
        assert Place.parse(before) == page.next_before
    assert len(seen) == len(set(seen)) == 28
    assert [place.order for place in seen] == sorted((place.order for place in seen), reverse=True)


@pytest.mark.parametrize("text", ["", "x", "1~2~3", "2026-01-01~flags~1", "2026-13-01T00:00:00+00:00~flags~1", "~~"])
def test_what_is_no_place_means_the_first_page(people, text):
    assert Place.parse(text) is None
    assert page_of(people.administrator, Wanted(), text).is_first


def test_another_facility_sees_nothing_and_finds_nothing(client, people):
    client.force_login(User.objects.create_user("south", role=Role.TECHNICIAN, facility=people.south))
    flag(people.north)
    object_ = kept(people.north, 1)
    lacking(people.north)
    study = make_study(people.north, status=StudyStatus.UNCHECKED)
    assert "Nothing to decide" in text_of(client)
    assert "Nothing matches" in text_of(client, f"?study={study.study_instance_uid}&facility={people.north.pk}")
    for name in ("quarantined", "quarantined_picture"):
        assert client.get(reverse(f"quality_control:{name}", args=[object_.pk])).status_code == 404
    for name in ("quarantined_decide", "quarantined_undo"):
        data = {"decision": "discarded", "explanation": "not mine"}
        assert client.post(reverse(f"quality_control:{name}", args=[object_.pk]), data).status_code == 404
    object_.refresh_from_db()
    assert object_.decision == ""
    uid = study.study_instance_uid
    assert client.get(reverse("quality_control:study", args=[uid])).status_code == 404
    for name in ("accept", "undo_acceptance", "reject", "note"):
        assert client.post(reverse(f"quality_control:{name}", args=[uid])).status_code == 404


def test_a_stored_study_of_another_facility_is_not_named(client, people):
    make_study(people.south, "Secret^Sue", study_instance_uid="1.2.3")
    kept(people.north, 1, reason=QuarantineReason.STUDY_OF_ANOTHER_FACILITY)
    client.force_login(people.technician)
    assert "Secret" not in text_of(client)
    client.force_login(people.administrator)
    assert "Secret" not in text_of(client)


def test_filters_narrow_and_decided_entries_are_found_again(technician, people):
    flag(people.north, resolved_at=NOW, resolved_by=people.technician)
    flag(people.north, reason=FlagReason.MISSING_ATTRIBUTES)
    kept(people.north, 1, decision="discarded", decided_by=people.technician, decided_at=NOW)
    kept(people.north, 2)
    lacking(people.north, missing_given_up_at=NOW, missing_given_up_by=people.technician)

    def found(query: str) -> int:
        return text_of(technician, query).count('<th role="rowheader"')

    assert found("") == 2
    assert found("?kind=quarantine") == 1
    assert found("?state=decided") == 3
    assert found("?state=all") == 5
    assert found("?reason=flag:missing_attributes") == 1
    assert found("?reason=kept:study_of_another_patient&state=all") == 2
    assert found("?study=1.2.3") == 2
    assert found("?kind=nonsense&state=nonsense&reason=nonsense&before=nonsense") == 2
    text = text_of(technician, "?state=decided")
    for outcome in ("Resolved by technician", "Discarded by technician", "Given up by technician"):
        assert outcome in text


def test_former_addresses_lead_to_the_inbox(client, people):
    client.force_login(people.administrator)
    answer = client.get(reverse("flags") + "?study=1.2.3&reason=patient_differs&state=resolved&before=7")
    assert answer.url == "/inbox?study=1.2.3&reason=flag%3Apatient_differs&state=decided&kind=flags"
    assert client.get("/admin/quarantine", follow=True).redirect_chain[-1][0] == "/inbox?kind=quarantine"


def test_the_list_costs_the_same_queries_however_many_entries(technician, people):
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            text_of(technician)
        return len(captured)

    def add(number: int) -> None:
        flag(people.north)
        kept(people.north, number, study_instance_uid=f"1.2.3.{number}")
        lacking(people.north)
        make_study(people.north, status=StudyStatus.UNCHECKED)

    add(0)
    queries()
    before = queries()
    for number in range(1, 6):
        add(number)
    assert queries() == before

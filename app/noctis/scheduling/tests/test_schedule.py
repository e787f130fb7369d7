"""The list of what is scheduled, and of what is missing."""

from __future__ import annotations

from datetime import date, time, timedelta
from typing import Any

import pytest
from django.utils import timezone

from noctis.modality_worklist.models import PerformedProcedureStep
from noctis.modality_worklist.performed_actions import Reporter, begin_performed_step, change_performed_step
from noctis.modality_worklist.tests.factories import STUDY, final, report, scheduled
from noctis.network.models import RemoteApplicationEntity
from noctis.network.scheduled_studies import look_again
from noctis.reading_worklist.tests.factories import make_study
from noctis.scheduling.views import schedule

pytestmark = pytest.mark.django_db

TODAY = timezone.localdate()


@pytest.fixture
def technician(client, people):
    client.force_login(people.technician)
    return client


def reported(people, step=None, uid=f"{STUDY}.9", status="COMPLETED") -> PerformedProcedureStep:
    reporter = Reporter(people.north, "CT1")
    begin_performed_step(uid, report(step), reporter=reporter)
    change_performed_step(uid, final(status), reporter=reporter)
    look_again()
    return PerformedProcedureStep.objects.get(sop_instance_uid=uid)


def names(answer) -> list[str]:
    return [row.step.patient_name for row in answer.context["rows"]]


def test_the_list_begins_today_and_leaves_out_what_is_cancelled(technician):
    scheduled(patient_name="Past", start_date=TODAY - timedelta(days=1), accession_number="")
    scheduled(patient_name="Late", start_date=TODAY, start_time=time(14), accession_number="")
    scheduled(patient_name="Early", start_date=TODAY, start_time=time(7), accession_number="")
    cancelled = scheduled(patient_name="Cancelled", start_date=TODAY, accession_number="")
    cancelled.status = "cancelled"
    cancelled.save()
    assert names(technician.get("/schedule")) == ["Early", "Late"]
    everything = technician.post("/schedule/steps", {"status": "everything"})
    assert names(everything) == ["Past", "Early", "Cancelled", "Late"]


@pytest.mark.parametrize(
    ("fields", "found"),
    [
        ({"text": "ANNE muller"}, ["Müller^Änne"]),
        ({"text": "A-2"}, ["Phantom^Ada"]),
        ({"text": "acc"}, ["Müller^Änne"]),
        ({"modality": "MR"}, ["Phantom^Ada"]),
        ({"station": "CT1"}, ["Müller^Änne"]),
        ({"status": "arrived"}, []),
        ({"from_date": "2026-02-02"}, ["Phantom^Ada"]),
        ({"to_date": "2026-02-01"}, ["Müller^Änne"]),
        ({"modality": "nonsense", "from_date": "x"}, ["Müller^Änne", "Phantom^Ada"]),
    ],
)
def test_filters(technician, people, fields, found):
    RemoteApplicationEntity.objects.create(ae_title="CT1", facility=people.north)
    scheduled(patient_name="Müller^Änne", accession_number="ACC1", start_date=date(2026, 2, 1))
    other: dict[str, Any] = {"patient_identifier": "A-2", "accession_number": "", "station_ae_titles": ("MR1",)}
    scheduled(start_date=date(2026, 2, 2), modality="MR", **other)
    assert names(technician.post("/schedule/steps", fields)) == found


def test_the_filter_is_remembered_and_reset(technician):
    scheduled(start_date=date(2026, 2, 1))
    technician.post("/schedule/filter", {"text": "ada"})
    assert names(technician.get("/schedule")) == ["Phantom^Ada"]
    assert "ada" not in technician.post("/schedule/filter", {"text": "ada"})["Location"]
    technician.post("/schedule/filter", {"reset": "1"})
    assert "Nothing is scheduled" in technician.get("/schedule").content.decode()
    found = technician.post("/schedule/filter", {"text": "nobody"}, headers={"HX-Request": "true"})
    assert "No step matches" in found.content.decode()


def test_pages_follow_the_start_and_stay_whole(technician, monkeypatch):
    monkeypatch.setattr(schedule, "PAGE_SIZE", 3)
    for number in range(8):
        scheduled(patient_name=f"N{number}", accession_number="", start_time=time(8 + number // 3))
    first = technician.post("/schedule/steps", {})
    second = technician.post(f"/schedule/steps?after={first.context['page'].steps[-1].pk}", {})
    third = technician.post(f"/schedule/steps?after={second.context['page'].steps[-1].pk}", {})
    assert names(first) + names(second) + names(third) == [f"N{number}" for number in range(8)]
    back = technician.post(f"/schedule/steps?before={third.context['page'].steps[0].pk}", {})
    assert names(back) == names(second)
    assert names(technician.post(f"/schedule/steps?before={second.context['page'].steps[0].pk}", {})) == names(first)


@pytest.mark.parametrize("cursor", ["x", "-1", "9" * 30, "٣"])
def test_a_bad_cursor_means_the_first_page(technician, cursor):
    scheduled()
    assert len(names(technician.post(f"/schedule/steps?after={cursor}", {}))) == 1


def test_a_cursor_of_another_facility_tells_nothing(technician):
    foreign = scheduled("SOUTH", accession_number="")
    scheduled(start_date=date(2020, 1, 1), accession_number="")
    assert len(names(technician.post(f"/schedule/steps?after={foreign.pk}", {}))) == 1


def test_a_row_shows_images_and_reports(technician, people):
    step = scheduled(start_date=TODAY, priority="stat", study_instance_uid=STUDY)
    make_study(people.north, study_instance_uid=STUDY, instance_count=5, series_count=1)
    reported(people, step)
    text = technician.get("/schedule").content.decode()
    for part in (f'href="/viewer/{STUDY}"', "5 images", "MPPS completed", "2 missing", "Stat", "Completed", "CT1"):
        assert part in text, part
    text = technician.get(f"/schedule/{step.pk}").content.decode()
    assert "2 missing" in text


def test_the_list_costs_the_same_queries_however_long(technician, people, django_assert_max_num_queries):
    for number in range(10):
        reported(people, scheduled(start_date=TODAY, accession_number=f"A{number}"), uid=f"{STUDY}.{100 + number}")
    technician.get("/schedule")
    with django_assert_max_num_queries(11):
        assert len(names(technician.get("/schedule"))) == 10


def test_what_is_missing_is_listed_with_what_to_do(technician, people):
    step = reported(people)
    text = technician.get("/schedule/missing").content.decode()
    assert "May still be on their way" in text
    PerformedProcedureStep.objects.update(changed_at=timezone.now() - timedelta(hours=1))
    text = technician.get("/schedule/missing").content.decode()
    for part in ("send the study again from", f"{STUDY}.1.1", f"{STUDY}.1.2", "2 of 2 in series Thorax", "2 missing"):
        assert part in text, part
    assert "1 report of modalities names images that did not arrive" in technician.get("/schedule").content.decode()
    technician.post(f"/schedule/missing/{step.pk}", {"given_up": "yes"})
    assert "No images are missing" in technician.get("/schedule/missing").content.decode()


def test_missing_images_of_a_discontinued_step_are_explained(technician, people):
    reported(people, status="DISCONTINUED")
    PerformedProcedureStep.objects.update(changed_at=timezone.now() - timedelta(hours=1))
    assert "broke the examination off" in technician.get("/schedule/missing").content.decode()


def test_missing_images_come_in_pages(technician, people, monkeypatch):
    monkeypatch.setattr("noctis.scheduling.views.missing.PAGE_SIZE", 2)
    for number in range(3):
        reported(people, uid=f"{STUDY}.{100 + number}")
    first = technician.get("/schedule/missing")
    second = technician.get(f"/schedule/missing?before={first.context['next_before']}")
    assert [len(answer.context["missing"]) for answer in (first, second)] == [2, 1]
    assert technician.get("/schedule/missing?study=1.2.3").context["missing"] == []


def test_a_report_that_its_modality_will_not_end_is_ended_by_hand(technician, people):
    step = scheduled(start_date=TODAY)
    begin_performed_step(f"{STUDY}.9", report(step), reporter=Reporter(people.north, "CT1"))
    performed = PerformedProcedureStep.objects.get()
    assert "will not end this report" in technician.get(f"/schedule/{step.pk}").content.decode()
    assert technician.post(f"/schedule/reports/{performed.pk}/end", {"status": "x"}).status_code == 404
    answer = technician.post(f"/schedule/reports/{performed.pk}/end", {"status": "DISCONTINUED"})
    assert answer["Location"] == f"/schedule/{step.pk}"
    step.refresh_from_db()
    assert step.status == "discontinued"
    again = technician.post(f"/schedule/reports/{performed.pk}/end", {"status": "COMPLETED"}, follow=True)
    assert "has ended its report meanwhile" in again.content.decode()

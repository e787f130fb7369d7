"""Scheduling, changing and cancelling on the pages."""

from __future__ import annotations

import json
from typing import Any

import pytest

from noctis.audit.models import AuditEntry
from noctis.modality_worklist.actions import change_step, set_status
from noctis.modality_worklist.models import ScheduledProcedureStep, StepStatus
from noctis.modality_worklist.people import version_of
from noctis.modality_worklist.tests.factories import particulars, scheduled
from noctis.network.models import RemoteApplicationEntity
from noctis.reading_worklist.tests.factories import make_study

pytestmark = pytest.mark.django_db

NEW = {
    "patient_identifier": "P7",
    "family": "Phantom",
    "given": "Bea",
    "ideographic_family": "光",
    "birth_date": "1970-02-03",
    "sex": "F",
    "accession_number": "A7",
    "procedure_description": "MR brain",
    "priority": "stat",
    "referring_physician": "Röntgen, Clara",
    "start_date": "2030-07-07",
    "start_time": "09:15",
    "modality": "MR",
    "stations": ["NORTH_MR"],
}


@pytest.fixture
def technician(client, people):
    RemoteApplicationEntity.objects.create(ae_title="NORTH_MR", facility=people.north, description="MR in room 2")
    RemoteApplicationEntity.objects.create(ae_title="SOUTH_MR", facility=people.south)
    client.force_login(people.technician)
    return client


def post(client, path: str = "/schedule/new", **changes: Any):
    return client.post(path, {**NEW, **changes})


def the_step() -> ScheduledProcedureStep:
    return ScheduledProcedureStep.objects.get()


def as_typed(step: ScheduledProcedureStep, **changes: Any) -> dict[str, Any]:
    values = {
        "patient_identifier": step.patient_identifier,
        "family": "Phantom",
        "given": "Ada",
        "accession_number": step.accession_number,
        "procedure_description": step.procedure_description,
        "start_date": step.start_date.isoformat(),
        "start_time": "08:30",
        "modality": "CT",
        "stations": ["CT1"],
        "version": version_of(step),
    }
    return {**values, **changes}


def test_a_step_is_scheduled(technician, people):
    answer = post(technician)
    step = the_step()
    assert answer["Location"] == f"/schedule/{step.pk}"
    assert (step.facility, step.source, step.patient_name) == (people.north, "web", "Phantom^Bea=光")
    assert (step.referring_physician, step.station_ae_titles) == ("Röntgen^Clara", ["NORTH_MR"])
    entry = AuditEntry.objects.get(action="procedure_scheduled")
    assert (entry.user, entry.address, entry.detail["source"]) == (people.technician, "127.0.0.1", "web")
    assert "Phantom" not in json.dumps(entry.detail)
    page = technician.get(answer["Location"]).content.decode()
    for part in ("Phantom, Bea (光)", "2030-07-07 09:15", "MR brain", "A7", step.study_instance_uid):
        assert part in page


def test_the_form_offers_the_stations_of_the_facility(technician):
    text = technician.get("/schedule/new").content.decode()
    assert "NORTH_MR · MR in room 2" in text
    assert "SOUTH_MR" not in text


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"family": ""}, "This field is required"),
        ({"family": "Phan^tom"}, "cannot hold the characters"),
        ({"family": "F" * 40, "given": "G" * 40}, "longer than 64 characters"),
        ({"accession_number": "A" * 17}, "at most 16 characters"),
        ({"birth_date": "2999-01-01"}, "yet to come"),
        ({"stations": ["SOUTH_MR"]}, "not one of the available choices"),
        ({"patient_identifier": "P\\7"}, "backslash"),
        ({"start_time": "25:00"}, "Enter a valid time"),
        ({"modality": ""}, "This field is required"),
    ],
)
def test_what_cannot_be_scheduled_is_said_and_what_was_typed_stays(technician, changes, says):
    answer = post(technician, **changes)
    text = answer.content.decode()
    assert answer.status_code == 200
    assert says in text
    assert "MR brain" in text
    assert not ScheduledProcedureStep.objects.exists()


def test_another_patients_accession_number_is_refused(technician):
    post(technician)
    answer = post(technician, patient_identifier="P8")
    assert "Another patient&#x27;s order at this facility has this accession number." in answer.content.decode()


def test_a_further_step_of_an_order_is_confirmed(technician):
    post(technician)
    again = post(technician, start_time="10:00")
    assert "joins_order" in again.content.decode()
    assert post(technician, start_time="10:00", joins_order="on").status_code == 302
    assert len(set(ScheduledProcedureStep.objects.values_list("study_instance_uid"))) == 1


def test_a_further_step_begins_with_the_order(technician):
    post(technician)
    text = technician.get(f"/schedule/new?like={the_step().pk}").content.decode()
    for part in ("Bea", "A7", "1970-02-03", "joins_order"):
        assert part in text
    assert technician.get("/schedule/new?like=99999").status_code == 404


def test_an_administrator_chooses_the_facility(client, people):
    client.force_login(people.administrator)
    assert "Where does it take place?" in client.get("/schedule/new").content.decode()
    post(client, "/schedule/new?facility=SOUTH", stations=[])
    assert the_step().facility == people.south


def test_a_change_keeps_what_the_form_does_not_show(technician):
    weight = {"00101030": {"vr": "DS", "Value": [70]}}
    step = scheduled(patient_name="Phantom^Ada=光^^x", other_attributes=weight, requested_procedure_id="RP1")
    fields = as_typed(step, ideographic_family="光", location="Room 2")
    assert technician.post(f"/schedule/{step.pk}/change", fields).status_code == 302
    changed = the_step()
    assert (changed.location, changed.patient_name) == ("Room 2", "Phantom^Ada=光^^x")
    assert (changed.other_attributes, changed.requested_procedure_id) == (weight, "RP1")
    assert AuditEntry.objects.get(action="procedure_changed").detail["changed"] == ["location"]


def test_who_was_slower_sees_both_and_loses_nothing(technician):
    step = scheduled()
    fields = as_typed(step, start_time="10:00", location="Room 2")
    change_step(step, particulars(location="Room 1"))
    answer = technician.post(f"/schedule/{step.pk}/change", fields)
    text = answer.content.decode()
    assert answer.status_code == 409
    assert "Somebody changed this step after you opened it." in text
    assert 'value="Room 2"' in text
    assert "Room: <strong>Room 1</strong>" in text
    assert the_step().location == "Room 1"
    deliberate = {**fields, "version": answer.context["form"]["version"].value()}
    assert technician.post(f"/schedule/{step.pk}/change", deliberate).status_code == 302
    assert (the_step().location, f"{the_step().start_time:%H:%M}") == ("Room 2", "10:00")


@pytest.mark.parametrize("status", [StepStatus.IN_PROGRESS, StepStatus.COMPLETED, StepStatus.DISCONTINUED])
def test_what_has_begun_is_not_changed(technician, status):
    step = scheduled()
    set_status(step, status)
    answer = technician.post(f"/schedule/{step.pk}/change", as_typed(step, location="Room 2"), follow=True)
    assert "what was scheduled stays as it is" in answer.content.decode()
    assert the_step().location == ""
    assert "/change" not in technician.get(f"/schedule/{step.pk}").content.decode()


def test_the_patient_of_an_order_under_way_stays(technician):
    step, other = scheduled(), scheduled()
    set_status(other, StepStatus.COMPLETED)
    answer = technician.post(f"/schedule/{step.pk}/change", as_typed(step, given="Bob"))
    assert "Another step of this order has begun" in answer.content.decode()
    moved = technician.post(f"/schedule/{step.pk}/change", as_typed(step, location="Room 2"))
    assert moved.status_code == 302


def test_cancelling_is_undone_on_the_next_page(technician):
    step = scheduled()
    set_status(step, StepStatus.ARRIVED)
    fields = {"version": version_of(step), "status": "cancelled"}
    text = technician.post(f"/schedule/{step.pk}/status", fields, follow=True).content.decode()
    assert "is cancelled" in text
    assert "Undo" in text
    assert 'value="arrived"' in text
    assert "is cancelled" not in technician.get("/schedule").content.decode()
    undo = {"version": version_of(the_step()), "status": "arrived"}
    technician.post(f"/schedule/{step.pk}/status", undo)
    assert the_step().status == "arrived"


def test_a_stale_page_moves_nothing(technician):
    step = scheduled()
    fields = {"version": version_of(step), "status": "cancelled"}
    set_status(step, StepStatus.ARRIVED)
    answer = technician.post(f"/schedule/{step.pk}/status", fields, follow=True)
    assert "Somebody changed this step" in answer.content.decode()
    assert the_step().status == "arrived"
    assert technician.post(f"/schedule/{step.pk}/status", {"status": "in_progress"}).status_code == 404


@pytest.mark.parametrize("number", ["A1", ""])
def test_a_further_step_shares_study_and_requested_procedure(technician, number):
    step = scheduled(accession_number=number, requested_procedure_id="RP-HIS", station_ae_titles=())
    fields = as_typed(step, joins_order="on", start_time="11:00", stations=[])
    assert technician.post(f"/schedule/new?like={step.pk}", fields).status_code == 302
    further = ScheduledProcedureStep.objects.latest("pk")
    assert further.pk != step.pk
    assert further.study_instance_uid == step.study_instance_uid
    assert further.requested_procedure_id == "RP-HIS"
    other = as_typed(step, joins_order="on", patient_identifier="P9", accession_number="A9", stations=[])
    technician.post(f"/schedule/new?like={step.pk}", other)
    assert ScheduledProcedureStep.objects.latest("pk").study_instance_uid != step.study_instance_uid


def test_a_patient_is_examined_again_without_typing_anew(technician, people):
    study = make_study(
        people.north, "Phantom^Ada=光", birth_date="1970-02-03", sex="F", description="Chest", modalities="DX\\SR"
    )
    form = technician.get(f"/schedule/new?study={study.study_instance_uid}").context["form"]
    shown = {name: form[name].value() for name in ("patient_identifier", "family", "given", "sex", "modality")}
    assert shown == {
        "patient_identifier": study.patient_identifier,
        "family": "Phantom",
        "given": "Ada",
        "sex": "F",
        "modality": "DX",
    }
    assert (form["ideographic_family"].value(), form["procedure_description"].value()) == ("光", "Chest")
    post(technician, f"/schedule/new?study={study.study_instance_uid}")
    assert the_step().study_instance_uid != study.study_instance_uid

    elsewhere = make_study(people.south)
    assert technician.get(f"/schedule/new?study={elsewhere.study_instance_uid}").status_code == 404

"""Steps scheduled, found, changed and cancelled by programs."""

from __future__ import annotations

import json

import pytest

from noctis.accounts.models import Role, User
from noctis.api.tests.conftest import NEW, PERFORMED, STEPS
from noctis.audit.models import AuditEntry
from noctis.modality_worklist.models import ScheduledProcedureStep, StepStatus
from noctis.modality_worklist.performed_actions import Reporter, begin_performed_step, change_performed_step
from noctis.modality_worklist.tests.factories import STUDY, final, report, scheduled
from noctis.network.scheduled_studies import look_again
from noctis.reading_worklist.tests.factories import make_study

pytestmark = pytest.mark.django_db


@pytest.fixture
def technician(people, program):
    return program(people.technician)


def test_a_step_is_scheduled_and_read_back(technician, people):
    answer = technician.post(STEPS, {**NEW, "patient_name": "Phantom^Bea=光^子", "priority": "stat"})
    made = answer.json()
    assert answer.status_code == 201, made
    assert answer["Location"] == f"{STEPS}/{made['id']}"
    assert technician.get(answer["Location"]).json() == made
    assert made["study_instance_uid"].startswith("2.25.")
    assert (made["facility"], made["source"], made["status"]) == ("NORTH", "api", "scheduled")
    assert (made["requested_procedure_id"], made["step_id"]) == ("A7", f"SPS{made['id']}")
    step = ScheduledProcedureStep.objects.get()
    assert (step.patient_name, step.station_ae_titles) == ("Phantom^Bea=光^子", ["NORTH_MR"])
    entry = AuditEntry.objects.get(action="procedure_scheduled")
    assert (entry.user, entry.address) == (people.technician, "127.0.0.1")
    assert "Phantom" not in json.dumps(entry.detail)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"start_date": "07.07.2026"}, "new.start_date"),
        ({"patient_identifier": ""}, "patient identifier is missing"),
        ({"patient_name": "a=b=c=d"}, "not a valid name"),
        ({"accession_number": "A" * 17}, "new.accession_number"),
        ({"modality": "c-t"}, "not a code"),
        ({"study_instance_uid": "1.02"}, "not a valid UID"),
        ({"colour": "blue"}, "new.colour"),
        ({"facility": "NOWHERE"}, "No such facility."),
        ({"facility": "SOUTH"}, "No such facility."),
        ({"station_ae_titles": ["Ä"]}, "AE title cannot be used"),
    ],
)
def test_what_cannot_be_scheduled_is_named(technician, changes, says):
    answer = technician.post(STEPS, {**NEW, **changes})
    assert answer.status_code == 422
    assert says in answer.content.decode()
    assert not ScheduledProcedureStep.objects.exists()


def test_what_is_no_json_is_refused(technician):
    answer = technician.post(STEPS, "{'Phantom': ")
    assert answer.status_code == 400
    assert "Phantom" not in answer.content.decode()


def test_an_administrator_names_the_facility(people, program):
    administrator = program(people.administrator)
    assert administrator.post(STEPS, NEW).status_code == 422
    assert administrator.post(STEPS, {**NEW, "facility": "SOUTH"}).json()["facility"] == "SOUTH"


def test_an_accession_number_is_for_one_order(technician):
    assert technician.post(STEPS, NEW).status_code == 201
    again = technician.post(STEPS, {**NEW, "start_time": "10:00"})
    other = technician.post(STEPS, {**NEW, "patient_identifier": "P8"})
    assert (again.status_code, other.status_code) == (409, 409)
    assert "already" in again.json()["detail"]
    assert "Another patient's order" in other.json()["detail"]
    joined = technician.post(STEPS, {**NEW, "start_time": "10:00", "joins_order": True})
    assert joined.status_code == 201
    assert len(set(ScheduledProcedureStep.objects.values_list("study_instance_uid"))) == 1


def test_the_number_of_a_cancelled_order_is_free_again(technician):
    first = technician.post(STEPS, NEW).json()
    moved = technician.post(f"{STEPS}/{first['id']}/status", {"version": first["version"], "status": "cancelled"})
    assert moved.json()["status"] == "cancelled"
    assert technician.post(STEPS, {**NEW, "patient_identifier": "P8"}).status_code == 201


def test_only_what_is_named_changes(technician):
    made = technician.post(STEPS, NEW).json()
    answer = technician.patch(f"{STEPS}/{made['id']}", {"version": made["version"], "start_time": "11:00"})
    changed = answer.json()
    assert answer.status_code == 200
    assert changed.pop("start_time") == "11:00:00"
    assert made.pop("start_time") == "09:15:00"
    for document in (made, changed):
        del document["version"], document["changed_at"]
    assert changed == made


def test_nobody_overwrites_what_they_have_not_read(technician):
    made = technician.post(STEPS, NEW).json()
    path, version = f"{STEPS}/{made['id']}", made["version"]
    assert technician.patch(path, {"version": version, "location": "Room 1"}).status_code == 200
    for answer in (
        technician.patch(path, {"version": version, "location": "Room 2"}),
        technician.post(f"{path}/status", {"version": version, "status": "cancelled"}),
    ):
        assert answer.status_code == 409
    assert ScheduledProcedureStep.objects.get().location == "Room 1"


def test_null_clears_only_what_may_be_empty(technician):
    made = technician.post(STEPS, {**NEW, "birth_date": "1970-02-03"}).json()
    path = f"{STEPS}/{made['id']}"
    wrong = technician.patch(path, {"version": made["version"], "location": None})
    assert wrong.status_code == 422
    assert "location" in wrong.json()["detail"]
    assert technician.patch(path, {"version": made["version"], "birth_date": None}).json()["birth_date"] is None


@pytest.mark.parametrize("status", [StepStatus.IN_PROGRESS, StepStatus.COMPLETED, StepStatus.CANCELLED])
def test_what_has_begun_is_not_changed(technician, status):
    made = technician.post(STEPS, NEW).json()
    ScheduledProcedureStep.objects.update(status=status)
    answer = technician.patch(f"{STEPS}/{made['id']}", {"version": made["version"], "location": "Room 2"})
    assert answer.status_code == 409
    assert "stays as it is" in answer.json()["detail"]


def test_lists_are_narrowed_and_paged(technician, people, program):
    for number in range(5):
        technician.post(STEPS, {**NEW, "start_date": f"2026-07-0{number + 1}", "accession_number": f"B{number}"})
    technician.post(STEPS, {**NEW, "modality": "CT", "station_ae_titles": [], "accession_number": "C"})
    reader = program(people.radiologist)

    def dates(answer) -> list[str]:
        return [item["start_date"][-2:] for item in answer.json()["items"]]

    first = reader.get(STEPS, limit=4)
    assert dates(first) == ["01", "02", "03", "04"]
    assert dates(reader.get(STEPS, limit=4, after=first.json()["next"])) == ["05", "07"]
    assert reader.get(STEPS, limit=6).json()["next"] is None
    assert dates(reader.get(STEPS, from_date="2026-07-02", to_date="2026-07-03")) == ["02", "03"]
    assert dates(reader.get(STEPS, modality="CT")) == ["07"]
    assert dates(reader.get(STEPS, station="OTHER")) == ["07"]
    assert dates(reader.get(STEPS, status=["cancelled", "completed"])) == []
    assert len(reader.get(STEPS, station="NORTH_MR").json()["items"]) == 6
    assert reader.get(STEPS, limit=0).status_code == 422
    assert reader.get(STEPS, patient_name="Phantom").status_code == 422


@pytest.mark.parametrize(
    ("search", "found"),
    [
        ({"text": "phantom bea"}, 1),
        ({"text": "PHÄNTOM"}, 1),
        ({"text": "a7"}, 1),
        ({"text": "P7"}, 1),
        ({"text": "7"}, 0),
        ({"patient_identifier": "P7"}, 1),
        ({"accession_number": "A"}, 0),
        ({"text": "%"}, 0),
    ],
)
def test_patients_are_looked_for_in_a_body(technician, search, found):
    technician.post(STEPS, NEW)
    assert len(technician.post(f"{STEPS}/search", search).json()["items"]) == found


def test_a_list_costs_the_same_queries_however_long(technician, django_assert_max_num_queries):
    for number in range(12):
        technician.post(STEPS, {**NEW, "accession_number": f"B{number}"})
    with django_assert_max_num_queries(7):
        assert len(technician.get(STEPS).json()["items"]) == 12


def test_the_images_of_a_step_are_named(technician, people):
    by_uid, by_order = scheduled(study_instance_uid=f"{STUDY}.5"), scheduled(accession_number="A5")
    make_study(people.north, study_instance_uid=f"{STUDY}.5")
    make_study(people.north, study_instance_uid=f"{STUDY}.6", accession_number="A5", patient_identifier="P1")
    make_study(people.south, study_instance_uid=f"{STUDY}.7", accession_number="A5", patient_identifier="P1")
    for step, study in ((by_uid, f"{STUDY}.5"), (by_order, f"{STUDY}.6")):
        assert technician.get(f"{STEPS}/{step.pk}").json()["archived_study_instance_uid"] == study


def test_what_a_modality_reported_is_read(technician, people, program):
    step = scheduled()
    reporter = Reporter(people.north, "CT1")
    begin_performed_step(f"{STUDY}.9", report(step), reporter=reporter)
    change_performed_step(f"{STUDY}.9", final(), reporter=reporter)
    look_again()
    assert technician.get(PERFORMED, status="IN PROGRESS").json()["items"] == []
    (listed,) = technician.get(PERFORMED, lacking_instances=True, modality="CT").json()["items"]
    assert (listed["status"], listed["missing_count"], listed["scheduled_steps"]) == ("COMPLETED", 2, [step.pk])
    read = technician.get(f"{PERFORMED}/{listed['id']}").json()
    (series,) = read["series"]
    assert (series["not_received"], series["quarantined"]) == ([f"{STUDY}.1.1", f"{STUDY}.1.2"], [])
    assert technician.get(f"{STEPS}/{step.pk}").json()["performed_steps"] == [listed["id"]]
    southern = program(User.objects.create_user("southern", role=Role.TECHNICIAN, facility=people.south))
    assert southern.get(f"{PERFORMED}/{listed['id']}").status_code == 404


def test_a_defect_says_nothing_of_the_patient(technician, monkeypatch, caplog):
    def broken(*_args, **_options):
        raise RuntimeError("Phantom^Ada")

    monkeypatch.setattr("noctis.api.scheduled_steps.schedule_for_person", broken)
    answer = technician.post(STEPS, NEW)
    assert answer.status_code == 500
    assert "Phantom" not in answer.content.decode() + caplog.text


def test_a_step_that_joins_an_order_is_of_its_study(technician):
    step = scheduled(accession_number="A7", patient_identifier="P7", requested_procedure_id="RP-HIS")
    joined = technician.post(STEPS, {**NEW, "joins_order": True}).json()
    assert joined["study_instance_uid"] == step.study_instance_uid
    assert joined["requested_procedure_id"] == "RP-HIS"
    other = technician.post(STEPS, {**NEW, "joins_order": True, "requested_procedure_id": "RP-2"}).json()
    assert other["study_instance_uid"] != step.study_instance_uid

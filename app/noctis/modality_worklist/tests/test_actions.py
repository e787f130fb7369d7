"""What is written about scheduled steps: rules, idempotence, the audit trail."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import time

import pytest
from django.db import IntegrityError

from noctis.accounts.models import Role, User
from noctis.audit.models import Action, AuditEntry
from noctis.dicom.uids import is_valid_uid
from noctis.modality_worklist.actions import (
    Imported,
    Origin,
    Outcome,
    StepStateError,
    StudyOfAnotherPatient,
    cancel_step,
    change_step,
    import_steps,
    move_step,
    note_images,
    schedule_step,
)
from noctis.modality_worklist.models import ScheduledProcedureStep, Source, StepStatus
from noctis.modality_worklist.particulars import InvalidParticulars, cleaned
from noctis.modality_worklist.tests.factories import STUDY, WEB, facility, particulars, scheduled

pytestmark = pytest.mark.django_db

FOLDER = Origin(Source.FOLDER)
SECRETS = ("Phantom", "Ada", "P1", "Thorax", "thorax", "19700203")


def audited() -> str:
    return json.dumps([[entry.action, entry.detail, entry.study_instance_uid] for entry in AuditEntry.objects.all()])


def test_a_step_gets_the_identifiers_that_it_lacks():
    step = scheduled(accession_number="")
    assert is_valid_uid(step.study_instance_uid)
    assert step.study_instance_uid.startswith("2.25.")
    assert (step.step_id, step.requested_procedure_id) == (f"SPS{step.pk}", f"RP{step.pk}")
    assert step.status == StepStatus.SCHEDULED


def test_steps_of_one_requested_procedure_share_a_study():
    first, second = scheduled(), scheduled(start_time=time(9))
    other = scheduled(requested_procedure_id="R2")
    assert first.study_instance_uid == second.study_instance_uid
    assert first.requested_procedure_id == "A1"
    assert other.study_instance_uid != first.study_instance_uid
    assert scheduled("SOUTH").study_instance_uid != first.study_instance_uid


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"patient_identifier": " "}, "The patient identifier is missing."),
        ({"patient_name": ""}, "The patient name is missing."),
        ({"modality": "C-T"}, "The modality is not a code"),
        ({"sex": "X"}, "The sex is none of"),
        ({"priority": "soon"}, "The priority is none of"),
        ({"study_instance_uid": "1.02"}, "The Study Instance UID is not a valid UID."),
        ({"accession_number": "A" * 17}, "longer than 16 characters"),
        ({"procedure_description": "CT\\MR"}, "backslash or a control character"),
        ({"location": "Room\n5"}, "backslash or a control character"),
        ({"patient_name": "a=b=c=d"}, "not a valid name"),
        ({"patient_name": "a^b^c^d^e^f"}, "not a valid name"),
        ({"station_ae_titles": ("Ä",)}, "AE title cannot be used"),
        ({"other_attributes": {"00280010": {"vr": "US", "Value": [1]}}}, "further attributes"),
        ({"other_attributes": {"00101030": {"vr": "DS", "Value": ["70,5"]}}}, "not valid DICOM JSON"),
        ({"other_attributes": {"00101030": "70"}}, "not valid DICOM JSON"),
        ({"other_attributes": {"weight": {"vr": "DS"}}}, "not valid DICOM JSON"),
        ({"other_attributes": {"00104000": {"vr": "LT", "Value": ["x" * 40000]}}}, "too long"),
    ],
)
def test_what_dicom_cannot_carry_is_refused_without_naming_anybody(changes, problem):
    with pytest.raises(InvalidParticulars, match=problem) as caught:
        schedule_step(facility(), particulars(**changes), origin=WEB)
    assert "Phantom" not in str(caught.value)
    assert not ScheduledProcedureStep.objects.exists()


def test_padding_goes_and_codes_are_written_in_capitals():
    clean = cleaned(particulars(modality=" ct ", sex="f", station_ae_titles=(" CT2 ", "CT1", "CT1", "")))
    assert (clean.modality, clean.sex, clean.station_ae_titles) == ("CT", "F", ("CT2", "CT1"))


def test_a_change_is_written_and_recorded_without_the_patient():
    user = User.objects.create_user("tech", role=Role.TECHNICIAN, facility=facility())
    step = scheduled()
    change_step(step, particulars(patient_name="Phantom^Ada^B", step_description="Thorax"), acting_user=user)
    step.refresh_from_db()
    assert step.step_description == "Thorax"
    entry = AuditEntry.objects.get(action=Action.PROCEDURE_CHANGED)
    assert entry.detail == {"step": step.pk, "changed": ["patient_name", "step_description"]}
    assert (entry.user, entry.facility, entry.study_instance_uid) == (user, facility(), step.study_instance_uid)
    assert not [secret for secret in SECRETS if secret in audited()]


def test_a_change_of_nothing_leaves_no_trace():
    step = scheduled()
    change_step(step, particulars())
    assert not AuditEntry.objects.filter(action=Action.PROCEDURE_CHANGED).exists()


def test_a_corrected_patient_is_corrected_in_every_open_step_of_the_study():
    first, second, third = scheduled(), scheduled(start_time=time(9)), scheduled(start_time=time(10))
    move_step(third, StepStatus.COMPLETED)
    change_step(first, particulars(patient_identifier="P2", station_ae_titles=("CT9",)))
    for step in (second, third):
        step.refresh_from_db()
    assert (second.patient_identifier, second.station_ae_titles) == ("P2", ["CT1"])
    assert third.patient_identifier == "P1"


def test_a_study_of_another_patient_is_refused():
    scheduled(study_instance_uid=STUDY)
    with pytest.raises(StudyOfAnotherPatient):
        scheduled(study_instance_uid=STUDY, patient_identifier="P2")
    with pytest.raises(StudyOfAnotherPatient):
        scheduled("SOUTH", study_instance_uid=STUDY)
    moved = scheduled(patient_identifier="P2", accession_number="A2")
    with pytest.raises(StudyOfAnotherPatient):
        change_step(moved, particulars(patient_identifier="P2", study_instance_uid=STUDY))
    assert ScheduledProcedureStep.objects.count() == 2


def test_a_step_goes_through_its_states():
    step = scheduled()
    for status in (StepStatus.ARRIVED, StepStatus.IN_PROGRESS, StepStatus.DISCONTINUED, StepStatus.SCHEDULED):
        assert move_step(step, status).status == status
    assert cancel_step(step).status == StepStatus.CANCELLED
    assert cancel_step(step).status == StepStatus.CANCELLED
    entry = AuditEntry.objects.first()
    assert entry is not None
    assert entry.detail["status"] == {"from": "scheduled", "to": "cancelled"}


@pytest.mark.parametrize(
    ("status", "wanted"),
    [
        (StepStatus.IN_PROGRESS, StepStatus.CANCELLED),
        (StepStatus.COMPLETED, StepStatus.SCHEDULED),
        (StepStatus.CANCELLED, StepStatus.COMPLETED),
    ],
)
def test_a_step_cannot_jump(status, wanted):
    step = scheduled()
    move_step(step, status)
    with pytest.raises(StepStateError):
        move_step(step, wanted)


def test_a_step_that_is_over_does_not_change():
    step = scheduled()
    cancel_step(step)
    with pytest.raises(StepStateError):
        change_step(step, particulars(location="Room 5"))


def outcomes(*items: Imported, code: str = "NORTH", **options) -> list[Outcome]:
    return [outcome for _, outcome in import_steps(facility(code), items, origin=FOLDER, **options)]


def test_importing_the_same_again_changes_nothing():
    items = [Imported("1", particulars()), Imported("2", particulars(start_time=time(9)))]
    assert outcomes(*items) == [Outcome.ADDED, Outcome.ADDED]
    before = list(ScheduledProcedureStep.objects.values())
    assert outcomes(*items) == [Outcome.UNCHANGED, Outcome.UNCHANGED]
    assert list(ScheduledProcedureStep.objects.values()) == before
    assert outcomes(*items, code="SOUTH") == [Outcome.ADDED, Outcome.ADDED]


def test_importing_something_else_changes_it_once():
    outcomes(Imported("1", particulars()))
    changed = Imported("1", particulars(station_ae_titles=("CT2",), other_attributes={"00380010": {"vr": "LO"}}))
    assert outcomes(changed) == [Outcome.CHANGED]
    assert outcomes(changed) == [Outcome.UNCHANGED]
    assert ScheduledProcedureStep.objects.get().station_ae_titles == ["CT2"]


def test_an_import_does_not_revive_what_a_person_cancelled_unless_it_says_so():
    outcomes(Imported("1", particulars()))
    cancel_step(ScheduledProcedureStep.objects.get())
    assert outcomes(Imported("1", particulars())) == [Outcome.SKIPPED]
    assert outcomes(Imported("1", particulars()), reopen=True) == [Outcome.CHANGED]
    assert ScheduledProcedureStep.objects.get().status == StepStatus.SCHEDULED


def test_a_step_that_another_source_scheduled_is_not_doubled():
    scheduled(study_instance_uid=STUDY, step_id="S1")
    assert outcomes(Imported("1", particulars(study_instance_uid=STUDY, step_id="S1"))) == [Outcome.SKIPPED]


def test_one_bad_step_leaves_nothing_of_the_order_behind():
    with pytest.raises(InvalidParticulars):
        outcomes(Imported("1", particulars()), Imported("2", particulars(modality="")))
    assert not ScheduledProcedureStep.objects.exists()
    assert not AuditEntry.objects.exists()


def test_a_source_cannot_schedule_a_step_twice():
    schedule_step(facility(), particulars(), origin=FOLDER, key="1")
    with pytest.raises(IntegrityError):
        schedule_step(facility(), particulars(), origin=FOLDER, key="1")


@pytest.mark.parametrize(
    ("images", "moved"),
    [
        ({}, 1),
        ({"study_instance_uid": "1.2.3"}, 1),
        ({"study_instance_uid": "1.2.3", "patient_identifier": "P2"}, 0),
        ({"study_instance_uid": "1.2.3", "accession_number": ""}, 0),
    ],
)
def test_arriving_images_start_the_step_of_their_study_or_order(images, moved):
    step = scheduled(study_instance_uid=STUDY)
    known = {"study_instance_uid": STUDY, "accession_number": "A1", "patient_identifier": "P1", **images}
    assert note_images(facility("SOUTH"), **known) == 0
    assert note_images(facility(), **known) == moved
    assert note_images(facility(), **known) == 0
    step.refresh_from_db()
    assert step.status == (StepStatus.IN_PROGRESS if moved else StepStatus.SCHEDULED)


def test_columns_carry_everything_but_the_stations():
    assert set(particulars().columns()) == {
        name for name in replace(particulars()).__dataclass_fields__ if name != "station_ae_titles"
    }

"""Modality Performed Procedure Steps: their states, and the worklist that follows them."""

from __future__ import annotations

import json

import pytest
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from noctis.accounts.models import Role, User
from noctis.audit.models import Action, AuditEntry
from noctis.modality_worklist.actions import cancel_step
from noctis.modality_worklist.models import PerformedProcedureStep, PerformedStatus, ScheduledProcedureStep, StepStatus
from noctis.modality_worklist.performed_actions import (
    DuplicatePerformedStep,
    NoSuchPerformedStep,
    PerformedStepIsOver,
    Reporter,
    begin_performed_step,
    change_performed_step,
    end_performed_step,
)
from noctis.modality_worklist.performed_report import InvalidValue, MissingAttribute
from noctis.modality_worklist.signals import performed_step_ended
from noctis.modality_worklist.tests.factories import (
    STUDY,
    as_received,
    facility,
    final,
    image,
    report,
    scheduled,
)

pytestmark = pytest.mark.django_db

UID = "1.2.826.0.1.3680043.10.1561.99"


def reporter(code: str = "NORTH") -> Reporter:
    return Reporter(facility(code), "CT1", "127.0.0.1")


def begin(step=None, uid: str = UID, **changes):
    return begin_performed_step(uid, report(step, **changes), reporter=reporter()).step


def change(changes: Dataset, uid: str = UID):
    return change_performed_step(uid, changes, reporter=reporter())


def status_of(step: ScheduledProcedureStep) -> str:
    step.refresh_from_db()
    return step.status


def test_the_scheduled_step_follows_the_modality():
    step = scheduled()
    performed = begin(step)
    assert status_of(step) == StepStatus.IN_PROGRESS
    assert list(performed.scheduled_steps.all()) == [step]
    assert (performed.station_ae_title, performed.reported_by) == ("CT1", "CT1")
    done = change(final())
    assert status_of(step) == StepStatus.COMPLETED
    assert (done.not_set, done.missing) == ([], [])
    performed.refresh_from_db()
    assert performed.status == PerformedStatus.COMPLETED
    assert (str(performed.start_time), str(performed.end_time)) == ("08:45:00", "09:00:00")
    assert performed.expected_instances == {f"{STUDY}.1": [f"{STUDY}.1.1", f"{STUDY}.1.2"]}
    assert performed.series.get().operators_name == "Muster^Änne"
    assert performed.series.get().instance_count == 2


def test_a_discontinued_step_is_discontinued_with_its_reason():
    step = scheduled()
    begin(step)
    reason = Dataset()
    reason.CodeValue, reason.CodingSchemeDesignator, reason.CodeMeaning = "110513", "DCM", "Patient allergic"
    change(final("DISCONTINUED", PerformedProcedureStepDiscontinuationReasonCodeSequence=Sequence([reason])))
    assert status_of(step) == StepStatus.DISCONTINUED
    assert PerformedProcedureStep.objects.get().discontinuation_reason == "Patient allergic"


def test_a_second_attempt_can_complete_what_the_first_did_not():
    step = scheduled()
    begin(step)
    change(final("DISCONTINUED"))
    begin(step, f"{UID}.2")
    assert status_of(step) == StepStatus.IN_PROGRESS
    change(final(), f"{UID}.2")
    assert status_of(step) == StepStatus.COMPLETED


def test_what_is_really_done_counts_more_than_a_cancellation():
    step = scheduled()
    cancel_step(step)
    begin(step)
    assert status_of(step) == StepStatus.IN_PROGRESS


def test_one_performed_step_can_serve_several_scheduled_ones():
    first, second = scheduled(), scheduled(step_id="S2")
    items = [report(step).ScheduledStepAttributesSequence[0] for step in (first, second)]
    performed = begin(ScheduledStepAttributesSequence=Sequence(items))
    assert set(performed.scheduled_steps.all()) == {first, second}


def test_an_unscheduled_step_is_taken():
    performed = begin()
    assert not performed.scheduled_steps.exists()
    assert performed.study_instance_uid == STUDY


def test_a_report_without_a_step_id_means_the_steps_of_its_study_and_modality():
    step, other = scheduled(study_instance_uid=STUDY), scheduled(study_instance_uid=STUDY, modality="MR")
    assert list(begin().scheduled_steps.all()) == [step]
    assert status_of(other) == StepStatus.SCHEDULED


def test_a_report_under_another_study_uid_is_matched_by_order_and_step_id():
    step = scheduled()
    reference = report(step).ScheduledStepAttributesSequence[0]
    reference.StudyInstanceUID = STUDY
    assert list(begin(ScheduledStepAttributesSequence=Sequence([reference])).scheduled_steps.all()) == [step]


def test_the_same_report_twice_is_a_duplicate():
    begin()
    with pytest.raises(DuplicatePerformedStep):
        begin()
    assert PerformedProcedureStep.objects.count() == 1


@pytest.mark.parametrize("status", ["COMPLETED", "DISCONTINUED"])
def test_a_step_that_is_over_changes_no_more(status):
    begin()
    change(final(status))
    with pytest.raises(PerformedStepIsOver):
        change(final("COMPLETED"))


@pytest.mark.parametrize(
    ("keyword", "value", "error"),
    [
        ("PerformedProcedureStepStatus", "COMPLETED", InvalidValue),
        ("PerformedProcedureStepStatus", "", MissingAttribute),
        ("PerformedProcedureStepID", "", MissingAttribute),
        ("PerformedStationAETitle", "", MissingAttribute),
        ("PerformedProcedureStepStartDate", "", MissingAttribute),
        ("Modality", "", MissingAttribute),
        ("ScheduledStepAttributesSequence", Sequence([]), MissingAttribute),
        ("ScheduledStepAttributesSequence", Sequence([Dataset()]), MissingAttribute),
    ],
)
def test_a_step_that_is_not_begun_properly_is_refused(keyword, value, error):
    with pytest.raises(error):
        begin(**{keyword: value})
    assert not PerformedProcedureStep.objects.exists()
    assert not AuditEntry.objects.filter(action=Action.PROCEDURE_PERFORMED).exists()


def test_uids_that_are_none_are_refused():
    with pytest.raises(InvalidValue):
        begin(uid="../1")
    begin()
    bad = image(1)
    bad.ReferencedSOPInstanceUID = "../../x"
    series = Dataset()
    series.SeriesInstanceUID, series.ReferencedImageSequence = f"{STUDY}.1", Sequence([bad])
    changes = Dataset()
    changes.PerformedSeriesSequence = Sequence([series])
    with pytest.raises(InvalidValue, match="ReferencedSOPInstanceUID"):
        change(changes)


def test_an_unknown_status_is_refused():
    begin()
    with pytest.raises(InvalidValue, match="PerformedProcedureStepStatus"):
        change(final("READY"))


def test_an_interim_report_replaces_its_series_and_keeps_the_rest():
    begin(PerformedProcedureStepDescription="Thorax")
    changes = final(images=1)
    del changes.PerformedProcedureStepStatus
    assert change(changes).step.status == PerformedStatus.IN_PROGRESS
    change(final(images=3))
    performed = PerformedProcedureStep.objects.get()
    assert performed.description == "Thorax"
    assert performed.patient_name == "Phantom^Ada"
    assert [series.instance_count for series in performed.series.all()] == [3]


def test_a_value_that_a_modality_gets_wrong_spoils_nothing_else():
    series = Dataset()
    series.SeriesInstanceUID = f"{STUDY}.1"
    series.ReferencedImageSequence = Sequence([image(1)])
    series.ExposureTime = 9999
    wrong = Dataset()
    wrong.PerformedSeriesSequence = Sequence([series])
    wrong.ImageAndFluoroscopyAreaDoseProduct = "9999"
    begin()
    change(as_received(wrong, (b"9999", b"99,9")))
    assert change(as_received(final_status())).step.status == PerformedStatus.COMPLETED
    assert PerformedProcedureStep.objects.get().expected_instances == {f"{STUDY}.1": [f"{STUDY}.1.1"]}


def final_status() -> Dataset:
    changes = Dataset()
    changes.PerformedProcedureStepStatus = "COMPLETED"
    return changes


def test_what_may_be_given_only_once_stays_and_is_named():
    begin()
    result = change(final(PatientID="P2", PatientName="Other^Name"))
    assert result.not_set == ["PatientID", "PatientName"]
    assert PerformedProcedureStep.objects.get().patient_identifier == "P1"


def test_a_final_report_that_lacks_something_is_taken_and_the_lack_named():
    begin()
    changes = Dataset()
    changes.PerformedProcedureStepStatus = "COMPLETED"
    assert change(as_received(changes)).missing == [
        "PerformedProcedureStepEndDate",
        "PerformedProcedureStepEndTime",
        "PerformedSeriesSequence",
    ]


def test_a_modality_of_another_facility_neither_links_nor_changes():
    step = scheduled("SOUTH")
    assert not begin(step).scheduled_steps.exists()
    assert status_of(step) == StepStatus.SCHEDULED
    with pytest.raises(NoSuchPerformedStep):
        change_performed_step(UID, final(), reporter=reporter("SOUTH"))
    with pytest.raises(NoSuchPerformedStep):
        change(final(), "1.2.3")


def test_the_end_is_announced_after_the_commit(django_capture_on_commit_callbacks):
    announced = []

    def listen(performed_step_id, **_):
        announced.append(performed_step_id)

    performed_step_ended.connect(listen)
    try:
        with django_capture_on_commit_callbacks(execute=True):
            performed = begin()
        assert announced == []
        with django_capture_on_commit_callbacks(execute=True):
            change(final())
        assert announced == [performed.pk]
    finally:
        performed_step_ended.disconnect(listen)


def test_a_person_ends_what_a_broken_modality_left_open():
    step = scheduled()
    performed = begin(step)
    user = User.objects.create_user("admin", role=Role.ADMINISTRATOR)
    end_performed_step(performed, PerformedStatus.DISCONTINUED, acting_user=user)
    assert status_of(step) == StepStatus.DISCONTINUED
    assert AuditEntry.objects.filter(user=user).count() == 2
    with pytest.raises(PerformedStepIsOver):
        end_performed_step(performed, PerformedStatus.COMPLETED, acting_user=user)


def test_the_audit_trail_names_uids_and_states_but_no_patient():
    begin(scheduled())
    change(final())
    entries = AuditEntry.objects.filter(action=Action.PROCEDURE_PERFORMED)
    assert [(entry.ae_title, entry.address, entry.detail["status"]) for entry in entries] == [
        ("CT1", "127.0.0.1", "COMPLETED"),
        ("CT1", "127.0.0.1", "IN PROGRESS"),
    ]
    written = json.dumps([entry.detail for entry in AuditEntry.objects.all()])
    assert not [secret for secret in ("Phantom", "Muster", '"P1"') if secret in written]

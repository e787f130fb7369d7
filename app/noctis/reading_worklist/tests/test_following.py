"""Rows of the worklist follow images, orders and their priority, through the announcements of the lower apps."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from noctis.archive import indexer
from noctis.archive.models import Study, StudyStatus
from noctis.archive.tests.factories import ROOT, deliver, image, reception
from noctis.modality_worklist.actions import cancel_step, change_step
from noctis.modality_worklist.models import ScheduledProcedureStep
from noctis.modality_worklist.tests.factories import particulars, scheduled
from noctis.notifications.models import Notification
from noctis.reading_worklist.following import catch_up
from noctis.reading_worklist.models import ReadingTask, Status, Urgency

pytestmark = pytest.mark.django_db

OTHER_UID = "2.25.4711"


@pytest.fixture
def following(data_dir, django_capture_on_commit_callbacks):
    """Give a function that runs another and then what it announced."""

    def run(function, *arguments, **named):
        with django_capture_on_commit_callbacks(execute=True):
            return function(*arguments, **named)

    return run


def soon(**changes):
    """Return the particulars of a CT in an hour."""
    start = timezone.localtime() + timedelta(hours=1)
    return {"start_date": start.date(), "start_time": start.time().replace(microsecond=0), **changes}


def arrive(following, number: int = 1, **attributes: Any) -> None:
    deliver(image(instance=number, **attributes), reception())
    following(indexer.index_spool)


def settle(following, monkeypatch) -> None:
    monkeypatch.setattr(indexer, "QUIET_BEFORE_READY", timedelta(seconds=-15))
    following(indexer.settle_studies)


def test_images_make_a_row_that_is_arriving_and_then_ready(following, monkeypatch):
    arrive(following, BodyPartExamined="CHEST", StudyDescription="Thorax", AccessionNumber="A1")
    row = ReadingTask.objects.get()
    assert (row.status, row.is_arriving, row.priority) == (Status.ARRIVING, True, Urgency.ROUTINE)
    assert (row.patient_name, row.body_parts, row.description) == ("Phantom^Ada", "CHEST", "Thorax")
    assert row.due_at - row.received_at == timedelta(hours=24)
    settle(following, monkeypatch)
    row.refresh_from_db()
    assert (row.status, row.is_arriving) == (Status.READY, False)
    arrive(following, 2, BodyPartExamined="ABDOMEN")
    row.refresh_from_db()
    assert (row.status, row.instance_count) == (Status.ARRIVING, 2)


@pytest.mark.parametrize(
    ("attribute", "stated", "urgency"),
    [
        ("RequestedProcedurePriority", "STAT", Urgency.STAT),
        ("RequestedProcedurePriority", "HIGH", Urgency.URGENT),
        ("StudyPriorityID", "HIGH", Urgency.URGENT),
        ("StudyPriorityID", "MED", Urgency.ROUTINE),
        ("RequestedProcedurePriority", "nonsense", Urgency.ROUTINE),
    ],
)
def test_images_may_state_their_priority(following, attribute, stated, urgency):
    arrive(following, **{attribute: stated})
    assert ReadingTask.objects.get().priority == urgency


def test_an_order_is_a_row_until_its_images_come_under_its_own_uid(following):
    following(scheduled, **soon(study_instance_uid=f"{ROOT}.1", priority="high"))
    order = ReadingTask.objects.get()
    assert (order.status, order.study, order.priority) == (Status.SCHEDULED, None, Urgency.URGENT)
    assert (order.patient_identifier, order.modalities, order.description) == ("P1", "CT", "CT thorax")
    assert order.due_at - order.clock_started_at == timedelta(hours=4)
    arrive(following)
    row = ReadingTask.objects.get()
    assert (row.pk, row.status, row.priority) == (order.pk, Status.ARRIVING, Urgency.URGENT)


def test_images_under_another_uid_are_matched_by_accession_number_and_patient(following):
    following(scheduled, **soon(study_instance_uid=OTHER_UID, priority="stat", accession_number="A1"))
    arrive(following, AccessionNumber="A1", PatientID="P1")
    row = ReadingTask.objects.get()
    assert (row.study_instance_uid, row.priority, row.is_order) == (f"{ROOT}.1", Urgency.STAT, False)


def test_the_order_of_another_patient_is_not_taken_for_this_one(following):
    following(scheduled, **soon(study_instance_uid=OTHER_UID, priority="stat", accession_number="A1"))
    arrive(following, AccessionNumber="A1", PatientID="P2")
    assert {(row.is_order, row.priority) for row in ReadingTask.objects.all()} == {
        (True, Urgency.STAT),
        (False, Urgency.ROUTINE),
    }


def test_an_order_that_comes_after_its_images_still_says_how_urgent_they_are(following):
    arrive(following, AccessionNumber="A1", PatientID="P1")
    following(scheduled, **soon(study_instance_uid=OTHER_UID, priority="stat", accession_number="A1"))
    assert ReadingTask.objects.get().priority == Urgency.STAT


def test_a_cancelled_order_leaves_the_list_and_a_changed_one_is_followed(following):
    step = following(scheduled, **soon(study_instance_uid=OTHER_UID))
    following(change_step, step, particulars(**soon(patient_name="Other^Name", priority="stat")))
    row = ReadingTask.objects.get()
    assert (row.patient_name, row.priority) == ("Other^Name", Urgency.STAT)
    following(cancel_step, ScheduledProcedureStep.objects.get())
    assert not ReadingTask.objects.exists()


def test_a_priority_set_by_hand_stays_unless_the_order_becomes_more_urgent(following):
    step = following(scheduled, **soon(study_instance_uid=OTHER_UID))
    ReadingTask.objects.update(priority=Urgency.URGENT)
    following(change_step, step, particulars(**soon(priority="low")))
    assert ReadingTask.objects.get().priority == Urgency.URGENT
    following(change_step, ScheduledProcedureStep.objects.get(), particulars(**soon(priority="stat")))
    assert ReadingTask.objects.get().priority == Urgency.STAT


def test_what_was_missed_is_caught_up_once(following):
    deliver(image(), reception())
    indexer.index_spool()
    scheduled(**soon(study_instance_uid=OTHER_UID, patient_identifier="P9", accession_number="A9"))
    ReadingTask.objects.all().delete()  # as if the process had ended before it could announce
    since = timezone.now() - timedelta(hours=1)
    assert catch_up(since) == 2
    rows = dict(ReadingTask.objects.values_list("study_instance_uid", "changed_at"))
    assert set(rows) == {f"{ROOT}.1", OTHER_UID}
    assert catch_up(since) == 0
    assert dict(ReadingTask.objects.values_list("study_instance_uid", "changed_at")) == rows
    ScheduledProcedureStep.objects.update(status="cancelled")
    assert catch_up(since) == 1
    assert set(ReadingTask.objects.values_list("study_instance_uid", flat=True)) == {f"{ROOT}.1"}


def test_following_again_changes_nothing(following):
    arrive(following)
    before = ReadingTask.objects.values().get()
    Study.objects.update(status=StudyStatus.ARRIVING)
    catch_up(timezone.now() - timedelta(hours=1))
    assert ReadingTask.objects.values().get() == before


def test_readers_are_told_of_a_stat_study_when_it_is_complete(following, people, monkeypatch):
    arrive(following, RequestedProcedurePriority="STAT")
    assert not Notification.objects.exists()
    settle(following, monkeypatch)
    assert [told.user for told in Notification.objects.filter(event="study_stat")] == [people.radiologist]

"""What modalities say to have made and did not send: counted, named, and forgotten when it arrives."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import OperationalError
from django.utils import timezone
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from noctis.accounts.models import Role, User
from noctis.archive import indexer
from noctis.archive.models import Study, StudyStatus
from noctis.archive.tests.factories import deliver, image, reception
from noctis.audit.models import Action, AuditEntry
from noctis.modality_worklist.models import PerformedProcedureStep
from noctis.modality_worklist.performed_actions import (
    Reporter,
    begin_performed_step,
    change_performed_step,
    give_up_missing,
)
from noctis.modality_worklist.tests.factories import STUDY, facility, final, report
from noctis.modality_worklist.tests.factories import image as reference
from noctis.network import scheduled_studies
from noctis.network.missing_images import missing_by_study, missing_of
from noctis.network.scheduled_studies import look_again

pytestmark = pytest.mark.django_db
UID = f"{STUDY}.99"


@pytest.fixture
def end(django_capture_on_commit_callbacks):
    """Give ``end(uid)``: a modality of the north begins a step and ends it."""

    def report_all(uid: str = UID, code: str = "NORTH", **changes) -> PerformedProcedureStep:
        reporter = Reporter(facility(code), "CT1")
        begin_performed_step(uid, report(), reporter=reporter)
        with django_capture_on_commit_callbacks(execute=True):
            change_performed_step(uid, final(**{"images": 3, **changes}), reporter=reporter)
        return PerformedProcedureStep.objects.get(sop_instance_uid=uid)

    return report_all


def arrive(*numbers: int, code: str = "NORTH") -> None:
    for number in numbers:
        sent = image(
            StudyInstanceUID=STUDY, SeriesInstanceUID=f"{STUDY}.1", SOPInstanceUID=f"{STUDY}.1.{number}", PatientID="P1"
        )
        deliver(sent, reception(code))
    indexer.index_spool()


def lacking() -> dict[str, int | None]:
    steps = PerformedProcedureStep.objects.lacking_instances()
    return dict(steps.values_list("sop_instance_uid", "missing_count"))


def reader(role: str = Role.TECHNICIAN, code: str = "NORTH") -> User:
    return User.objects.create_user(f"{role}-{code}", role=role, facility=facility(code))


def test_images_that_come_after_the_report_are_missed_no_more(data_dir, end):
    end()
    assert lacking() == {UID: 3}
    arrive(1, 2)
    assert lacking() == {UID: 1}
    arrive(3)
    assert lacking() == {}


def test_images_that_came_before_the_report_are_not_missed(data_dir, end):
    arrive(1, 2, 3)
    assert end().missing_count == 0


def test_a_step_under_way_misses_nothing(data_dir):
    begin_performed_step(UID, report(), reporter=Reporter(facility(), "CT1"))
    arrive(1)
    assert look_again() == 0
    assert PerformedProcedureStep.objects.get().missing_count is None


def test_images_of_another_facility_are_not_those(data_dir, end):
    end()
    arrive(1, 2, 3, code="SOUTH")
    assert lacking() == {UID: 3}


def test_what_could_not_be_counted_is_counted_later(data_dir, end, monkeypatch, caplog):
    def away(*_args, **_options):
        raise OperationalError("Phantom^Ada")

    with monkeypatch.context() as patched:
        patched.setattr(scheduled_studies, "note_missing", away)
        end()
    assert "missing images could not be counted: OperationalError" in caplog.text
    assert "Phantom" not in caplog.text
    assert lacking() == {}
    assert look_again() == 1
    assert lacking() == {UID: 3}


def test_an_image_named_in_two_series_is_missed_once(data_dir, end):
    series = []
    for number in (1, 2):
        one = Dataset()
        one.SeriesInstanceUID, one.ProtocolName = f"{STUDY}.{number}", "Thorax"
        one.ReferencedImageSequence = Sequence([reference(1), reference(2)])
        series.append(one)
    step = end(PerformedSeriesSequence=Sequence(series))
    assert step.missing_count == 2
    (missing,) = missing_of([step], reader())
    assert [len(one.not_received) for one in missing.series] == [2]


def test_two_steps_of_one_study_are_told_apart(data_dir, end):
    end()
    end(f"{STUDY}.98", images=1)
    arrive(1)
    assert lacking() == {UID: 2}


def test_what_lies_in_quarantine_is_named_so(data_dir, end):
    end()
    arrive(2)
    deliver(
        image(study=2, SOPInstanceUID=f"{STUDY}.1.2", Rows=8), reception()
    )  # other bytes, the image itself is there
    foreign: dict[str, Any] = {"StudyInstanceUID": STUDY, "PatientID": "P9", "PatientName": "Phantom^Bob"}
    deliver(image(SOPInstanceUID=f"{STUDY}.1.3", **foreign), reception())
    indexer.index_spool()
    (missing,) = missing_of(PerformedProcedureStep.objects.lacking_instances(), reader())
    (series,) = missing.series
    assert (series.expected, series.not_received, series.quarantined) == (3, [f"{STUDY}.1.1"], [f"{STUDY}.1.3"])


def test_a_young_report_and_arriving_images_are_no_reason_to_worry(data_dir, end):
    step = end(status="DISCONTINUED")
    (missing,) = missing_of([step], reader())
    assert missing.may_be_on_their_way
    assert missing.was_discontinued
    PerformedProcedureStep.objects.update(changed_at=timezone.now() - timedelta(minutes=11))
    step.refresh_from_db()
    assert not missing_of([step], User.objects.get())[0].may_be_on_their_way
    arrive(1)
    (missing,) = missing_of([step], User.objects.get())
    assert missing.study is not None
    assert missing.may_be_on_their_way


def test_a_study_that_settled_is_known_to_lack_images(data_dir, end):
    end()
    arrive(1)
    studies = list(Study.objects.all())
    technician, stranger = reader(), reader(code="SOUTH")
    assert missing_by_study(technician, studies) == {}
    Study.objects.update(status=StudyStatus.READY)
    studies = list(Study.objects.all())
    assert missing_by_study(technician, studies) == {STUDY: 2}
    assert missing_by_study(stranger, studies) == {}
    assert missing_by_study(reader(Role.FACILITY_USER), studies) == {}


def test_what_will_not_come_is_given_up_and_taken_back(data_dir, end):
    step, technician = end(), reader()
    give_up_missing(step, given_up=True, acting_user=technician)
    give_up_missing(step, given_up=True, acting_user=technician)
    assert lacking() == {}
    entries = AuditEntry.objects.filter(action=Action.PROCEDURE_PERFORMED, user=technician)
    assert [entry.detail["missing_instances_given_up"] for entry in entries] == [True]
    give_up_missing(step, given_up=False, acting_user=technician)
    assert lacking() == {UID: 3}

"""Accepting and rejecting: what is counted, what is written down, and what lets a study be read."""

from __future__ import annotations

import pytest
from pydicom import dcmread

from noctis.archive import indexer
from noctis.archive.actions import check_before_reading
from noctis.archive.models import Instance, Study, StudyStatus
from noctis.archive.signals import studies_ready
from noctis.archive.tests.factories import deliver, image, reception
from noctis.audit.models import Action, AuditEntry
from noctis.quality_control.actions import (
    Choice,
    Verdict,
    accept_study,
    reject,
    restore,
    tell_other_systems,
    undo_acceptance,
)
from noctis.quality_control.models import Acceptance, Rejection, RejectReason
from noctis.quality_control.tests.factories import add_series, study_with_images


@pytest.fixture
def motion(db) -> Verdict:
    # The migration made it; a test that committed may have emptied the table since.
    reason, _ = RejectReason.objects.get_or_create(name="Motion")
    return Verdict(reason, "Breathing", is_repeat_requested=True)


def test_single_images_a_series_or_the_study_are_rejected_and_taken_back(people, motion):
    study = study_with_images(people.north, 3)
    series = add_series(study, 2)
    first = Instance.objects.filter(series__study=study).earliest("pk").sop_instance_uid

    def counted() -> int:
        study.refresh_from_db()
        assert study.rejected_count == Rejection.objects.of_study(study).count()
        return study.accepted_count

    assert reject(study, Choice(images=[first]), motion, acting_user=people.technician) == 1
    assert counted() == 4
    assert reject(study, Choice(series=[series.series_instance_uid]), motion, acting_user=people.technician) == 2
    assert counted() == 2
    assert reject(study, Choice(whole_study=True), motion, acting_user=people.technician) == 2
    assert counted() == 0
    assert restore(study, Choice(images=[first, "2.25.404"]), acting_user=people.technician) == 1
    assert restore(study, Choice(images=[first]), acting_user=people.technician) == 0
    assert counted() == 1
    assert reject(study, Choice(images=[first]), motion, acting_user=people.technician) == 1  # once more
    actions = AuditEntry.objects.order_by("pk").values_list("action", flat=True)
    assert list(actions) == [*["images_rejected"] * 3, "images_unrejected", "images_rejected"]
    assert AuditEntry.objects.filter(action=Action.IMAGES_REJECTED).latest("pk").detail["count"] == 3 - 2


def test_an_image_of_another_study_is_not_touched(people, motion):
    study, other = study_with_images(people.north), study_with_images(people.south)
    uid = Instance.objects.filter(series__study=other).earliest("pk").sop_instance_uid
    assert reject(study, Choice(images=[uid]), motion, acting_user=people.technician) == 0
    assert not Rejection.objects.exists()
    assert not AuditEntry.objects.exists()


def test_a_study_waits_for_acceptance_where_the_facility_wants_that(people, django_capture_on_commit_callbacks):
    told: list[int] = []

    def listen(*, study_ids: list[int], **_: object) -> None:
        told.extend(study_ids)

    studies_ready.connect(listen)
    study = study_with_images(people.north, status=StudyStatus.UNCHECKED)
    check_before_reading(people.north, is_wanted=True, acting_user=people.administrator)

    def status() -> str:
        study.refresh_from_db()
        return study.status

    with django_capture_on_commit_callbacks(execute=True):
        accept_study(study, acting_user=people.technician)
    assert (status(), told) == ("ready", [study.pk])
    assert Acceptance.objects.get().instance_count == 3
    assert undo_acceptance(study, acting_user=people.technician)
    assert not undo_acceptance(study, acting_user=people.technician)
    assert status() == "unchecked"
    with django_capture_on_commit_callbacks(execute=True):
        check_before_reading(people.north, is_wanted=False, acting_user=people.administrator)
    assert (status(), told) == ("ready", [study.pk, study.pk])
    studies_ready.disconnect(listen)

    accept_study(study, acting_user=people.technician)
    undo_acceptance(study, acting_user=people.technician)
    assert status() == "ready"  # nobody wants it to wait


def test_arrived_studies_are_checked_first_where_wanted(people):
    check_before_reading(people.north, is_wanted=True, acting_user=people.administrator)
    long_ago = "2020-01-01T00:00:00Z"
    north = study_with_images(people.north, status=StudyStatus.ARRIVING, changed_at=long_ago)
    south = study_with_images(people.south, status=StudyStatus.ARRIVING, changed_at=long_ago)
    indexer.settle_studies()
    assert Study.objects.get(pk=north.pk).status == StudyStatus.UNCHECKED
    assert Study.objects.get(pk=south.pk).status == StudyStatus.READY


@pytest.mark.django_db(transaction=True)
def test_other_systems_are_told_once_and_nothing_counts_as_arriving(data_dir, people, motion):
    for number in (1, 2, 3):
        deliver(image(instance=number), reception("NORTH"))
    indexer.index_spool()
    study = Study.objects.get()
    Study.objects.update(status=StudyStatus.READY)
    uids = [one.sop_instance_uid for one in Choice(whole_study=True).among(study)]
    reject(study, Choice(images=uids[:2]), motion, acting_user=people.technician)
    assert tell_other_systems(study, acting_user=people.technician, address=None) == 2
    assert tell_other_systems(study, acting_user=people.technician, address=None) == 0
    indexer.index_spool()

    note = Instance.objects.select_related("series").get(series__modality="KO")
    written = dcmread(data_dir.storage / note.path)
    assert written.ConceptNameCodeSequence[0].CodeValue == "113001"
    assert written.ConceptNameCodeSequence[0].CodeMeaning == "Rejected for Quality Reasons"
    references = written.CurrentRequestedProcedureEvidenceSequence[0].ReferencedSeriesSequence[0].ReferencedSOPSequence
    assert [one.ReferencedSOPInstanceUID for one in references] == uids[:2]
    assert "Motion: Breathing" in [item.get("TextValue") for item in written.ContentSequence]
    assert set(Rejection.objects.values_list("note_uid", flat=True)) == {note.sop_instance_uid}
    assert Study.objects.get().status == StudyStatus.READY

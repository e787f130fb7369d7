"""What hangs on a study or patient that is merged, moved or split: none of it is lost or at the wrong patient."""

from __future__ import annotations

from functools import partial
from uuid import uuid4

import pytest
from django.utils import timezone

from noctis.accounts.models import Role, User
from noctis.archive import indexer
from noctis.archive.authored import begin_object, put_into_archive
from noctis.archive.models import Instance, Study
from noctis.archive.tests.factories import ROOT, image
from noctis.corrections import actions
from noctis.corrections.plans.edits import EditStudy
from noctis.corrections.plans.moves import MoveStudy
from noctis.corrections.plans.structure import MergeStudies, SplitStudy
from noctis.corrections.tests.test_edits import going_out
from noctis.corrections.tests.test_structure import BORIS, fresh
from noctis.key_images.models import KeyImage
from noctis.reading_worklist.following import follow_studies
from noctis.reading_worklist.models import ReadingTask
from noctis.reports.models import Report, ReportState
from noctis.viewer.models import Annotation

KEY_OBJECT_SELECTION = "1.2.840.10008.5.1.4.1.1.88.59"


@pytest.fixture
def radiologist(db) -> User:
    return User.objects.create_user("radiologist", role=Role.RADIOLOGIST)


def annotate(study: Study, uid: str, author: User) -> Annotation:
    return Annotation.objects.create(uid=uuid4(), study=study, author=author, content={"sopInstanceUid": uid})


def report_on(study: Study, author: User, *, signed: bool = False) -> Report:
    state = ReportState.FINAL if signed else ReportState.DRAFT
    signature = {"signed_by": author, "signed_at": timezone.now()} if signed else {}
    return Report.objects.create(study=study, author=author, state=state, **signature)


def test_annotations_and_key_images_go_with_their_series_and_come_back(store, correct, radiologist, technician):
    study = store(image(1, 1, 1), image(1, 2, 1))
    stays = annotate(study, f"{ROOT}.1.1.1", radiologist)
    goes = annotate(study, f"{ROOT}.1.2.1", radiologist)
    marked = KeyImage.objects.create(
        instance=Instance.objects.get(sop_instance_uid=f"{ROOT}.1.2.1"), author=radiologist
    )
    series = study.series.get(series_instance_uid=f"{ROOT}.1.2")
    correction = correct(partial(SplitStudy, study, chosen=[series.pk]))
    made = Study.objects.exclude(pk=study.pk).get()
    for one in (stays, goes):
        one.refresh_from_db()
    assert (stays.study, goes.study) == (study, made)
    assert list(KeyImage.objects.all().of_study(made)) == [marked]
    actions.undo(correction, reason="", acting_user=technician)
    goes.refresh_from_db()
    assert goes.study == study
    assert list(KeyImage.objects.all().of_study(study)) == [marked]


def test_a_report_goes_with_a_merged_study_and_comes_back(store, correct, radiologist, technician):
    stays, goes = store(image(1, 1, 1)), store(image(2, 1, 1))
    report = report_on(goes, radiologist, signed=True)
    plan = MergeStudies(goes, target=stays)
    assert "1 signed report is concerned" in plan.warnings[0]
    correction = correct(partial(MergeStudies, goes, target=stays))
    report.refresh_from_db()
    assert report.study == stays
    actions.undo(correction, reason="", acting_user=technician)
    report.refresh_from_db()
    assert report.study == goes


def test_two_studies_with_reports_are_not_merged(store, radiologist):
    stays, goes = store(image(1, 1, 1)), store(image(2, 1, 1))
    report_on(stays, radiologist)
    report_on(goes, radiologist)
    assert "Both studies have a report" in MergeStudies(goes, target=stays).obstacles[0]


def test_a_signed_report_is_warned_of_and_stays_with_its_study(store, correct, radiologist):
    store(image(2, 1, 1, **BORIS))
    study = store(image(1, 1, 1))
    report = report_on(study, radiologist, signed=True)
    assert "signed report" in MoveStudy(study, patient_id="P2").warnings[0]
    correct(partial(MoveStudy, study, patient_id="P2"))
    report.refresh_from_db()
    assert report.study == study
    assert report.study.patient_name == "Beta^Boris"


def test_the_worklist_loses_a_merged_study_and_gets_it_back(
    store, correct, technician, django_capture_on_commit_callbacks
):
    stays, goes = store(image(1, 1, 1)), store(image(2, 1, 1))
    follow_studies([stays.pk, goes.pk])
    with django_capture_on_commit_callbacks(execute=True):
        correction = correct(partial(MergeStudies, goes, target=stays))
    assert list(ReadingTask.objects.values_list("study", "instance_count")) == [(stays.pk, 2)]
    with django_capture_on_commit_callbacks(execute=True):
        actions.undo(correction, reason="", acting_user=technician)
    assert set(ReadingTask.objects.values_list("study", "instance_count")) == {(stays.pk, 1), (goes.pk, 1)}


@pytest.mark.django_db(transaction=True)
def test_an_object_made_here_lands_with_its_images_and_says_what_is_corrected(store, correct, radiologist):
    stays, goes = store(image(1, 1, 1)), store(image(2, 1, 1), image(2, 2, 1))
    correct(partial(EditStudy, fresh(stays), values={"PatientName": "Right^Name"}))
    correct(partial(MergeStudies, fresh(goes), target=fresh(stays)))
    series = fresh(stays).series.get(series_instance_uid=f"{ROOT}.2.2")
    correct(partial(SplitStudy, fresh(stays), chosen=[series.pk]))
    split = Study.objects.exclude(pk__in=[stays.pk, goes.pk]).get()
    for uid, study in ((f"{ROOT}.1.1.1", stays), (f"{ROOT}.2.1.1", stays), (f"{ROOT}.2.2.1", split)):
        beside = Instance.objects.select_related("series__study__facility").get(sop_instance_uid=uid)
        made = begin_object(beside, KEY_OBJECT_SELECTION, "KO", "Key images")
        put_into_archive(made, beside.series.study, acting_user=radiologist, address=None)
        indexer.index_spool()
        filed = Instance.objects.select_related("series__study").get(sop_instance_uid=made.SOPInstanceUID)
        assert filed.series.study == study
        sent = going_out(filed)
        assert sent.StudyInstanceUID == study.study_instance_uid
        assert str(sent.PatientName) == "Right^Name"

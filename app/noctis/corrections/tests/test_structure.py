"""Studies moved, merged and split, with everything that hangs on them, and all of it undone."""

from __future__ import annotations

from functools import partial
from uuid import uuid4

import pytest

from noctis.archive import indexer
from noctis.archive.models import Instance, Patient, QuarantinedObject, Study
from noctis.archive.tests.factories import ROOT, deliver, image
from noctis.corrections import actions
from noctis.corrections.plans import Objection
from noctis.corrections.plans.moves import MergePatients, MoveStudy
from noctis.corrections.plans.structure import MergeStudies, SplitStudy
from noctis.corrections.tests.test_edits import columns, going_out
from noctis.study_notes.models import StudyNote

BORIS = {"PatientID": "P2", "PatientName": "Beta^Boris", "PatientBirthDate": "19500101", "PatientSex": "M"}


def fresh(study: Study) -> Study:
    return Study.objects.select_related("patient", "facility").get(pk=study.pk)


def sent(uid: str):
    return going_out(Instance.objects.select_related("series").get(sop_instance_uid=f"{ROOT}.{uid}"))


def test_a_study_moves_to_the_right_patient_with_what_comes_later(store, correct, technician):
    right = store(image(2, 1, 1, **BORIS))
    study = store(image(1, 1, 1, OtherPatientIDs="OLD", PatientAge="050Y"))
    before = columns()
    correction = correct(partial(MoveStudy, study, patient_id="P2"))
    assert fresh(study).patient == right.patient
    assert fresh(study).patient_name == "Beta^Boris"
    out = sent("1.1.1")
    assert (str(out.PatientName), out.PatientID, out.PatientBirthDate, out.PatientSex) == (
        *("Beta^Boris", "P2", "19500101", "M"),
    )
    assert "OtherPatientIDs" not in out
    assert "PatientAge" not in out
    assert Patient.objects.with_studies().get() == right.patient
    actions.undo(correction, reason="", acting_user=technician)
    assert columns() == before
    correct(partial(MoveStudy, fresh(study), patient_id="P2"))
    store(image(1, 1, 2))
    assert fresh(study).instance_count == 2
    assert sent("1.1.2").PatientID == "P2"


def test_a_study_moves_to_a_patient_whom_nobody_knew(store, correct):
    study = store(image(1, 1, 1))
    correct(partial(MoveStudy, study, patient_id="N1", new_values={"PatientID": "N1", "PatientName": "New^Nora"}))
    assert (fresh(study).patient.identity, fresh(study).patient_name) == ("id:^N1", "New^Nora")


def test_no_patient_of_another_facility_is_found(store, correct, south):
    Patient.objects.create(facility=south, identity="id:^P2", patient_identifier="P2")
    with pytest.raises(Objection):
        MoveStudy(store(image(1, 1, 1)), patient_id="P2")


def test_patients_are_merged_with_all_their_studies(store, correct, technician):
    stays = store(image(9, 1, 1, **BORIS))
    store(image(1, 1, 1), image(2, 1, 1))
    study = store(image(3, 1, 1))
    before = columns()
    correction = correct(partial(MergePatients, study, patient_id="P2"))
    assert set(Study.objects.values_list("patient", flat=True)) == {stays.patient_id}
    assert {sent(f"{n}.1.1").PatientID for n in (1, 2, 3)} == {"P2"}
    actions.undo(correction, reason="", acting_user=technician)
    assert columns() == before


def test_a_merged_study_has_one_uid_and_one_description_on_the_way_out(store, correct, technician):
    stays = store(image(1, 1, 1, StudyDescription="CT chest", AccessionNumber="A1"))
    goes = store(image(2, 1, 1, StudyDescription="CT late", AccessionNumber="A2"), image(2, 2, 1))
    note = StudyNote.objects.create(uid=uuid4(), study=goes, author=technician, text="Kept")
    before = columns()
    correction = correct(partial(MergeStudies, goes, target=stays))
    assert (fresh(stays).series_count, fresh(stays).instance_count) == (3, 3)
    assert not Study.objects.visible_to(technician).filter(pk=goes.pk).exists()
    for uid in ("1.1.1", "2.1.1", "2.2.1"):
        out = sent(uid)
        assert (out.StudyInstanceUID, out.StudyDescription, out.AccessionNumber) == (f"{ROOT}.1", "CT chest", "A1")
    original = sent("2.1.1").OriginalAttributesSequence[0].ModifiedAttributesSequence[0]
    assert (original.StudyInstanceUID, original.AccessionNumber) == (f"{ROOT}.2", "A2")
    note.refresh_from_db()
    assert note.study == stays
    store(image(2, 1, 2), image(2, 7, 1))
    assert (fresh(stays).series_count, fresh(stays).instance_count) == (4, 5)
    assert sent("2.7.1").StudyInstanceUID == f"{ROOT}.1"
    Instance.objects.filter(sop_instance_uid__in=[f"{ROOT}.2.1.2", f"{ROOT}.2.7.1"]).delete()
    actions.undo(correction, reason="", acting_user=technician)
    goes.series.filter(series_instance_uid=f"{ROOT}.2.7").delete()
    note.refresh_from_db()
    assert note.study == goes
    assert sent("2.1.1").StudyInstanceUID == f"{ROOT}.2"
    assert fresh(goes).description == "CT late"
    assert len(before[0][0]) == 2


def test_what_came_after_a_merge_goes_back_with_the_undo(store, correct, technician):
    stays, goes = store(image(1, 1, 1)), store(image(2, 1, 1))
    correction = correct(partial(MergeStudies, goes, target=stays))
    store(image(2, 1, 2), image(2, 7, 1))
    actions.undo(correction, reason="", acting_user=technician)
    assert (fresh(stays).instance_count, fresh(goes).instance_count, fresh(goes).series_count) == (1, 3, 2)


def test_another_persons_image_for_a_merged_study_is_a_conflict(store, correct, north):
    stays, goes = store(image(1, 1, 1)), store(image(2, 1, 1))
    correct(partial(MergeStudies, goes, target=stays))
    deliver(image(2, 1, 2, **BORIS), north)
    indexer.index_spool()
    assert QuarantinedObject.objects.count() == 1
    assert fresh(stays).instance_count == 2


def test_a_split_series_goes_on_in_its_new_study(store, correct, technician):
    study = store(image(1, 1, 1), image(1, 2, 1, SeriesDescription="Other"))
    before = columns()
    series = study.series.get(series_instance_uid=f"{ROOT}.1.2")
    correction = correct(partial(SplitStudy, study, chosen=[series.pk]))
    made = Study.objects.exclude(pk=study.pk).get()
    store(image(1, 2, 2, SeriesDescription="Other"), image(1, 3, 1))
    assert (fresh(made).instance_count, fresh(study).instance_count) == (2, 2)
    assert made.patient == study.patient
    assert {sent(f"1.2.{n}").StudyInstanceUID for n in (1, 2)} == {made.study_instance_uid}
    assert sent("1.1.1").StudyInstanceUID == f"{ROOT}.1"
    Instance.objects.filter(sop_instance_uid__in=[f"{ROOT}.1.2.2", f"{ROOT}.1.3.1"]).delete()
    study.series.filter(series_instance_uid=f"{ROOT}.1.3").delete()
    actions.undo(correction, reason="", acting_user=technician)
    assert fresh(made).instance_count == 0
    assert columns()[0][1] == before[0][1]
    assert fresh(study).series_count == 2


def test_a_series_is_split_off_into_a_study_that_is_there(store, correct):
    other = store(image(2, 1, 1, **BORIS, AccessionNumber="B"))
    study = store(image(1, 1, 1), image(1, 2, 1))
    series = study.series.get(series_instance_uid=f"{ROOT}.1.2")
    correct(partial(SplitStudy, study, chosen=[series.pk], target=other))
    out = sent("1.2.1")
    assert (out.StudyInstanceUID, out.PatientID, out.AccessionNumber) == (f"{ROOT}.2", "P2", "B")
    assert fresh(other).patient_name == "Beta^Boris"


def test_what_refers_to_a_split_series_names_its_new_study(store, correct):
    from pydicom.dataset import Dataset
    from pydicom.sequence import Sequence

    def evidence(study_uid: str, *series: str) -> Dataset:
        item = Dataset()
        item.StudyInstanceUID = study_uid
        item.ReferencedSeriesSequence = Sequence()
        for uid in series:
            one = Dataset()
            one.SeriesInstanceUID = uid
            item.ReferencedSeriesSequence.append(one)
        return item

    selection = image(1, 3, 1, Modality="KO")
    selection.CurrentRequestedProcedureEvidenceSequence = Sequence(
        [evidence(f"{ROOT}.1", f"{ROOT}.1.1", f"{ROOT}.1.2")]
    )
    study = store(image(1, 1, 1), image(1, 2, 1), selection)
    series = study.series.get(series_instance_uid=f"{ROOT}.1.2")
    correct(partial(SplitStudy, study, chosen=[series.pk]))
    made = Study.objects.exclude(pk=study.pk).get()
    out = sent("1.3.1")
    assert [
        (item.StudyInstanceUID, [one.SeriesInstanceUID for one in item.ReferencedSeriesSequence])
        for item in out.CurrentRequestedProcedureEvidenceSequence
    ] == [(f"{ROOT}.1", [f"{ROOT}.1.1"]), (made.study_instance_uid, [f"{ROOT}.1.2"])]


def test_two_studies_with_the_same_series_are_not_merged(store, technician):
    stays = store(image(1, 1, 1))
    goes = store(image(2, 1, 1, SeriesInstanceUID=f"{ROOT}.1.1"))
    plan = MergeStudies(goes, target=stays)
    assert plan.obstacles
    with pytest.raises(actions.Outdated):
        actions.apply(lambda: plan, token=plan.token, reason="", acting_user=technician)

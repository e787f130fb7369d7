"""Attributes put right: the index, what goes out, what arrives later, and all of it undone."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest
from django.conf import settings
from pydicom import dcmread
from pydicom.dataset import Dataset

from noctis.archive import indexer
from noctis.archive.models import Instance, Patient, QuarantinedObject, Series, Study, StudyFlag
from noctis.archive.reindex import reindex
from noctis.archive.tests.factories import ROOT, deliver, image
from noctis.audit.models import Action, AuditEntry
from noctis.corrections import actions
from noctis.corrections.models import Correction, Kind, StudyOverlay
from noctis.corrections.outgoing import corrected
from noctis.corrections.overlays import overlay_of
from noctis.corrections.plans import Objection
from noctis.corrections.plans.edits import EditPatient, EditStudy


def going_out(instance: Instance) -> Dataset:
    path = settings.NOCTIS_DATA.storage / instance.path
    made = corrected(path, instance.data_set_offset, overlay_of(instance.series.study_id))
    if made is None:
        return dcmread(path)
    received = settings.NOCTIS_DATA.incoming / "received.dcm"
    received.write_bytes(b"".join(made.chunks()))
    return dcmread(received)


def columns() -> list[Any]:
    kept = [
        [{k: v for k, v in row.items() if k != "changed_at"} for row in model.objects.order_by("pk").values()]
        for model in (Study, Series)
    ]
    return [kept, list(Patient.objects.with_studies().order_by("pk").values())]


def test_a_corrected_study_is_found_sent_and_indexed_with_its_new_values(store, correct):
    study = store(image(1, 1, 1), image(1, 1, 2), image(1, 2, 1))
    series = study.series.get(series_instance_uid=f"{ROOT}.1.2")
    values = {
        "PatientName": "Fantôme^Ève",
        "PatientBirthDate": "19700203",
        "AccessionNumber": "A-77",
        "StudyDate": "20260103",
        "ReferringPhysicianName": "Röntgen^Clara",
    }
    correct(partial(EditStudy, study, values=values, series_values={series.pk: {"BodyPartExamined": "HEAD"}}))
    study.refresh_from_db()
    assert (study.patient_name, str(study.birth_date), study.accession_number) == ("Fantôme^Ève", "1970-02-03", "A-77")
    assert (str(study.study_date), study.referring_physician) == ("2026-01-03", "Röntgen^Clara")
    assert "fantôme" in study.search_text
    assert set(study.series.values_list("body_part", flat=True)) == {"", "HEAD"}
    sent = going_out(Instance.objects.select_related("series").get(sop_instance_uid=f"{ROOT}.1.2.1"))
    assert (str(sent.PatientName), sent.AccessionNumber, sent.BodyPartExamined) == ("Fantôme^Ève", "A-77", "HEAD")
    before = sent.OriginalAttributesSequence[0].ModifiedAttributesSequence[0]
    assert (str(before.PatientName), before.StudyDate) == ("Phantom^Ada", "20260102")
    assert sent.PixelData == bytes(range(32))
    reindex(0, lambda _: None)
    assert Study.objects.get().patient_name == "Fantôme^Ève"


def test_images_that_arrive_later_are_corrected_too_and_raise_no_flag(store, correct, north):
    study = store(image(1, 1, 1))
    correct(partial(EditStudy, study, values={"PatientName": "New^Name", "PatientID": "P2"}))
    store(image(1, 1, 2), image(1, 3, 1, SeriesDescription="More"))
    study.refresh_from_db()
    assert (study.instance_count, study.series_count, study.patient_identifier) == (3, 2, "P2")
    assert Study.objects.count() == 1
    assert not StudyFlag.objects.exists()
    assert not QuarantinedObject.objects.exists()
    sent = going_out(Instance.objects.select_related("series").get(sop_instance_uid=f"{ROOT}.1.3.1"))
    assert (str(sent.PatientName), sent.PatientID) == ("New^Name", "P2")


def test_another_persons_image_for_a_corrected_study_is_still_a_conflict(store, correct, north):
    study = store(image(1, 1, 1))
    correct(partial(EditStudy, study, values={"PatientID": "P2"}))
    deliver(image(1, 1, 2, PatientID="SOMEBODY"), north)
    indexer.index_spool()
    assert QuarantinedObject.objects.get().sop_instance_uid == f"{ROOT}.1.1.2"


def test_a_patient_is_corrected_with_all_studies(store, correct):
    store(image(1, 1, 1), image(2, 1, 1, AccessionNumber="B"))
    study = store(image(3, 1, 1))
    correct(partial(EditPatient, study, values={"PatientID": "P9", "AccessionNumber": "C"}))
    assert set(Study.objects.values_list("patient_identifier", flat=True)) == {"P9"}
    assert sorted(Study.objects.values_list("accession_number", flat=True)) == ["", "B", "C"]
    patient = Patient.objects.with_studies().get()
    assert (patient.identity, patient.studies.count()) == ("id:^P9", 3)


@pytest.mark.parametrize("make", [EditStudy, EditPatient])
def test_an_undo_brings_everything_back(make, store, correct, technician):
    store(image(2, 1, 1))
    study = store(image(1, 1, 1, PatientAge="030Y"))
    before = columns()
    first = correct(partial(make, study, values={"PatientName": "First", "PatientID": "P7"}))
    study = Study.objects.select_related("patient", "facility").get(pk=study.pk)
    second = correct(partial(make, study, values={"PatientBirthDate": "19800101"}))
    assert "PatientAge" not in going_out(Instance.objects.get(series__study=study))
    with pytest.raises(actions.CannotUndo):
        actions.undo(first, reason="", acting_user=technician)
    actions.undo(second, reason="it was right", acting_user=technician)
    assert going_out(Instance.objects.get(series__study=study)).PatientAge == "030Y"
    actions.undo(first, reason="it was right", acting_user=technician)
    assert columns() == before
    assert not StudyOverlay.objects.exists()
    assert "OriginalAttributesSequence" not in going_out(Instance.objects.get(series__study=study))
    assert [one.undone_because for one in Correction.objects.all()] == ["it was right"] * 2
    kept = AuditEntry.objects.filter(action__in=[Action.STUDY_CORRECTED, Action.CORRECTION_UNDONE])
    assert kept.count() == 4
    assert "Phantom" not in str(list(kept.values_list("detail", flat=True)))


def test_what_changed_after_the_preview_is_previewed_again(store, technician):
    study = store(image(1, 1, 1))

    def plan() -> EditStudy:
        return EditStudy(Study.objects.select_related("patient", "facility").get(), values={"PatientName": "New"})

    token = plan().token
    store(image(1, 1, 2))
    with pytest.raises(actions.Outdated):
        actions.apply(plan, token=token, reason="", acting_user=technician)
    assert not Correction.objects.exists()
    actions.apply(plan, token=plan().token, reason="", acting_user=technician)
    assert Correction.objects.get().kind == Kind.EDIT_STUDY
    assert study.instance_count == 1


def test_an_id_that_another_patient_has_is_no_edit(store):
    store(image(2, 1, 1, PatientID="P2"))
    study = store(image(1, 1, 1))
    with pytest.raises(Objection):
        EditStudy(study, values={"PatientID": "P2"})
    with pytest.raises(Objection):
        EditPatient(study, values={"PatientID": "P2"})
    with pytest.raises(Objection):
        EditStudy(study, values={"PatientName": "Phantom^Ada"})

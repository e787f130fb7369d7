"""Reports as objects of their study: valid by others' programs, complete, and the same when made twice."""

from __future__ import annotations

import io
import subprocess
from pathlib import Path

import pytest
from pydicom import dcmread
from pydicom.dataset import Dataset

from noctis.archive import indexer
from noctis.archive.models import Instance, QuarantinedObject
from noctis.archive.tests.factories import deliver, image, reception
from noctis.reports import actions
from noctis.reports.models import Report
from noctis.reports.output.courier import carry_out
from noctis.reports.output.dicom_objects import BASIC_TEXT_SR, ENCAPSULATED_PDF, instance_uid, text_sr
from noctis.reports.output.editions import current_edition, file_of
from noctis.reports.output.models import DeliveryKind, DeliveryState, ReportDelivery
from noctis.reports.output.queue import begin_next, send_again
from noctis.reports.output.tests.papers import PASSWORD, doc, signed_report

pytestmark = pytest.mark.django_db(transaction=True)


def work() -> None:
    """Do what is queued, as the process for outgoing work does, and index what it stored."""
    while (delivery := begin_next(None)) is not None:
        carry_out(delivery)
    indexer.index_spool()


@pytest.fixture
def report(people, data_dir) -> Report:
    """Give a signed report with a key image, whose study has one image."""
    deliver(image(AccessionNumber="A7", PatientName="Yamada^Tarou=山田^太郎"), reception("NORTH"))
    indexer.index_spool()
    instance = Instance.objects.select_related("series__study__facility").get()
    shown = {"type": "keyImage", "attrs": {"instance": instance.sop_instance_uid, "frame": 1, "center": 8, "width": 4}}
    findings = doc("Größe normal, 肝臓 unauffällig.", "Second line.")
    findings["content"].append(shown)
    signed = signed_report(
        instance.series.study, people.radiologist, findings=findings, impression=doc("No focal lesion.")
    )
    return Report.objects.select_related("study__facility", "signed_by").get(pk=signed.pk)


def stored(sop_class: str) -> list[Dataset]:
    from django.conf import settings

    rows = Instance.objects.filter(sop_class_uid=sop_class).order_by("instance_number")
    return [dcmread(settings.NOCTIS_DATA.storage / row.path) for row in rows]


def test_a_signed_report_lies_in_its_study_as_pdf_and_as_text(people, report, tmp_path):
    work()
    assert set(ReportDelivery.objects.values_list("state", flat=True)) == {DeliveryState.DONE}
    (pdf,), (text,) = stored(ENCAPSULATED_PDF), stored(BASIC_TEXT_SR)
    edition = current_edition(report)
    assert edition is not None
    assert pdf.EncapsulatedDocument[: pdf.EncapsulatedDocumentLength] == file_of(edition).path.read_bytes()
    assert (pdf.DocumentTitle, pdf.ConceptNameCodeSequence[0].CodeValue) == ("Radiology report", "18748-4")
    assert str(pdf.PatientName) == str(text.PatientName) == "Yamada^Tarou=山田^太郎"
    assert pdf.AccessionNumber == text.AccessionNumber == "A7"
    assert text.VerifyingObserverSequence[0].VerifyingObserverName == "radiologist"
    containers = {
        item.ConceptNameCodeSequence[0].CodeMeaning: item.ContentSequence
        for item in text.ContentSequence
        if item.ValueType == "CONTAINER"
    }
    assert list(containers) == ["Findings", "Impressions"]
    assert containers["Findings"][0].TextValue == "Größe normal, 肝臓 unauffällig.\r\nSecond line.\r\n[Key image]"
    source = pdf.SourceInstanceSequence[0].ReferencedSOPInstanceUID
    assert containers["Findings"][1].ReferencedSOPSequence[0].ReferencedSOPInstanceUID == source
    evidence = text.CurrentRequestedProcedureEvidenceSequence[0].ReferencedSeriesSequence[0]
    assert evidence.ReferencedSOPSequence[0].ReferencedSOPInstanceUID == source


def test_other_programs_find_the_objects_valid(report, tmp_path):
    actions.add(report.study, doc("Compared with 2019."), PASSWORD, acting_user=report.signed_by)
    work()
    for number, made in enumerate([*stored(ENCAPSULATED_PDF), *stored(BASIC_TEXT_SR)]):
        path = tmp_path / f"{number}.dcm"
        made.save_as(path)
        run = subprocess.run(["dciodvfy", "-new", path], capture_output=True, text=True, check=False)
        errors = [line for line in (run.stdout + run.stderr).splitlines() if line.startswith("Error")]
        assert errors == []
        if made.SOPClassUID == BASIC_TEXT_SR:
            dump = subprocess.run(["dsrdump", "+Pl", "+U8", path], capture_output=True, text=True, check=False)
            assert dump.returncode == 0, dump.stderr
            assert "肝臓 unauffällig" in dump.stdout


def test_an_addendum_makes_new_objects_that_name_those_before(report):
    work()
    actions.add(report.study, doc("Compared with 2019: unchanged."), PASSWORD, acting_user=report.signed_by)
    work()
    for sop_class in (ENCAPSULATED_PDF, BASIC_TEXT_SR):
        first, second = stored(sop_class)
        assert first.SeriesInstanceUID == second.SeriesInstanceUID
        (before,) = second.PredecessorDocumentsSequence
        (series,) = before.ReferencedSeriesSequence
        assert series.SeriesInstanceUID == first.SeriesInstanceUID
        assert series.ReferencedSOPSequence[0].ReferencedSOPInstanceUID == first.SOPInstanceUID
        assert "PredecessorDocumentsSequence" not in first
    assert [len(one.VerifyingObserverSequence) for one in stored(BASIC_TEXT_SR)] == [1, 2]
    words = stored(BASIC_TEXT_SR)[1].ContentSequence[-1]
    assert words.ConceptNameCodeSequence[0].CodeMeaning == "Addendum"
    assert words.ContentSequence[-1].TextValue == "Compared with 2019: unchanged."


def test_what_was_stored_before_a_crash_is_stored_once(report):
    work()
    before = Instance.objects.count()
    for delivery in ReportDelivery.objects.select_related("edition__report__study__facility"):
        send_again(delivery, acting_user=report.signed_by)
    work()
    assert Instance.objects.count() == before
    # Also where the index did not know it yet: the very same bytes arrive once more.
    edition = current_edition(report)
    assert edition is not None
    twice = [_bytes(text_sr(edition)) for _ in range(2)]
    assert twice[0] == twice[1]
    assert not QuarantinedObject.objects.exists()
    assert Instance.objects.filter(sop_instance_uid=instance_uid(edition, DeliveryKind.TEXT_SR)).count() == 1


def test_a_report_on_a_study_without_images_waits_and_says_why(people, data_dir):
    from noctis.reading_worklist.tests.factories import make_study

    signed_report(make_study(people.north), people.radiologist)
    work()
    states = dict(ReportDelivery.objects.values_list("kind", "state"))
    assert states[DeliveryKind.FILE] == DeliveryState.DONE
    waiting = ReportDelivery.objects.get(kind=DeliveryKind.TEXT_SR)
    assert (waiting.state, waiting.attempts) == (DeliveryState.WAITING, 1)
    assert "has no images yet" in waiting.last_error


def _bytes(dataset: Dataset) -> bytes:
    output = io.BytesIO()
    dataset.save_as(output, implicit_vr=False, little_endian=True)
    return output.getvalue()


def test_nothing_is_queued_for_a_draft(people, data_dir, tmp_path: Path):
    from noctis.reading_worklist.tests.factories import make_study

    study = make_study(people.north)
    actions.save(study, {"findings": doc("Words.")}, 0, acting_user=people.radiologist)
    actions.release(study, 1, acting_user=people.radiologist)
    assert not ReportDelivery.objects.exists()

"""From the ingest door to the index: what is acknowledged is filed, once, under the right patient."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.conf import settings
from pydicom import config as pydicom_config
from pydicom import dcmread
from pydicom.dataelem import DataElement

from noctis.archive import indexer
from noctis.archive.ingest import NotStorable, discard_unfinished, receive
from noctis.archive.models import Instance, Patient, QuarantinedObject, Series, Study, StudyStatus
from noctis.archive.signals import series_changed
from noctis.archive.tests.factories import ROOT, deliver, image, reception, write
from noctis.audit.models import Action, AuditEntry

pytestmark = pytest.mark.django_db


def test_an_object_is_filed_under_its_patient_study_and_series(data_dir):
    delivery = reception()
    receipt = deliver(image(StudyDescription="Thorax", PatientName="Müller^Änne"), delivery)
    assert indexer.index_spool() == 1
    instance = Instance.objects.select_related("series__study__patient").get()
    study = instance.series.study
    assert (study.patient_name, study.patient_identifier, study.description) == ("Müller^Änne", "P1", "Thorax")
    assert (study.instance_count, study.series_count, study.modalities) == (1, 1, "CT")
    assert study.status == StudyStatus.ARRIVING
    assert instance.sha256 == receipt.sha256
    assert instance.reception == delivery
    assert list(settings.NOCTIS_DATA.ready.iterdir()) == []


def test_the_stored_bytes_are_the_received_bytes_and_private(data_dir):
    source = write(image(), settings.NOCTIS_DATA.incoming / "a.dcm")
    original = source.read_bytes()
    receive(source, reception())
    indexer.index_spool()
    stored = settings.NOCTIS_DATA.storage / Instance.objects.get().path
    assert stored.read_bytes() == original
    assert stored.stat().st_mode & 0o777 == 0o600
    assert stored.parent.stat().st_mode & 0o777 == 0o700
    assert stored.stat().st_nlink == 1


def test_the_offset_of_the_pixels_is_known(data_dir):
    deliver(image(), reception())
    indexer.index_spool()
    instance = Instance.objects.get()
    stored = (settings.NOCTIS_DATA.storage / instance.path).read_bytes()
    assert instance.pixel_data_length == 32
    assert stored[instance.pixel_data_offset :] == bytes(range(32))


def test_the_same_bytes_again_change_nothing(data_dir):
    delivery = reception()
    deliver(image(), delivery)
    indexer.index_spool()
    deliver(image(), delivery)
    indexer.index_spool()
    assert Instance.objects.count() == 1
    assert Study.objects.get().instance_count == 1
    assert not QuarantinedObject.objects.exists()


def test_the_same_object_twice_in_one_batch_is_filed_once(data_dir):
    delivery = reception()
    deliver(image(), delivery)
    deliver(image(), delivery)
    indexer.index_spool()
    assert Study.objects.get().instance_count == 1


def test_other_bytes_under_the_same_uid_wait_in_quarantine(data_dir):
    delivery = reception()
    deliver(image(), delivery)
    indexer.index_spool()
    deliver(image(PixelData=bytes(32)), delivery)
    indexer.index_spool()
    kept = QuarantinedObject.objects.get()
    assert kept.reason == "same_uid_other_bytes"
    assert dcmread(settings.NOCTIS_DATA.quarantine / kept.path).PixelData == bytes(32)
    assert dcmread(settings.NOCTIS_DATA.storage / Instance.objects.get().path).PixelData == bytes(range(32))
    assert AuditEntry.objects.filter(action=Action.OBJECT_QUARANTINED).count() == 1


def test_a_study_under_another_patient_waits_in_quarantine(data_dir):
    delivery = reception()
    deliver(image(), delivery)
    deliver(image(instance=2, PatientID="P2"), delivery)
    indexer.index_spool()
    assert QuarantinedObject.objects.get().reason == "study_of_another_patient"
    assert Study.objects.get().instance_count == 1


def test_a_study_of_another_facility_waits_in_that_facilitys_quarantine(data_dir):
    deliver(image(), reception("NORTH"))
    deliver(image(instance=2), reception("SOUTH"))
    indexer.index_spool()
    kept = QuarantinedObject.objects.get()
    assert kept.reason == "study_of_another_facility"
    assert kept.facility.code == "SOUTH"


def test_a_copy_of_what_another_facility_has_waits_in_each_facilitys_quarantine(data_dir):
    for code in ("NORTH", "SOUTH", "SOUTH", "WEST"):
        deliver(image(), reception(code))
    indexer.index_spool()
    kept = QuarantinedObject.objects.order_by("pk")
    assert [(one.facility.code, one.reason) for one in kept] == [
        ("SOUTH", "study_of_another_facility"),
        ("WEST", "study_of_another_facility"),
    ]
    assert all((settings.NOCTIS_DATA.quarantine / one.path).exists() for one in kept)
    assert Study.objects.get().facility.code == "NORTH"


def test_the_same_patient_id_in_two_facilities_is_two_patients(data_dir):
    deliver(image(study=1), reception("NORTH"))
    deliver(image(study=2), reception("SOUTH"))
    indexer.index_spool()
    assert Patient.objects.count() == 2


def test_two_studies_without_a_patient_id_are_two_patients(data_dir):
    delivery = reception()
    deliver(image(study=1, PatientID=""), delivery)
    deliver(image(study=2, PatientID=""), delivery)
    indexer.index_spool()
    assert Patient.objects.count() == 2


@pytest.mark.parametrize(
    ("attribute", "value"),
    [("SOPInstanceUID", "../../x"), ("StudyInstanceUID", ""), ("SeriesInstanceUID", "1.02.3"), ("SOPClassUID", "x")],
)
def test_an_object_without_valid_uids_is_refused_and_stays_with_its_sender(data_dir, attribute, value):
    dataset = image()
    _set_without_validation(dataset, attribute, value)
    source = write(dataset, settings.NOCTIS_DATA.incoming / "bad.dcm")
    with pytest.raises(NotStorable):
        receive(source, reception())
    assert list(settings.NOCTIS_DATA.ready.iterdir()) == []


def test_truncated_pixel_data_is_refused(data_dir):
    source = write(image(), settings.NOCTIS_DATA.incoming / "short.dcm")
    source.write_bytes(source.read_bytes()[:-10])
    with pytest.raises(NotStorable, match="ends before"):
        receive(source, reception())


def test_what_is_no_dicom_is_refused(data_dir):
    source = settings.NOCTIS_DATA.incoming / "text.dcm"
    source.write_text("hello")
    with pytest.raises(NotStorable):
        receive(source, reception())


def test_a_crash_between_filing_and_clearing_the_spool_files_nothing_twice(data_dir, monkeypatch):
    deliver(image(), reception())
    with monkeypatch.context() as fault:
        fault.setattr(Path, "unlink", _crash)
        with pytest.raises(SystemExit):
            indexer.index_spool()
    assert Instance.objects.count() == 1
    indexer.index_spool()
    assert Study.objects.get().instance_count == 1
    assert list(settings.NOCTIS_DATA.ready.iterdir()) == []


def test_a_crash_before_the_commit_files_the_object_at_the_next_start(data_dir, monkeypatch):
    deliver(image(), reception())
    with monkeypatch.context() as fault:
        fault.setattr(indexer, "make_all_durable", _crash)
        with pytest.raises(SystemExit):
            indexer.index_spool()
    assert Instance.objects.count() == 0
    indexer.index_spool()
    assert (settings.NOCTIS_DATA.storage / Instance.objects.get().path).exists()


def test_one_object_that_the_index_refuses_does_not_hold_up_the_others(data_dir):
    delivery = reception()
    deliver(image(instance=1), delivery)
    deliver(image(instance=2, Rows=4), delivery)
    spoilt = deliver(image(instance=3), delivery).spooled
    spoilt.write_bytes(b"the disk lost this file")
    indexer.index_spool()
    assert Instance.objects.count() == 2
    assert QuarantinedObject.objects.get().reason == "unreadable"


def test_a_foreign_file_in_the_spool_is_set_aside(data_dir):
    (settings.NOCTIS_DATA.ready / "someone-put-this-here.dcm").write_text("x")
    indexer.index_spool()
    assert [path.name for path in settings.NOCTIS_DATA.ready.iterdir()] == ["someone-put-this-here.orphan"]


def test_unfinished_files_are_discarded_at_the_start(data_dir):
    (settings.NOCTIS_DATA.incoming / "half").write_text("x")
    assert discard_unfinished() == 1
    assert list(settings.NOCTIS_DATA.incoming.iterdir()) == []


def test_a_quiet_study_becomes_ready(data_dir, monkeypatch):
    deliver(image(), reception())
    indexer.index_spool()
    indexer.settle_studies()
    assert Study.objects.get().status == StudyStatus.ARRIVING
    monkeypatch.setattr(indexer, "QUIET_BEFORE_READY", -indexer.QUIET_BEFORE_READY)
    indexer.settle_studies()
    assert Study.objects.get().status == StudyStatus.READY


def test_changed_series_are_announced_and_counts_add_up(data_dir):
    announced: list[int] = []

    def listen(series_ids: list[int], **_: object) -> None:
        announced.extend(series_ids)

    series_changed.connect(listen, weak=False)
    try:
        delivery = reception()
        for number in range(1, 4):
            deliver(image(series=1, instance=number), delivery)
        deliver(image(series=2, instance=1, Modality="SR"), delivery)
        indexer.index_spool()
        deliver(image(series=2, instance=2, Modality="SR"), delivery)
        indexer.index_spool()
    finally:
        series_changed.disconnect(listen)
    study = Study.objects.get()
    assert (study.series_count, study.instance_count, study.modalities) == (2, 5, "CT\\SR")
    assert list(Series.objects.order_by("series_instance_uid").values_list("instance_count", flat=True)) == [3, 2]
    assert set(announced) == set(Series.objects.values_list("pk", flat=True))


def test_no_path_is_made_from_what_a_peer_wrote(data_dir):
    deliver(image(PatientName="../../etc/passwd", PatientID="../x"), reception())
    indexer.index_spool()
    path = Instance.objects.get().path
    assert path.split("/")[2:] == [f"{ROOT}.1", f"{ROOT}.1.1.1-{Instance.objects.get().sha256[:12]}.dcm"]


def _crash(*_args: object, **_kwargs: object) -> None:
    raise SystemExit


def _set_without_validation(dataset, keyword, value):
    element = DataElement(keyword, "UI", value, validation_mode=pydicom_config.IGNORE)
    dataset[keyword] = element

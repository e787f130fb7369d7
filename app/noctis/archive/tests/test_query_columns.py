"""The columns that queries need are filled when an object is filed, and for what was filed before."""

from __future__ import annotations

from datetime import date, time
from importlib import import_module

import pytest
from django.apps import apps
from django.conf import settings
from pydicom.dataset import Dataset

from noctis.archive import indexer
from noctis.archive.ingest import receive
from noctis.archive.models import Patient, Series, Study
from noctis.archive.tests.factories import CT_IMAGE, deliver, image, reception, write

pytestmark = pytest.mark.django_db

FILL = import_module("noctis.archive.migrations.0003_fill_query_columns")
FOLDED = "\nyamada^tarou\n山田^太郎\n\n"
SR = "1.2.840.10008.5.1.4.1.1.88.11"


def request(**values: str) -> Dataset:
    item = Dataset()
    for keyword, value in values.items():
        setattr(item, keyword, value)
    return item


@pytest.fixture
def filed(data_dir) -> Study:
    delivery = reception()
    deliver(
        image(
            PatientName="YAMADA^Tarou=山田^太郎",
            ReferringPhysicianName="Größ^Änne",
            InstitutionName="North",
            TimezoneOffsetFromUTC="+0100",
            StationName="CT2",
            ProtocolName="Thorax",
            Laterality="L",
            PerformedProcedureStepStartDate="20260102",
            PerformedProcedureStepStartTime="030405.5",
            RequestAttributesSequence=[
                request(RequestedProcedureID="RP1", ScheduledProcedureStepID="SPS1", AccessionNumber="A1"),
                request(RequestedProcedureID="RP1", ScheduledProcedureStepID="SPS2"),
            ],
        ),
        delivery,
    )
    indexer.index_spool()
    deliver(image(series=2, PatientName="YAMADA^Tarou=山田^太郎", SOPClassUID=SR), delivery)
    indexer.index_spool()
    return Study.objects.get()


def test_names_are_folded_for_searching(filed):
    assert filed.patient.name_index == filed.patient_name_index == FOLDED
    assert filed.referring_physician_index == "\ngross^anne\n\n\n"


def test_a_study_knows_its_sop_classes_institution_and_time_zone(filed):
    assert filed.sop_class_list == [CT_IMAGE, SR]
    assert (filed.institution, filed.timezone_offset) == ("North", "+0100")


def test_a_series_knows_what_it_was_made_for_and_where(filed):
    series = Series.objects.get(series_instance_uid__endswith=".1.1")
    assert (series.station, series.protocol, series.laterality) == ("CT2", "Thorax", "L")
    assert (series.performed_step_date, series.performed_step_time) == (date(2026, 1, 2), time(3, 4, 5, 500000))
    assert list(
        series.requests.order_by("pk").values_list("requested_procedure_id", "scheduled_step_id", "accession_number")
    ) == [("RP1", "SPS1", "A1"), ("RP1", "SPS2", "")]


@pytest.mark.parametrize("value", ["*", "no item at all"])
def test_a_broken_sequence_keeps_no_object_from_its_place(data_dir, value):
    dataset = image()
    dataset.add_new(0x00400275, "UT", value)
    file = write(dataset, settings.NOCTIS_DATA.incoming / "broken.dcm")
    file.write_bytes(file.read_bytes().replace(b"\x40\x00\x75\x02UT", b"\x40\x00\x75\x02SQ"))
    receive(file, reception())
    indexer.index_spool()
    assert Series.objects.get().requests.count() == 0


def test_what_was_filed_before_is_filled_by_the_migration(filed):
    Patient.objects.update(name_index="")
    Study.objects.update(patient_name_index="", referring_physician_index="", sop_classes="")
    FILL.fold_names(apps, None)
    FILL.list_sop_classes(apps, None)
    filed.refresh_from_db()
    assert filed.patient.name_index == filed.patient_name_index == FOLDED
    assert filed.referring_physician_index == "\ngross^anne\n\n\n"
    assert filed.sop_class_list == [CT_IMAGE, SR]

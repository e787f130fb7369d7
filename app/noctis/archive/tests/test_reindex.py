"""Columns that an earlier release did not fill are read anew from the stored files."""

from __future__ import annotations

from io import StringIO
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import connection

from noctis.archive import indexer, reindex
from noctis.archive.models import Instance, Patient, Series, SeriesRequest, Study, StudyFlag
from noctis.archive.tests.factories import deliver, image, reception
from noctis.archive.tests.queries import item

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def filed(data_dir) -> None:
    delivery = reception()
    requests = [item(RequestedProcedureID="RP1", ScheduledProcedureStepID="SPS1")]
    for study in (1, 2, 3):
        deliver(
            image(
                study,
                1,
                1,
                PatientName="Größ^Änne",
                InstitutionName="North",
                TimezoneOffsetFromUTC="+0100",
                StationName="CT2",
                ProtocolName="Thorax",
                RequestAttributesSequence=requests,
            ),
            delivery,
        )
        deliver(image(study, 1, 2, StationName="second", PatientName="Größ^Änne"), delivery)
        deliver(image(study, 2, 1, Modality="SR", PatientName="Größ^Änne"), delivery)
    indexer.index_spool()


def everything() -> list[object]:
    rows: list[object] = []
    for model in (Patient, Study, Series, Instance, StudyFlag):
        fields = [field.name for field in model._meta.concrete_fields if field.name != "changed_at"]
        rows += list(model._default_manager.order_by("pk").values_list(*fields))
    return [*rows, *SeriesRequest.objects.order_by("series_id").values_list("series_id", "scheduled_step_id")]


def forget() -> None:
    """Leave the columns as an earlier release did."""
    Study.objects.update(institution="", timezone_offset="", sop_classes="", patient_name_index="", modalities="")
    Series.objects.update(station="", protocol="", laterality="")
    SeriesRequest.objects.all().delete()


def run(*options: str) -> str:
    output = StringIO()
    call_command("reindex", *options, stdout=output)
    return output.getvalue()


def test_what_was_filed_with_fewer_columns_is_as_if_filed_today(filed) -> None:
    before = everything()
    forget()
    assert everything() != before
    assert "3 of 3 studies were brought up to date." in run()
    assert everything() == before


def test_a_second_run_changes_nothing(filed) -> None:
    changed = list(Study.objects.values_list("changed_at", flat=True))
    assert "0 of 3 studies were brought up to date." in run()
    assert list(Study.objects.values_list("changed_at", flat=True)) == changed


def test_an_interrupted_run_goes_on_where_it_was(filed, monkeypatch: pytest.MonkeyPatch) -> None:
    before = everything()
    forget()
    monkeypatch.setattr(reindex, "CHUNK", 1)
    original, calls = reindex.reindex_study, []

    def interrupted(key: int, progress: reindex.Progress) -> None:
        calls.append(key)
        if len(calls) == 2:
            raise KeyboardInterrupt
        original(key, progress)

    monkeypatch.setattr(reindex, "reindex_study", interrupted)
    with pytest.raises(KeyboardInterrupt):
        run()
    said = run()
    assert "Going on where an earlier run was interrupted." in said
    assert "2 of 2 studies were brought up to date." in said
    assert everything() == before
    assert "0 of 3 studies" in run()
    assert not (settings.NOCTIS_DATA.run / "reindex").exists()


def test_a_file_that_is_gone_is_named_and_the_others_go_on(filed) -> None:
    forget()
    first = Instance.objects.order_by("pk").first()
    assert first is not None
    Path(settings.NOCTIS_DATA.storage / first.path).unlink()
    with pytest.raises(CommandError, match=f"1 objects could not be read.*\n{first.sop_instance_uid}"):
        run()
    assert set(Study.objects.exclude(pk=first.series.study_id).values_list("institution", flat=True)) == {"North"}


def test_new_and_old_rows_are_found_alike(filed) -> None:
    forget()
    run()
    with connection.cursor() as cursor:
        cursor.execute("SELECT COUNT(*) FROM archive_series WHERE station = 'CT2'")
        assert cursor.fetchone() == (3,)

"""The journal has what was received, and after a restore it tells what is missing."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest
from django.conf import settings
from django.core.management import call_command

from noctis.archive import indexer
from noctis.archive.models import Instance, Reception, Study
from noctis.archive.tests.factories import deliver, image, reception
from noctis.backup.intake import note_intake
from noctis.backup.journal import Note, append, notes_since
from noctis.backup.reconciling import last_restore, reconcile

pytestmark = pytest.mark.django_db(transaction=True)

LONG_AGO = datetime(2020, 1, 1, tzinfo=timezone.utc)


def noted() -> list[Note]:
    return [note for note in notes_since(settings.NOCTIS_DATA.journal, LONG_AGO) if note.paths]


def lose(number: int) -> None:
    """Forget a study as an older index does; its files stay."""
    study = Study.objects.get(series__instances__pk=number)
    Instance.objects.filter(series__study=study).delete()
    study.series.all().delete()
    study.delete()


def test_each_object_is_noted_once_with_its_facility_and_its_sender(data_dir):
    delivery = reception("NORTH")
    deliver(image(1), delivery)
    indexer.index_spool()
    assert note_intake() == 1
    assert note_intake() == 0
    (note,) = noted()
    stored = Instance.objects.get()
    assert (note.facility, note.ae_title) == ("NORTH", delivery.ae_title)
    assert note.study == stored.series.study.study_instance_uid
    assert note.paths == (stored.path,)


def test_what_waits_for_the_indexer_is_noted_under_the_place_it_will_have(data_dir):
    deliver(image(1), reception("NORTH"))
    assert note_intake() == 1
    assert note_intake() == 0
    indexer.index_spool()
    assert {path for note in noted() for path in note.paths} == {Instance.objects.get().path}


def test_half_a_line_is_passed_over(data_dir):
    now = datetime.now(timezone.utc)
    append(data_dir.journal, [Note(now.isoformat(), "NORTH", "CT", "1.2", ("a",))], now)
    with next(data_dir.journal.glob("*.jsonl")).open("a") as file:
        file.write('{"at":"2026')
    assert [note.study for note in notes_since(data_dir.journal, LONG_AGO)] == ["1.2"]


def test_a_study_that_is_gone_with_its_files_is_missing_until_it_comes_again(data_dir):
    north = reception("NORTH")
    deliver(image(1), north)
    indexer.index_spool()
    note_intake()
    stored = Instance.objects.get()
    uid, path = stored.series.study.study_instance_uid, data_dir.storage / stored.path
    lose(stored.pk)
    path.unlink()
    restored = reconcile("0a1b2c3d", datetime.now(timezone.utc) - timedelta(minutes=1))
    assert [(one.study, one.facility, len(one.paths)) for one in restored.missing] == [(uid, "NORTH", 1)]
    said = "\n".join(restored.sentences())
    assert uid in said
    assert "sent again" in said
    again = last_restore()
    assert again is not None
    assert again.missing
    deliver(image(1), north)
    indexer.index_spool()
    again = last_restore()
    assert again is not None
    assert not again.missing


def test_a_study_whose_files_are_here_is_taken_in_again_for_its_facility(data_dir):
    deliver(image(1), reception("NORTH"))
    indexer.index_spool()
    note_intake()
    before = Instance.objects.get()
    lose(before.pk)
    call_command("note_restore", "0a1b2c3d", (datetime.now(timezone.utc) - timedelta(minutes=1)).isoformat())
    indexer.index_spool()
    after = Instance.objects.get()
    assert (after.path, after.sha256) == (before.path, before.sha256)
    assert after.reception.facility.code == "NORTH"
    assert after.reception.protocol == "restore"


def test_a_damaged_file_is_not_taken_in(data_dir):
    deliver(image(1), reception("NORTH"))
    indexer.index_spool()
    note_intake()
    stored = Instance.objects.get()
    lose(stored.pk)
    with (data_dir.storage / stored.path).open("r+b") as file:
        file.seek(-1, 2)
        file.write(b"\xff")
    restored = reconcile("0a1b2c3d", datetime.now(timezone.utc) - timedelta(minutes=1))
    assert restored.taken_in == 0
    assert len(restored.missing) == 1


def test_a_waiting_file_of_an_unknown_delivery_falls_to_its_own_facility_or_to_nobody(data_dir):
    known, unknown = reception("NORTH"), reception("NORTH")
    deliver(image(1), known)
    note_intake()
    deliver(image(2), unknown)
    Reception.objects.all().delete()
    restored = reconcile("0a1b2c3d", datetime.now(timezone.utc) - timedelta(minutes=1))
    assert restored.taken_in == 1
    assert len(list(data_dir.ready.glob("*.orphan"))) == 1
    indexer.index_spool()
    assert Instance.objects.get().reception.facility.code == "NORTH"

"""Derived files of old series: made once, kept to their revision, gone with their series."""

from __future__ import annotations

import shutil
from io import StringIO

import pytest
from django.conf import settings
from django.core.management import call_command

from noctis.archive.models import Instance, Series
from noctis.archive.tests.factories import image
from noctis.dicomweb.derived_files import series_folder
from noctis.dicomweb.preparation import is_prepared
from noctis.dicomweb.tests.test_metadata import part10

pytestmark = pytest.mark.django_db


def prepared() -> str:
    said = StringIO()
    call_command("prepare_series", stdout=said)
    return said.getvalue()


def test_what_is_missing_is_made_once(file):
    file(part10(image(series=1)), part10(image(series=2)))
    assert prepared().startswith("2 series were prepared, 0 had everything")
    assert all(is_prepared(series) for series in Series.objects.all())
    modes = {path.stat().st_mode & 0o777 for path in settings.NOCTIS_DATA.derived.rglob("*-*") if path.is_file()}
    assert modes == {0o600}
    assert prepared().startswith("0 series were prepared, 2 had everything")


def test_a_series_that_grew_is_prepared_anew_and_its_old_files_go(file):
    file(part10(image(instance=1)))
    prepared()
    before = set(series_folder(Series.objects.get()).glob("*"))
    file(part10(image(instance=2)))
    assert prepared().startswith("1 series were prepared")
    assert not before & set(series_folder(Series.objects.get()).glob("*"))


def test_files_of_a_series_that_is_gone_are_removed(file):
    file(part10(image(series=1)), part10(image(series=2)))
    prepared()
    gone = Series.objects.order_by("pk").first()
    assert gone is not None
    folder = series_folder(gone)
    Instance.objects.filter(series=gone).delete()
    gone.delete()
    assert "1 folders of series that are gone" in prepared()
    assert not folder.exists()


def test_one_that_cannot_be_written_does_not_hinder_the_others(file):
    file(part10(image(series=1)), part10(image(series=2)))
    first = Series.objects.order_by("pk").first()
    assert first is not None
    folder = series_folder(first)
    shutil.rmtree(folder, ignore_errors=True)
    folder.parent.mkdir(parents=True, exist_ok=True)
    folder.write_text("a file where the folder should be")
    assert prepared().startswith("1 series were prepared, 0 had everything, 1 could not be prepared")

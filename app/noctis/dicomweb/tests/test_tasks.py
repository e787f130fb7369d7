"""Preparation in the background: after the last change, once, and without leftovers."""

from __future__ import annotations

import sqlite3

import pytest
from huey.contrib.djhuey import HUEY

from noctis.archive.models import Series
from noctis.archive.signals import series_changed
from noctis.archive.tests.factories import image
from noctis.dicomweb import tasks
from noctis.dicomweb.derived_files import revision_of, series_folder
from noctis.dicomweb.tasks import prepare_series
from noctis.dicomweb.tests.test_metadata import part10

pytestmark = pytest.mark.django_db


@pytest.fixture
def enqueued(monkeypatch) -> list[tuple[tuple[object, ...], int]]:
    """Collect what would be enqueued."""
    collected: list[tuple[tuple[object, ...], int]] = []
    monkeypatch.setattr(prepare_series, "schedule", lambda args, delay: collected.append((args, delay)))
    return collected


def kinds_of(series: Series) -> list[str]:
    """Return the kinds of derived files that a series has."""
    return sorted(path.name.partition("-")[0] for path in series_folder(series).glob("*"))


def test_filing_images_enqueues_their_series(enqueued, file):
    file(part10(image(series=1)), part10(image(series=2)))
    expected = [((series.pk, revision_of(series)), 3) for series in Series.objects.order_by("pk")]
    assert sorted(enqueued) == expected


def test_a_prepared_series_has_its_files_and_no_others(enqueued, file):
    file(part10(image(instance=1)))
    series = Series.objects.get()
    prepare_series.call_local(series.pk, revision_of(series))
    assert kinds_of(series) == ["metadata", "thumbnail"]
    before = set(series_folder(series).glob("*"))
    file(part10(image(instance=2)))
    series.refresh_from_db()
    prepare_series.call_local(series.pk, revision_of(series))
    assert kinds_of(series) == ["metadata", "thumbnail"]
    assert not before & set(series_folder(series).glob("*"))


def test_a_series_that_changed_since_waits_for_its_last_task(enqueued, file):
    file(part10(image(instance=1)))
    series = Series.objects.get()
    early = revision_of(series)
    file(part10(image(instance=2)))
    prepare_series.call_local(series.pk, early)
    assert kinds_of(series) == []


def test_a_series_that_is_gone_is_no_error(enqueued, db):
    prepare_series.call_local(404)


def test_a_queue_that_is_away_does_not_stop_the_indexer(file, monkeypatch, caplog):
    def away(*args, **kwargs):
        raise sqlite3.OperationalError("database is locked")

    monkeypatch.setattr(prepare_series, "schedule", away)
    file(part10(image()))
    series_changed.send(sender=None, series_ids=[Series.objects.get().pk])
    assert "job queue or database does not answer" in caplog.text


def test_the_task_is_known_to_the_worker():
    assert any(name.endswith("prepare_series") for name in map(str, HUEY._registry._registry))
    assert tasks.DELAY_SECONDS == 3

"""Waiting for the index: until what was acknowledged is in it, and no longer than was said."""

from __future__ import annotations

import threading
import time

import pytest
from django.conf import settings

from noctis.archive import indexer
from noctis.archive.barrier import wait_until_indexed
from noctis.archive.models import Instance
from noctis.archive.tests.factories import deliver, image, reception


@pytest.mark.django_db
def test_an_empty_spool_is_not_waited_for(data_dir):
    started = time.monotonic()
    assert wait_until_indexed(60)
    assert time.monotonic() - started < 5


@pytest.mark.django_db
def test_what_is_acknowledged_is_waited_for_up_to_the_limit(data_dir):
    deliver(image(), reception())
    assert not wait_until_indexed(0.05)
    indexer.index_spool()
    assert wait_until_indexed(0)
    assert Instance.objects.count() == 1


def test_what_comes_meanwhile_is_not_waited_for(data_dir, monkeypatch):
    ready = settings.NOCTIS_DATA.ready
    first, second, later = (ready / f"{number:020d}-1-1-x.dcm" for number in (1, 2, 3))
    first.touch()
    second.touch()
    (ready / "0-1-1-x.orphan").touch()
    slept = threading.Event()

    def sleep(_seconds: float) -> None:
        later.touch()
        (second if slept.is_set() else first).unlink(missing_ok=True)
        slept.set()

    monkeypatch.setattr("noctis.archive.barrier.time.sleep", sleep)
    assert wait_until_indexed(60)
    assert later.exists()

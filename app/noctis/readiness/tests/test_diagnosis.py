"""What the application says of itself, and what it takes out of a support bundle."""

from __future__ import annotations

import io
import json
import os
import time
from typing import Any

import pytest
from django.core.management import call_command
from django.utils import timezone

from noctis.archive.models import QuarantinedObject, Reception
from noctis.data_directory import DataDirectory
from noctis.network.models import RefusedAssociation
from noctis.notifications.alerts import raise_alert
from noctis.readiness.withholding import WITHHELD, withhold
from noctis.reading_worklist.tests.factories import make_study
from tests.support.ports import free_ports


def diagnosis(capsys: pytest.CaptureFixture[str]) -> dict[str, dict[str, Any]]:
    capsys.readouterr()
    call_command("diagnose")
    return {one["subject"]: one for one in json.loads(capsys.readouterr().out)}


@pytest.fixture
def calm(db, data_dir: DataDirectory, settings) -> DataDirectory:
    settings.NOCTIS_BACKUP_STATE = data_dir.root / "state.json"
    return data_dir


def test_a_calm_appliance_misses_backups_alone(calm, capsys) -> None:
    found = diagnosis(capsys)
    assert [one["subject"] for one in found.values() if one["level"] == "problem"] == ["backup"]
    assert found["spool"]["text"] == "is empty"


def test_a_redis_that_cannot_be_reached_is_a_problem(calm, settings, capsys) -> None:
    assert diagnosis(capsys)["jobs"]["level"] == "well"
    (port,) = free_ports(1)
    address = f"redis://127.0.0.1:{port}/0"
    settings.CACHES = {"default": {"BACKEND": "noctis.redis_connection.SharedRedisCache", "LOCATION": address}}
    found = diagnosis(capsys)["jobs"]
    assert found["level"] == "problem"
    assert f"connecting to 127.0.0.1:{port}" in found["text"]


def test_objects_that_nobody_files_are_a_problem(calm: DataDirectory, capsys) -> None:
    waiting = calm.ready / "1"
    waiting.write_bytes(b"x")
    assert diagnosis(capsys)["spool"]["level"] == "well"
    os.utime(waiting, (time.time() - 3600, time.time() - 3600))
    assert diagnosis(capsys)["spool"]["level"] == "problem"


def test_alerts_quarantine_and_refusals_are_told(calm, people, capsys) -> None:
    raise_alert("disk", "The disk is 3 % free.")
    reception = Reception.objects.create(facility=people.north, protocol="C-STORE")
    QuarantinedObject.objects.create(facility=people.north, reception=reception, reason="unreadable", path="x")
    now = timezone.now()
    RefusedAssociation.objects.create(
        ae_title="CT9", address="10.1.1.1", reason="unknown AE title", first_at=now, last_at=now
    )
    found = diagnosis(capsys)
    assert "3 % free" in found["alert"]["text"]
    assert found["quarantine"]["level"] == "attention"
    assert found["refused associations"]["text"].endswith("unknown AE title")


def test_a_server_that_is_not_released_says_so(calm, settings, capsys) -> None:
    settings.NOCTIS_EMBEDDED = False
    assert diagnosis(capsys)["go-live"]["text"] == "not released for clinical use"


@pytest.fixture
def known(people) -> None:
    """Put a patient with several names, and one with a single name, into the index."""
    make_study(
        people.north, "Aubergine^Wilhelmina^Ada", patient_identifier="PID-0815/X", accession_number="ACC20260042"
    )
    make_study(people.south, "Kumquat", patient_identifier="77", accession_number="")


@pytest.mark.parametrize(
    "line",
    [
        "ValueError for Aubergine^Wilhelmina^Ada",
        "wilhelmina AUBERGINE came",
        "patient PID-0815/X failed",
        'accession="ACC20260042"',
        "nobody but Kumquat",
        "pid-0815/x",
    ],
)
def test_a_line_that_names_a_patient_is_withheld(known, line: str) -> None:
    texts, count = withhold({"log": f"before\n{line}\nafter 77 Ada"})
    assert texts["log"] == f"before\n{WITHHELD}\nafter 77 Ada"
    assert count == 1


def test_what_names_nobody_stays(known) -> None:
    text = "INFO Wilhelmina street\nport 11112, ACC2026004 77\nAda compiler\n"
    assert withhold({"log": text}) == ({"log": text}, 0)


def test_the_command_reads_and_prints_texts(known, monkeypatch: pytest.MonkeyPatch, capsys) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(json.dumps({"a": "Kumquat", "b": "fine"})))
    call_command("withhold_patient_data")
    assert json.loads(capsys.readouterr().out) == {"texts": {"a": WITHHELD, "b": "fine"}, "lines": 1}

"""Alerts about disk, certificates, clock, queues and backups, each caused."""

from __future__ import annotations

import os
import socket
import struct
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from noctis.archive import indexer
from noctis.archive.models import Instance
from noctis.archive.tests.factories import deliver, image, reception
from noctis.backup_state import BACKUP, CHECK, DRILL, BackupState, Run, write_backup_state
from noctis.data_directory import DataDirectory
from noctis.monitoring.conditions import clock
from noctis.monitoring.intake import count_intake, intake
from noctis.monitoring.models import IntakeDay, QueueMark, Reading, State
from noctis.monitoring.tasks import mark_the_queue
from noctis.monitoring.tests.conftest import Look, told
from noctis.network.models import RemoteApplicationEntity
from noctis.notifications.models import Mail
from noctis.reading_worklist.tests.factories import make_study
from noctis.routing.models import Transmission
from tests.support.certificates import Authority

pytestmark = pytest.mark.django_db
MEGABYTE = 1024 * 1024
SECONDS_FROM_1900 = 2208988800


def state(key: str) -> str:
    return Reading.objects.get(key=key).state


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """Give a file system of 16 MB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=16m", "tmpfs", folder], check=False)
    if mounted.returncode:
        pytest.skip("only root can mount a small file system")
    yield folder
    subprocess.run(["umount", folder], check=True)


def test_a_disk_that_fills_up_is_told_and_that_there_is_room_again(look: Look, settings, small_disk: Path) -> None:
    settings.NOCTIS_DATA = DataDirectory(small_disk)
    look("disk")
    assert state("disk") == State.FINE
    filling = small_disk / "filling"
    filling.write_bytes(bytes(13 * MEGABYTE))
    look("disk")
    assert told()[0].startswith("The disk of the archive is 19% free (0 GB). How long it lasts is known after")
    filling.write_bytes(bytes(12 * MEGABYTE + MEGABYTE // 2))
    look("disk")
    assert (state("disk"), len(told())) == (State.BETWEEN, 1)
    filling.unlink()
    look("disk")
    assert told()[1].startswith("Resolved: the disk of the archive is 100% free")


def test_the_forecast_comes_from_what_was_really_stored(look: Look, settings, small_disk: Path, people) -> None:
    settings.NOCTIS_DATA = DataDirectory(small_disk)
    settings.NOCTIS_DATA.create()
    delivery = reception("NORTH")
    for number in range(1, 4):
        deliver(image(instance=number, PixelData=bytes(MEGABYTE), Rows=724, Columns=724), delivery)
    indexer.index_spool()
    now = timezone.now()
    Instance.objects.update(received_at=now - timedelta(days=2))
    count_intake(now)
    count_intake(now)
    known = intake(now)
    assert known is not None
    assert IntakeDay.objects.get().instances == 3
    assert 2 <= known.days <= 3
    stored = sum(Instance.objects.values_list("file_size", flat=True))
    assert known.bytes_per_day * known.days == pytest.approx(stored)
    look("disk forecast")  # 13 MB are left, and one or more are stored in a day
    assert state("disk forecast") == State.WRONG
    assert "At the intake of the last" in told()[0]
    settings.NOCTIS_ALERT_DISK_DAYS = 1
    look("disk forecast")
    assert len(told()) == 2


def test_before_the_first_day_there_is_no_forecast(look: Look) -> None:
    look("disk forecast")
    assert (state("disk forecast"), told()) == (State.UNWATCHED, [])


def test_a_certificate_that_ends_soon_is_told_and_that_it_was_renewed(look: Look, settings, tmp_path: Path) -> None:
    authority = Authority.make(tmp_path / "ca")
    first, last = (timezone.now() + timedelta(days=days) for days in (-80, 10))
    soon = authority.sign("soon", first=f"{first:%Y%m%d%H%M%SZ}", last=f"{last:%Y%m%d%H%M%SZ}")
    shown = tmp_path / "server.crt"
    shown.write_bytes(soon.certificate.read_bytes() + authority.root.certificate.read_bytes())
    settings.NOCTIS_ALERT_CERTIFICATES = [str(shown), str(authority.root.certificate)]
    look("certificate")
    assert told()[0].startswith(f"The certificate {shown} is valid for 10 days.")
    shown.write_bytes(authority.sign("renewed").certificate.read_bytes())
    look("certificate")
    assert told()[1].startswith("Resolved: the certificate ")


def test_a_certificate_that_cannot_be_read_is_told(look: Look, settings, tmp_path: Path) -> None:
    settings.NOCTIS_ALERT_CERTIFICATES = [str(tmp_path / "missing.crt")]
    look("certificate")
    assert told()[0].startswith(f"No certificate can be read from {tmp_path}/missing.crt.")


@pytest.fixture
def time_server() -> Iterator[tuple[str, list[float]]]:
    """Run a time server (RFC 5905) whose clock is ahead by as many seconds as the list says."""
    ahead = [0.0]
    with closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as server:
        server.bind(("127.0.0.1", 0))

        def serve() -> None:
            while True:
                try:
                    request, peer = server.recvfrom(48)
                except OSError:
                    return
                if not request:
                    return
                now = time.time() + ahead[0] + SECONDS_FROM_1900
                stamp = struct.pack("!II", int(now), int(now % 1 * 2**32))
                server.sendto(bytes([0b00_100_100, 1]) + bytes(30) + stamp * 2, peer)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        port = server.getsockname()[1]
        yield f"127.0.0.1:{port}", ahead
        with closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as end:
            end.sendto(b"", ("127.0.0.1", port))
        thread.join()


def test_a_clock_that_drifts_is_told(look: Look, settings, time_server: tuple[str, list[float]]) -> None:
    address, ahead = time_server
    settings.NOCTIS_ALERT_TIME_SERVERS = ["127.0.0.1:1", address]  # nobody answers at the first
    look("clock")
    assert state("clock") == State.FINE
    ahead[0] = -5.0
    look("clock")
    assert "ms away from the time server 127.0.0.1:" in told()[0]
    assert Reading.objects.get(key="clock").value == pytest.approx(5000, abs=500)
    ahead[0] = 0.1
    look("clock")
    assert len(told()) == 2


def test_time_servers_that_do_not_answer_are_no_drift(look: Look, settings) -> None:
    settings.NOCTIS_ALERT_TIME_SERVERS = ["127.0.0.1:1"]
    look("clock")
    assert (state("clock"), told()) == (State.BETWEEN, [])


def test_a_clock_that_nobody_set_for_long_is_told(look: Look, monkeypatch, tmp_path: Path) -> None:
    monkeypatch.setattr(clock, "TIMESYNCD", tmp_path / "synchronized")
    look("clock")
    assert state("clock") == State.UNWATCHED
    (tmp_path / "synchronized").touch()
    look("clock")
    assert state("clock") == State.FINE
    os.utime(tmp_path / "synchronized", (time.time() - 50000,) * 2)
    look("clock")
    assert told()[0].startswith("The clock was set by a time server 14 hours ago.")


def test_images_that_wait_long_for_the_indexer_are_told(look: Look, data_dir: DataDirectory) -> None:
    waiting = data_dir.ready / "1.dcm"
    waiting.touch()
    look("spool")
    assert state("spool") == State.FINE
    os.utime(waiting, (time.time() - 1000,) * 2)
    look("spool")
    assert told()[0].startswith("1 acknowledged images wait for the indexer, the oldest for 17 minutes.")
    waiting.unlink()
    look("spool")
    assert told()[1] == "Resolved: no acknowledged image waits for the indexer"


def test_jobs_that_wait_long_for_the_worker_are_told(look: Look) -> None:
    look("jobs")
    assert state("jobs") == State.UNWATCHED
    mark_the_queue.call_local(timezone.now() - timedelta(minutes=20))
    look("jobs")
    assert told() == [], "after a rest of the worker the first mark is old"
    Reading.objects.update(wrong_since=timezone.now() - timedelta(minutes=3))
    look("jobs")
    assert told()[0].startswith("The worker has come to the jobs that were queued 20 minutes ago.")
    mark_the_queue.call_local(timezone.now())
    look("jobs")
    assert len(told()) == 2
    assert QueueMark.objects.count() == 1


def test_e_mail_that_fails_again_and_again_is_told(look: Look, settings, administrator) -> None:
    settings.NOCTIS_SMTP_HOST = "mail.example"
    mail = Mail.objects.create(user=administrator, attempts=4, last_error="421 busy")
    look("outgoing e-mail")
    assert told()[0].startswith("E-mails do not go out: 1 wait after several attempts.")
    for attempts in (1, 0):
        Mail.objects.filter(pk=mail.pk).update(attempts=attempts)
        look("outgoing e-mail")
    assert told()[1:] == ["Resolved: e-mails go out"]


def test_images_that_cannot_be_sent_are_told_once_for_the_whole_queue(look: Look, people) -> None:
    device = RemoteApplicationEntity.objects.create(ae_title="AWAY", facility=people.north)
    for study in [make_study(people.north) for _ in range(3)]:
        Transmission.objects.create(
            study=study, origin="rule", destination=device, destination_facility=people.north, attempts=5
        )
    look("outgoing images")
    look("outgoing images")
    (text,) = told()
    assert text.startswith("Images do not go out: 3 wait after several attempts.")


def write_state(settings, *runs: Run, **values: Any) -> None:
    """Leave what the backup command leaves."""
    settings.NOCTIS_BACKUP_STATE.parent.mkdir(exist_ok=True)
    found = BackupState(configured_at=timezone.now() - timedelta(hours=25), **values)
    for run in runs:
        found = found.with_run(run)
    write_backup_state(settings.NOCTIS_BACKUP_STATE, found)


def run(kind: str, age: timedelta, *, error: str = "") -> Run:
    at = timezone.now() - age
    return Run(kind, at, at, ok=not error, error=error)


@pytest.fixture
def backups(settings, tmp_path: Path):
    settings.NOCTIS_BACKUP_STATE = tmp_path / "backup" / "state.json"
    return settings


def test_a_backup_that_is_late_is_told(look: Look, backups) -> None:
    look("backup")
    assert state("backup") == State.UNWATCHED
    write_state(backups, run(BACKUP, timedelta(hours=27)), run(DRILL, timedelta(days=10)))
    look("backup")
    look("restore drill")
    first, second = told()
    assert first.startswith("The last good backup is 27 hours old.")
    assert second.startswith("The last good restore drill is 10 days old.")
    write_state(backups, run(BACKUP, timedelta(hours=1)), run(DRILL, timedelta(days=1)))
    look("backup")
    look("restore drill")
    assert len(told()) == 4


def test_a_backup_that_never_was_has_its_time(look: Look, backups) -> None:
    write_state(backups)
    look("backup")
    assert (state("backup"), told()) == (State.FINE, [])
    write_state(backups, late_after_hours=24)
    look("backup")
    assert told()[0].startswith("No backup has succeeded yet.")


def test_a_repository_with_errors_a_failed_drill_and_a_damaged_state_are_told(look: Look, backups) -> None:
    good = run(BACKUP, timedelta(hours=1))
    write_state(backups, good, run(CHECK, timedelta(hours=1), error="a pack is damaged"))
    look("backup")
    write_state(backups, good, run(DRILL, timedelta(hours=1), error="one hash differs"))
    look("restore drill")
    assert told()[0].startswith("The repository of the backups has errors: a pack is damaged.")
    assert told()[1].startswith("The last restore drill failed: one hash differs.")
    backups.NOCTIS_BACKUP_STATE.write_text("{")
    look("backup")
    assert Reading.objects.get(key="backup").text == "The state of the backups cannot be read"

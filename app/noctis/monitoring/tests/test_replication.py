"""The alert about replicas of the database, caused with a real one that streams from the tests' server."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from django.db import connection

from noctis.monitoring.models import Reading, State
from noctis.monitoring.tests.conftest import Look, told
from tests.support.servers import DATABASE_USER, IS_ROOT, SERVER_USER, _as_server_user, postgresql_program
from tests.support.waiting import wait_for

pytestmark = [pytest.mark.postgresql, pytest.mark.django_db]
# Other tests write beside this one: that is below the limit, and what is written here is above it.
LIMIT_MEGABYTES, WRITTEN_MEGABYTES = 32, 64
SLOT = "noctis_replica"


def tell(host: Path, statement: str) -> str:
    """Run a statement on the server whose socket is in ``host``."""
    command = [postgresql_program("psql"), "--host", str(host), "--username", DATABASE_USER, "--dbname", "postgres"]
    options = ["--quiet", "--no-psqlrc", "--tuples-only", "--no-align", "--command", statement]
    return subprocess.run([*command, *options], check=True, capture_output=True, text=True).stdout.strip()


@pytest.fixture
def primary() -> Path:
    """Give the folder of the socket of the tests' server."""
    if "NOCTIS_DATABASE_URL" not in os.environ:
        pytest.skip("needs the PostgreSQL of the servers' tests")
    return Path(parse_qs(urlsplit(os.environ["NOCTIS_DATABASE_URL"]).query)["host"][0])


class Replica:
    """A second server that streams from the first."""

    def __init__(self, folder: Path, primary: Path) -> None:
        self.folder = folder
        self._data = folder / "data"
        source = ["--host", str(primary), "--username", DATABASE_USER, "--pgdata", str(self._data)]
        copy = [
            postgresql_program("pg_basebackup"),
            *source,
            "--write-recovery-conf",
            # What other tests write meanwhile must not lose the replica what it still needs.
            "--create-slot",
            f"--slot={SLOT}",
            "--checkpoint",
            "fast",
            "--no-sync",
        ]
        subprocess.run(_as_server_user(*copy), cwd=folder, check=True)
        self._control("start", "-o", f"-c unix_socket_directories={folder} -c listen_addresses='' -c fsync=off")

    def stop(self) -> None:
        self._control("stop", "--mode", "immediate")

    def _control(self, *arguments: str) -> None:
        command = [
            postgresql_program("pg_ctl"),
            "--pgdata",
            str(self._data),
            "--wait",
            "--log",
            str(self.folder / "log"),
        ]
        subprocess.run(_as_server_user(*command, *arguments), cwd=self.folder, check=True, stdout=subprocess.DEVNULL)


@pytest.fixture
def replica(primary: Path) -> Iterator[Replica]:
    folder = primary / "replica"  # a path that is short enough for a socket, and open to the server's account
    folder.mkdir(mode=0o700)
    if IS_ROOT:
        shutil.chown(folder, SERVER_USER, SERVER_USER)
    started = Replica(folder, primary)
    yield started
    if (
        "server is running"
        in subprocess.run(
            _as_server_user(postgresql_program("pg_ctl"), "--pgdata", str(folder / "data"), "status"),
            cwd=folder,
            check=False,
            capture_output=True,
            text=True,
        ).stdout
    ):
        started.stop()
    wait_for(lambda: not tell(primary, "SELECT 1 FROM pg_replication_slots WHERE active"), "a slot nobody uses")
    tell(primary, f"SELECT pg_drop_replication_slot('{SLOT}')")
    shutil.rmtree(folder)


def test_a_replica_that_falls_behind_or_goes_away_is_told(
    look: Look, settings, primary: Path, replica: Replica
) -> None:
    settings.NOCTIS_ALERT_REPLICAS, settings.NOCTIS_ALERT_REPLICATION_MEGABYTES = 1, LIMIT_MEGABYTES

    def state() -> str:
        with connection.cursor() as cursor:  # within the test's transaction the first look would last
            cursor.execute("SELECT pg_stat_clear_snapshot()")
        look("replication")
        return str(Reading.objects.get(key="replication").state)

    wait_for(lambda: state() == State.FINE, "a replica that has everything")
    before = len(told())  # it may not have been connected at the first look
    tell(replica.folder, "SELECT pg_wal_replay_pause()")
    wait_for(
        lambda: tell(replica.folder, "SELECT pg_get_wal_replay_pause_state()") == "paused", "a replica that pauses"
    )
    tell(primary, f"SELECT pg_logical_emit_message(false, 'filling', repeat('x', {WRITTEN_MEGABYTES} * 1024 * 1024))")
    assert state() == State.WRONG
    (behind,) = re.findall(r"^The replica of the database is (\d+) MB behind\.", told()[before])
    assert int(behind) >= WRITTEN_MEGABYTES
    tell(replica.folder, "SELECT pg_wal_replay_resume()")
    wait_for(lambda: state() == State.FINE, "a replica that caught up")
    replica.stop()
    wait_for(lambda: state() == State.WRONG, "a replica that is away")
    assert told()[-1].startswith("0 of 1 replicas of the database are connected.")


def test_a_database_without_replicas_is_not_watched(look: Look) -> None:
    look("replication")
    assert Reading.objects.get(key="replication").state == State.UNWATCHED

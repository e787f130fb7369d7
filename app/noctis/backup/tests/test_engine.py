"""A backup made, rehearsed and restored with the real restic, from and into a real database."""

from __future__ import annotations

import fcntl
import json
import secrets
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from noctis.archive import indexer
from noctis.archive.models import Instance
from noctis.archive.tests.factories import deliver, image, reception
from noctis.audit.models import Action, AuditEntry
from noctis.backup.engine.command import execute
from noctis.backup.engine.databases import NEWEST, open_database
from noctis.backup.engine.making import prepare
from noctis.backup.engine.moments import asked_for, moment
from noctis.backup.engine.plan import Plan
from noctis.backup.engine.postgresql import PostgreSQL
from noctis.backup_state import BACKUP, CHECK, DRILL, RESTORE, BackupState, read_backup_state

pytestmark = [pytest.mark.integration, pytest.mark.sqlite, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def database(data_dir, tmp_path) -> Iterator[dict[str, Any]]:
    """Give a copy of the database that two images were received into; programs cannot ask the test's own."""
    for number in (1, 2):
        deliver(image(number), reception("NORTH"))
    indexer.index_spool()
    if connection.vendor == "sqlite":
        path = data_dir.root / "noctis.sqlite3"
        with closing(sqlite3.connect(path)) as copy:
            connection.connection.backup(copy)
        yield {"kind": "sqlite", "path": str(path)}
        return
    values = connection.settings_dict
    environment = {"PGHOST": str(values["OPTIONS"].get("host") or values["HOST"]), "PGUSER": values["USER"]}
    original = PostgreSQL(values["NAME"], values["USER"], environment=environment)
    copied = PostgreSQL(f"copy_{secrets.token_hex(4)}", values["USER"], environment=environment)
    original.dump(tmp_path / "copied.dump")
    copied.fill(tmp_path / "copied.dump")
    yield {"kind": "postgresql", "name": copied.name, "owner": copied.owner, "environment": environment}
    for name in (copied.name, f"{copied.name}_before_restore"):
        replace(copied, name=name).drop()


@pytest.fixture
def plan(data_dir, tmp_path, database) -> Plan:
    (tmp_path / "password").write_text("a long password\n")
    found = Plan(
        repository=str(tmp_path / "repository"),
        password_file=tmp_path / "password",
        data=data_dir.root,
        work=tmp_path / "state" / "work",
        state=tmp_path / "state" / "state.json",
        cache=tmp_path / "cache",
        host="pacs.example",
        database=database,
        manage=lambda *_: "",
        reserve_gb=0,
        release="0.1.0",
    )
    prepare(found)
    return found


def state_of(plan: Plan) -> BackupState:
    state = read_backup_state(plan.state)
    assert state is not None
    return state


def test_a_backup_is_rehearsed_checked_and_restored(plan, capsys):
    stored = {
        path: (plan.data / "storage" / path).read_bytes() for path in Instance.objects.values_list("path", flat=True)
    }
    rows = open_database(plan).rows()
    assert execute(plan, ["nightly"]) == 0
    assert execute(plan, ["drill"]) == 0
    state = state_of(plan)
    assert {BACKUP, CHECK, DRILL} <= state.last_success.keys()
    assert state.last_success[BACKUP].figures["instances"] == 2
    certificate = json.loads((plan.certificates / f"{state.last_success[DRILL].certificate}.json").read_text())
    assert certificate["passed"]
    assert "2 images" in certificate["steps"][2]["detail"]
    for path in stored:
        (plan.data / "storage" / path).unlink()
    assert execute(plan, ["restore"]) == 0, capsys.readouterr().err
    assert {path: (plan.data / "storage" / path).read_bytes() for path in stored} == stored
    assert open_database(plan).rows() == rows
    assert not plan.dump.exists()


def test_an_account_that_this_server_lacks_does_not_keep_the_database_from_coming_back(plan, capsys):
    if plan.database["kind"] != "postgresql":
        pytest.skip("SQLite knows no accounts")
    database = open_database(plan)
    assert isinstance(database, PostgreSQL)
    ward = f"ward reports {secrets.token_hex(4)}"
    database.tell(f'CREATE ROLE "{ward}" LOGIN')
    within = ("psql", "--quiet", "--dbname", database.name, "--command")
    database.checked(database.program(*within, f'GRANT SELECT ON archive_study TO "{ward}"'))
    assert execute(plan, ["now"]) == 0
    database.checked(database.program(*within, f'DROP OWNED BY "{ward}"'))
    database.tell(f'DROP ROLE "{ward}"')
    rows = database.rows()
    assert execute(plan, ["restore"]) == 0, capsys.readouterr().err
    assert f"knew {ward} too" in capsys.readouterr().out
    assert database.rows() == rows
    may_read = f"SELECT has_table_privilege('{ward}', 'archive_study', 'SELECT'), rolcanlogin"
    assert list(database.select(f"{may_read} FROM pg_roles WHERE rolname = '{ward}'")) == [["t", "f"]]


def test_a_byte_that_rots_before_the_backup_fails_the_drill_and_is_named(plan, capsys):
    path = plan.data / "storage" / Instance.objects.latest("pk").path
    with path.open("r+b") as file:
        file.seek(-1, 2)
        file.write(b"\xff")
    assert execute(plan, ["now"]) == 0
    assert execute(plan, ["drill", "--all"]) == 1
    assert path.name in capsys.readouterr().err
    failed = state_of(plan).failed_last(DRILL)
    assert failed is not None
    assert failed.certificate.endswith("-failed")


def test_newer_data_and_other_installations_are_not_overwritten(plan, tmp_path, capsys):
    assert execute(plan, ["now"]) == 0
    newest = moment(next(open_database(plan).select(NEWEST))[0])
    other = replace(plan, state=tmp_path / "other" / "state.json", work=tmp_path / "other" / "work")
    prepare(other)
    assert execute(other, ["now"]) == 1
    assert "another installation" in capsys.readouterr().err
    manifest = '"taken_at": "2001-01-01T00:00:00+00:00"'
    assert newest > moment("2001-01-01T00:00:00+00:00")
    assert _refuses_newer(plan, manifest, capsys)


def test_the_embedded_default_has_a_command_for_the_same_backups(data_dir, settings, database, tmp_path, capsys):
    if database["kind"] != "sqlite":
        pytest.skip("the embedded default keeps its index in SQLite")
    settings.NOCTIS_BACKUP_STATE = data_dir.root / "backup" / "state.json"
    settings.NOCTIS_BACKUP_REPOSITORY = str(tmp_path / "repository")
    call_command("backup", "now")
    with (data_dir.run / "noctis.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(CommandError, match="Stop it"):
            call_command("backup", "restore")
    assert "Snapshot" in capsys.readouterr().out
    entry = AuditEntry.objects.get(action=Action.BACKUP_MADE)
    assert entry.detail["ok"] is True


def _refuses_newer(plan: Plan, manifest: str, capsys: pytest.CaptureFixture[str]) -> bool:
    """Put a snapshot of long ago into the repository and try to restore it."""
    plan.manifest.write_text(f'{{{manifest}, "release": "0.1.0", "database": "{plan.database["kind"]}", "bytes": 0}}')
    command = ["restic", "-r", plan.repository, "-p", str(plan.password_file), "backup", "--quiet", str(plan.manifest)]
    subprocess.run(command, check=True, env={"PATH": "/usr/bin", "RESTIC_CACHE_DIR": str(plan.cache)})
    assert execute(plan, ["restore"]) == 1
    return "later than the snapshot" in capsys.readouterr().err


def test_a_time_leads_to_the_last_snapshot_before_it(plan, capsys):
    assert execute(plan, ["now"]) == 0
    first = state_of(plan).last_success[BACKUP].snapshot
    between = datetime.now(timezone.utc).isoformat()
    assert execute(plan, ["now"]) == 0
    assert execute(plan, ["restore", "--to", between, "--overwrite-newer"]) == 0, capsys.readouterr().err
    assert state_of(plan).last_success[RESTORE].snapshot == first
    assert execute(plan, ["restore", "--to", "2001-01-01T12:00"]) == 1
    assert "No snapshot is from 2001-01-01 12:00:00 UTC or earlier" in capsys.readouterr().err
    assert execute(plan, ["restore", "--to", "yesterday"]) == 1
    assert "no time such as" in capsys.readouterr().err


def test_a_time_without_a_zone_is_the_sites():
    assert asked_for("2026-03-01T12:00", "Europe/Zurich") == asked_for("2026-03-01 11:00:00Z", "Europe/Zurich")


def test_a_wrong_password_and_a_place_that_is_not_mounted_are_said_in_one_sentence(plan, tmp_path, capsys):
    (tmp_path / "password").write_text("another password\n")
    assert execute(plan, ["now"]) == 1
    assert "another password" in capsys.readouterr().err
    away = replace(plan, required_mount=Path(tmp_path / "nas"))
    assert execute(away, ["now"]) == 1
    assert "is not mounted" in capsys.readouterr().err
    failed = state_of(plan).failed_last(BACKUP)
    assert failed is not None
    assert "is not mounted" in failed.error, "the page of backups says it too"
    assert not (tmp_path / "nas").exists()
    assert BACKUP not in state_of(plan).last_success


def test_the_sheet_for_the_safe_is_remembered_as_taken(plan, capsys):
    assert state_of(plan).password_taken_at is None
    assert execute(plan, ["safe"]) == 0
    assert "a long password" in capsys.readouterr().out
    assert state_of(plan).password_taken_at is not None

"""A database restored as it stood at any second, with the log of a real server that archives it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from noctis.backup.engine import write_ahead_log
from noctis.backup.engine.command import execute
from noctis.backup.engine.databases import open_database
from noctis.backup.engine.making import prepare
from noctis.backup.engine.moments import moment, now
from noctis.backup.engine.plan import Plan
from noctis.backup.engine.restic import Restic
from noctis.backup.engine.write_ahead_log import WriteAheadLog, open_log
from tests.support.servers import DATABASE_USER, IS_ROOT, SERVER_USER, name_of, postgresql_server, server_folder

pytestmark = pytest.mark.integration

KEEP = 'cd {folder}/segments && cp "$OLDPWD/%p" %f.part && mv %f.part %f'
TABLES = """
CREATE TABLE archive_instance (path text, file_size int, received_at timestamptz, data_set_offset int, sha256 text);
CREATE TABLE reports_report (changed_at timestamptz, words text);
CREATE TABLE reports_addendum (signed_at timestamptz);
CREATE TABLE attachments_attachment (sha256 text);
CREATE TABLE report_output_edition (pdf_sha256 text);
CREATE TABLE report_output_letterhead (logo_sha256 text);
"""


@pytest.fixture
def server() -> Iterator[str]:
    with postgresql_server(archive_mode="on", archive_command=KEEP) as url:
        yield url


@pytest.fixture
def plan(server: str, tmp_path: Path) -> Plan:
    (tmp_path / "password").write_text("a long password\n")
    (tmp_path / "data").mkdir()
    folder = server_folder(server)
    (folder / "segments").mkdir()
    if IS_ROOT:
        shutil.chown(folder / "segments", SERVER_USER, SERVER_USER)
    found = Plan(
        repository=str(tmp_path / "repository"),
        password_file=tmp_path / "password",
        data=tmp_path / "data",
        work=tmp_path / "state" / "work",
        state=tmp_path / "state" / "state.json",
        cache=tmp_path / "cache",
        host="pacs.example",
        database={
            "kind": "postgresql",
            "name": name_of(server),
            "owner": DATABASE_USER,
            "run_as": SERVER_USER if IS_ROOT else "",
            "environment": {"PGHOST": str(folder), "PGUSER": DATABASE_USER},
        },
        manage=lambda *_: "",
        reserve_gb=0,
        write_ahead_log={
            "is_kept": True,
            "segments": str(folder / "segments"),
            "connection": f"host={folder} user={DATABASE_USER} dbname=postgres",
            "recovery": str(folder / "recovery"),
        },
    )
    prepare(found)
    change(found, TABLES)
    return found


def log_of(plan: Plan) -> WriteAheadLog:
    log = open_log(plan)
    assert log is not None
    return log


def change(plan: Plan, statement: str) -> None:
    """Do what somebody does in the application."""
    database = log_of(plan).database
    database.checked(database.program("psql", "--quiet", "--dbname", database.name, "--command", statement))


def words(plan: Plan) -> list[str]:
    """Return what the reports say."""
    return [word for (word,) in open_database(plan).select("SELECT words FROM reports_report ORDER BY changed_at")]


def clock(plan: Plan) -> datetime:
    """Return the present as the database sees it."""
    return moment(log_of(plan).database.tell("SELECT clock_timestamp()"))


def test_reports_are_again_what_they_were_at_a_second_between_two_snapshots(plan, capsys):
    assert execute(plan, ["now"]) == 0, capsys.readouterr().err
    change(plan, "INSERT INTO reports_report VALUES (now(), 'No focal lesion.')")
    wanted = clock(plan)
    change(plan, "UPDATE reports_report SET words = 'overwritten by mistake'")
    assert execute(plan, ["nightly"]) == 0, capsys.readouterr().err
    assert execute(plan, ["restore", "--to", wanted.isoformat(), "--overwrite-newer"]) == 0, capsys.readouterr().err
    assert words(plan) == ["No focal lesion."]
    assert not any(log_of(plan).recovery.iterdir())


def test_the_drill_goes_the_whole_way_of_the_log(plan, capsys):
    assert execute(plan, ["now"]) == 0, capsys.readouterr().err
    assert execute(plan, ["now"]) == 0, capsys.readouterr().err
    assert execute(plan, ["drill"]) == 0, capsys.readouterr().err
    assert "passed: The write-ahead log leads to the second" in capsys.readouterr().out


def test_a_nightly_backup_removes_what_its_new_copy_does_not_need(plan, capsys):
    assert execute(plan, ["now"]) == 0, capsys.readouterr().err
    before = set(plan.segments.iterdir())
    assert before
    assert execute(plan, ["nightly"]) == 0, capsys.readouterr().err
    assert not before & set(plan.segments.iterdir())
    change(plan, "INSERT INTO reports_report VALUES (now(), 'later')")
    wanted = clock(plan)
    assert execute(plan, ["now"]) == 0, capsys.readouterr().err
    assert execute(plan, ["restore", "--to", wanted.isoformat()]) == 0, capsys.readouterr().err
    assert words(plan) == ["later"]


def test_a_log_that_is_not_kept_fails_the_backup_but_not_the_snapshot(plan, capsys, monkeypatch):
    monkeypatch.setattr(write_ahead_log, "ARCHIVED_WITHIN", timedelta(seconds=1))
    plan.segments.chmod(0o500)
    if IS_ROOT:
        shutil.chown(plan.segments, "root", "root")
    assert execute(plan, ["now"]) == 1
    assert "leads to no moment but its own" in capsys.readouterr().err
    (snapshot,) = Restic(plan, plan.repository).snapshots()
    assert execute(plan, ["restore", "--to", (now() + timedelta(seconds=2)).isoformat()]) == 0, capsys.readouterr().err
    assert snapshot.short_id in capsys.readouterr().out

"""What the state says of itself, and when somebody must be warned."""

from __future__ import annotations

import os
from datetime import datetime, timedelta, timezone

import pytest

from noctis.backup.schedule import next_backup, next_drill
from noctis.backup_state import (
    BACKUP,
    DRILL,
    JOURNAL,
    BackupState,
    Run,
    read_backup_state,
    write_backup_state,
)

NOW = datetime(2026, 3, 4, 12, 0, tzinfo=timezone.utc)  # a Wednesday


def run(kind: str, hours_ago: float, error: str = "") -> Run:
    at = NOW - timedelta(hours=hours_ago)
    return Run(kind, at - timedelta(minutes=5), at, not error, error, "0a1b2c3d", figures={"files": 3})


def well() -> BackupState:
    state = BackupState(repository="sftp:vault:/noctis", configured_at=NOW, password_taken_at=NOW)
    return state.with_run(run(DRILL, 30)).with_run(run(BACKUP, 2))


def test_the_state_comes_back_as_it_was_written(tmp_path):
    path = tmp_path / "state.json"
    umask = os.umask(0o077)
    write_backup_state(path, well())
    os.umask(umask)
    assert read_backup_state(path) == well()
    assert path.stat().st_mode & 0o777 == 0o640
    assert [entry.name for entry in tmp_path.iterdir()] == ["state.json"]


def test_no_file_means_that_backups_were_never_set_up(tmp_path):
    assert read_backup_state(tmp_path / "state.json") is None


@pytest.mark.parametrize("text", ["", "[]", '{"runs": [{}]}', '{"nonsense": 1}'])
def test_a_damaged_file_is_an_error_of_its_own(tmp_path, text):
    (tmp_path / "state.json").write_text(text)
    with pytest.raises(ValueError):
        read_backup_state(tmp_path / "state.json")


def test_all_is_well_without_warnings():
    assert list(well().warnings(NOW)) == []


def test_a_backup_is_late_when_the_last_good_one_is_too_old():
    state = well().with_run(run(BACKUP, 1, "the disk is full"))
    assert not state.is_backup_late(NOW)
    assert list(state.warnings(NOW)) == ["The last backup failed: the disk is full"]
    later = NOW + timedelta(hours=25)
    assert state.is_backup_late(later)
    assert "2026-03-04 10:00 UTC" in next(iter(state.warnings(later)))


def test_an_installation_without_any_backup_is_late_after_a_while():
    state = BackupState(configured_at=NOW)
    assert not state.is_backup_late(NOW + timedelta(hours=1))
    assert state.is_backup_late(NOW + timedelta(hours=27))
    assert "No backup" in next(iter(state.warnings(NOW)))


def test_a_password_and_backups_that_lie_on_the_server_alone_are_warned_of():
    state = BackupState(is_on_this_server=True, configured_at=NOW)
    said = " ".join(state.warnings(NOW))
    assert "password" in said
    assert "on this server itself" in said


def test_the_journal_does_not_push_backups_out_of_the_list():
    state = well()
    for _ in range(100):
        state = state.with_run(run(JOURNAL, 0))
    assert [one.kind for one in state.runs] == [BACKUP, DRILL]
    assert JOURNAL in state.last_success


def test_the_next_runs_follow_the_local_clock():
    state = BackupState(nightly_at="01:30", drill_weekday="Sun", drill_at="04:00", time_zone="Europe/Zurich")
    assert str(next_backup(state, NOW)) == "2026-03-05 01:30:00+01:00"
    assert str(next_drill(state, NOW)) == "2026-03-08 04:00:00+01:00"
    hourly = BackupState(nightly_at="01:30", hourly_minute=15)
    assert str(next_backup(hourly, NOW)) == "2026-03-04 12:15:00+00:00"
    assert next_backup(BackupState(), NOW) is None
    assert next_drill(BackupState(), NOW) is None

"""The page about backups, and the certificates of drills."""

from __future__ import annotations

import json
from datetime import datetime, timedelta, timezone

import pytest
from django.urls import reverse

from noctis.audit.models import Action, AuditEntry
from noctis.backup.actions import note_backup
from noctis.backup_state import BACKUP, DRILL, BackupState, Run, write_backup_state

pytestmark = pytest.mark.django_db
NOW = datetime.now(timezone.utc)
CERTIFICATE = {
    "passed": False,
    "host": "pacs.example",
    "release": "0.1.0",
    "repository": "/backup",
    "snapshot": "0a1b2c3d4e",
    "snapshot_at": NOW.isoformat(),
    "started_at": NOW.isoformat(),
    "finished_at": NOW.isoformat(),
    "steps": [
        {"title": "Images are what was received", "detail": "3 images", "passed": False, "problems": ["1.2.3 is not"]}
    ],
}


@pytest.fixture
def folder(settings, tmp_path, data_dir):
    settings.NOCTIS_BACKUP_STATE = tmp_path / "backup" / "state.json"
    (tmp_path / "backup" / "drills").mkdir(parents=True)
    return tmp_path / "backup"


@pytest.fixture
def page(client, people, folder):
    client.force_login(people.administrator)

    def text() -> str:
        return str(client.get(reverse("backups")).content.decode())

    return text


def test_without_backups_the_page_says_what_to_do(page):
    assert "No backups are set up" in page()


def test_a_damaged_state_is_said_and_breaks_nothing(page, folder):
    (folder / "state.json").write_text("{")
    assert "cannot be read" in page()


def test_the_page_shows_the_last_backup_and_warns_of_a_failed_drill(page, folder):
    started = NOW - timedelta(hours=2)
    state = BackupState(repository="sftp:vault:/noctis", configured_at=started, nightly_at="01:30")
    figures = {"bytes_total": 5_000_000, "bytes_added": 1000, "files": 3}
    state = state.with_run(Run(BACKUP, started, started + timedelta(minutes=2), True, "", "0a1b2c3d", "", figures))
    state = state.with_run(Run(DRILL, started, NOW, False, "x.dcm is not what was received", certificate="c"))
    write_backup_state(folder / "state.json", state)
    (folder / "drills" / "20260304T040000-failed.json").write_text(json.dumps(CERTIFICATE))
    text = page()
    assert "sftp:vault:/noctis" in text
    assert "x.dcm is not what was received" in text
    assert "lies on this server only" in text
    assert reverse("drill_certificate", args=["20260304T040000-failed"]) in text


def test_a_certificate_says_what_was_proved(client, people, folder):
    (folder / "drills" / "20260304T040000-failed.json").write_text(json.dumps(CERTIFICATE))
    client.force_login(people.administrator)
    text = client.get(reverse("drill_certificate", args=["20260304T040000-failed"])).content.decode()
    assert "1.2.3 is not" in text
    assert "pacs.example" in text
    assert client.get(reverse("drill_certificate", args=["another"])).status_code == 404


def test_each_run_is_in_the_audit_trail():
    note_backup(DRILL, {"ok": False, "snapshot": "0a1b2c3d"})
    entry = AuditEntry.objects.get()
    assert (entry.action, entry.username, entry.detail["ok"]) == (Action.RESTORE_REHEARSED, "noctis-backup", False)

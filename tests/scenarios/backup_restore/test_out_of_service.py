"""The new server is taken out of service: not before a backup that was restored outlives it, and then for good."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.appliance.deployment import Appliance, Machine, deployed_appliance, deployed_machine
from tests.scenarios.backup_restore.test_new_server import ask
from tests.scenarios.playbooks import ROOT, Run, run_playbook
from tests.support.waiting import wait_for

HEAL = """
import hashlib, pathlib
path, wanted = pathlib.Path("/var/lib/noctis/storage/{path}"), "{sha256}"
content = bytearray(path.read_bytes())
for value in range(256):
    content[2000] = value
    if hashlib.sha256(content[{offset}:]).hexdigest() == wanted:
        path.write_bytes(content)
"""
PLACES = "/var/lib/noctis* /var/cache/noctis-backup /var/backups/noctis* /etc/noctis /opt/noctis /var/lib/postgresql"
ENABLED = "systemctl list-unit-files --no-legend --state=enabled 'noctis-*' supervisor.service nginx.service || true"
TOLD = ("Snapshot ", "was rehearsed; certificate", "sftp:vault@", "1 reports", "`/var/backups/noctis-releases`")


@pytest.fixture(scope="module")
def server() -> Appliance:
    return deployed_appliance("spare")


@pytest.fixture(scope="module")
def vault() -> Machine:
    return deployed_machine("modality")


def image(server: Appliance) -> list[str]:
    """Return path, SHA-256 and the beginning of what that is of, of a stored image."""
    return ask(server, "SELECT path, sha256, data_set_offset FROM archive_instance ORDER BY id LIMIT 1").split("|")


def decommission(folder: Path) -> Run:
    """Run the playbook as an operator does."""
    scenario = Path(os.environ["MOLECULE_SCENARIO_DIRECTORY"])
    decisions = f"@{scenario / 'inventory' / 'group_vars' / 'appliances.yml'}"
    given = ("decommission=spare", f"decommission_folder={folder}")
    options = [word for one in (decisions, *given) for word in ("--extra-vars", one)]
    playbook = ROOT / "playbooks" / "decommission.yml"
    return run_playbook(playbook, "--limit=spare", *options, inventory=scenario / "new_server")


def test_without_the_password_in_a_safe_it_is_refused(server: Appliance, tmp_path: Path) -> None:
    done = decommission(tmp_path)
    assert done.code != 0
    assert "No backup would outlive the server" in done.output
    assert server.is_healthy()


def test_a_backup_whose_rehearsal_fails_keeps_the_server(server: Appliance, tmp_path: Path) -> None:
    server.run("systemctl stop 'noctis-backup-*.timer'")  # from here on the tests alone make backups
    server.run("noctis-backup safe")
    server.run(f"printf X | dd of=/var/lib/noctis/storage/{image(server)[0]} bs=1 seek=2000 conv=notrunc status=none")
    done = decommission(tmp_path)
    assert done.code != 0
    told = " ".join(done.output.split())
    assert "Nothing was wiped, and the appliance goes on: It was restored in a rehearsal" in told
    assert "is not what was received" in told
    wait_for(server.is_healthy, "pages that go on")
    wait_for(lambda: server.listens(11112), "the DICOM service that goes on")


def test_it_is_wiped_and_the_backup_and_the_protocol_stay(server: Appliance, vault: Machine, tmp_path: Path) -> None:
    path, sha256, offset = image(server)
    server.run(f"python3 - <<'END'\n{HEAL.format(path=path, sha256=sha256, offset=offset)}END")
    server.run("noctis-release dump")  # lies on the server, with the names of patients
    count = "ls /home/vault/noctis/snapshots | wc -l"
    before = int(vault.run(count))

    done = decommission(tmp_path)

    assert done.code == 0, done.output
    assert int(vault.run(count)) == before + 1
    assert server.run(f"find {PLACES} 2>/dev/null || true") == ""
    assert server.run(ENABLED) == ""
    protocol = (tmp_path / "protocol.md").read_text(encoding="utf-8")
    assert not [told for told in TOLD if told not in protocol]
    assert (tmp_path / "audit-trail.jsonl.gz").stat().st_size > 0

"""A server is lost after its backup, and a bare one becomes the same archive; what came too late is named.

The tests follow each other: each begins where the one before it ended.
"""

from __future__ import annotations

import json
import os
import secrets
import subprocess
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from tests.appliance.deployment import Appliance, Machine, deployed_appliance, deployed_machine
from tests.data.phantoms import CT_STUDY, THORAX, SyntheticStudy, ct_series, save
from tests.scenarios.playbooks import ROOT, Run, run_playbook
from tests.support.waiting import wait_for

AE_TITLE = "CT_ROOM_1"
# Roles without a part in a restore.
ELSEWHERE = "base,fail2ban,firewall,monitoring,operator_tools,preflight"
PLAN = replace(THORAX, slices=4, spacing=20.0)
SIGN = """
from noctis.accounts.models import Facility, User
from noctis.archive.models import Study
from noctis.reports import actions
from noctis.reports.warnings import warnings_before_signing
User.objects.create_user("chief", role="administrator", password="{password}")
reader = User.objects.create_user("reader", role="radiologist", password="{password}")
study = Study.objects.get(study_instance_uid="{uid}")
words = {{"type": "paragraph", "content": [{{"type": "text", "text": "No focal lesion."}}]}}
content = {{"findings": {{"type": "doc", "content": [words]}}, "impression": {{"type": "doc", "content": [words]}}}}
report = actions.save(study, content, 0, acting_user=reader)
warnings = {{one.key for one in warnings_before_signing(study, reader, report)}}
actions.sign(study, report.version, "{password}", acting_user=reader, acknowledged=warnings)
"""
FULL_NAME = "SELECT full_name FROM accounts_user WHERE username = 'reader'"
COUNTED = ("archive_study", "archive_instance", "reports_report", "reports_reportversion", "accounts_user")


@dataclass
class Site:
    """The machines, and what the tests remember of the server that is lost."""

    lost: Appliance
    spare: Appliance
    modality: Machine
    early: SyntheticStudy
    late: SyntheticStudy
    password: str = ""
    counts: str = ""
    hashes: str = ""
    moment: str = ""
    snapshot: str = ""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    """Lay two studies on the modality."""
    early, late = (replace(CT_STUDY, seed=f"restore {secrets.token_hex(8)}") for _ in range(2))
    modality = deployed_machine("modality")
    for name, study in (("early", early), ("late", late)):
        folder = tmp_path_factory.mktemp("studies") / name
        for number, dataset in enumerate(ct_series(PLAN, study)):
            save(dataset, folder / f"{number:03}.dcm")
        modality.copy(folder, "/home/itstaff/")
    return Site(deployed_appliance(), deployed_appliance("spare"), modality, early, late)


def send(site: Site, target: Appliance, name: str, expected: int) -> None:
    """Send a study and wait until the archive has as many instances as expected."""
    command = f"storescu +sd -aet {AE_TITLE} -aec NOCTIS_PACS {target.address} 11112 /home/itstaff/{name}"
    wait_for(lambda: target.listens(11112), "the DICOM service")
    site.modality.run(command)
    wait_for(lambda: ask(target, "SELECT count(*) FROM archive_instance") == str(expected), "indexed images")


def ask(appliance: Appliance, query: str) -> str:
    """Ask the database as its administrator."""
    command = f'runuser -u postgres -- psql --tuples-only --no-align --dbname noctis --command "{query}"'
    return appliance.run(f"cd / && {command}").strip()


def counts(appliance: Appliance) -> str:
    """Return how many rows there are of what people and modalities made."""
    return ask(appliance, " UNION ALL ".join(f"SELECT '{name} ' || count(*) FROM {name}" for name in COUNTED))  # noqa: S608


def hashes(appliance: Appliance) -> str:
    """Return the SHA-256 of every file of images and reports."""
    find = "find storage attachments -type f -print0 | sort -z | xargs -0 sha256sum"
    return appliance.run(f"cd /var/lib/noctis && {find}")


def state(appliance: Appliance) -> dict[str, Any]:
    """Return what the backups say of themselves, as the application reads it."""
    text = appliance.run("runuser -u noctis -- cat /var/lib/noctis-backup/state.json")
    return dict(json.loads(text))


def run(playbook: str, *options: str) -> Run:
    """Run a playbook of the operator's for the new server, with the roles that have a part in this."""
    scenario = Path(os.environ["MOLECULE_SCENARIO_DIRECTORY"])
    site_decisions = scenario / "inventory" / "group_vars" / "appliances.yml"
    words = (*options, "--skip-tags", ELSEWHERE, "--extra-vars", f"@{site_decisions}")
    return run_playbook(ROOT / playbook, *words, inventory=scenario / "new_server")


def test_timers_run_and_the_password_goes_to_the_safe(site: Site) -> None:
    timers = site.lost.run(
        "systemctl list-timers --all --plain --no-legend 'noctis-backup-*' | awk '{ print $(NF-1) }'"
    )
    assert len(timers.split()) == 4
    site.lost.run("systemctl stop 'noctis-backup-*.timer'")  # from here on the tests alone make backups
    running = "systemctl list-units --plain --no-legend --state=activating 'noctis-backup@*'"
    wait_for(lambda: site.lost.run(running) == "", "the end of a backup whose minute it was", seconds=120)
    sheet = site.lost.run("noctis-backup safe")
    site.password = next(line.split()[-1] for line in sheet.splitlines() if "Password:" in line)
    assert state(site.lost)["password_taken_at"]
    assert site.lost.run("stat -c '%a %U' /etc/noctis/backup/password").strip() == "600 root"


def test_a_study_and_its_signed_report_are_backed_up_to_another_machine(site: Site) -> None:
    server = site.lost
    kept = "ls /home/vault/noctis/snapshots 2>/dev/null | wc -l"
    before = int(site.modality.run(kept))
    server.run("noctis-manage add_facility MAIN 'Main hospital'")
    server.run(f"noctis-manage add_ae {AE_TITLE} --facility MAIN --address {site.modality.address}/32")
    send(site, server, "early", PLAN.slices)
    sign = SIGN.format(password=secrets.token_urlsafe(16), uid=site.early.uid)
    server.run(f"noctis-manage shell <<'END'\n{sign}\nEND")
    # The report's file is made by the queue of outgoing work, and is an instance of its own as well.
    made = "SELECT count(*) FROM report_output_edition WHERE pdf_sha256 <> ''"
    wait_for(lambda: ask(server, made) == "1", "the report's file", seconds=60)
    waiting = "SELECT count(*) FROM report_output_reportdelivery WHERE finished_at IS NULL"
    wait_for(lambda: ask(server, waiting) == "0", "deliveries of the report", seconds=60)
    server.run("supervisorctl stop noctis-dicom")  # so that nothing more is written while both are compared
    server.run("systemctl start noctis-backup@now.service")
    site.moment = ask(server, "SELECT to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.US')")
    ask(server, "UPDATE accounts_user SET full_name = 'Changed by mistake' WHERE username = 'reader'")
    server.run("systemctl start noctis-backup@now.service")
    site.counts, site.hashes = counts(server), hashes(server)
    server.run("supervisorctl start noctis-dicom")
    assert "reports_report 1" in site.counts
    assert int(site.modality.run(kept)) == before + 2
    last = state(server)["last_success"]["backup"]
    site.snapshot = last["snapshot"]
    assert last["figures"]["instances"] >= PLAN.slices


def test_the_drill_restores_it_and_leaves_a_certificate(site: Site) -> None:
    site.lost.run("systemctl start noctis-backup@drill.service")
    found = state(site.lost)["last_success"]["drill"]
    certificate = json.loads(site.lost.run(f"cat /var/lib/noctis-backup/drills/{found['certificate']}.json"))
    assert certificate["passed"]
    assert [step["passed"] for step in certificate["steps"]] == [True, True, True, True]
    databases = site.lost.run("runuser -u postgres -- psql --list --tuples-only")
    assert "drill" not in databases


def test_a_bare_server_becomes_the_archive_of_one_second_and_names_the_study_that_came_later(
    site: Site, tmp_path: Path
) -> None:
    before = int(ask(site.lost, "SELECT count(*) FROM archive_instance"))
    send(site, site.lost, "late", before + PLAN.slices)
    site.lost.run("systemctl start noctis-backup@journal.service")
    subprocess.run(["podman", "rm", "--force", "--time", "0", site.lost.container], check=True, capture_output=True)
    # The hospital's DNS leads to the new server.
    site.spare.run(f"sed 's/^{site.lost.address}\\b/{site.spare.address}/' /etc/hosts >/tmp/hosts")
    site.spare.run("cat /tmp/hosts >/etc/hosts")

    given = tmp_path / "vault.yml"
    given.write_text(f"backup_given_password: {site.password}\n")
    done = run("playbooks/restore.yml", "-e", f"@{given}", "-e", f"restore_to='{site.moment}'")
    assert done.code == 0, done.output[-6000:]
    assert "Replaying the write-ahead log" in done.output
    assert "Set up the first administrator" not in done.output, "the former one is back"
    assert ask(site.spare, FULL_NAME) == ""
    assert "MISSING: 1 studies" in done.output
    assert site.late.uid in done.output
    assert site.password not in done.output
    assert counts(site.spare) == site.counts
    assert hashes(site.spare) == site.hashes
    wait_for(site.spare.is_healthy, "a healthy application")


def test_the_new_server_is_the_installation_now_and_takes_the_late_study(site: Site) -> None:
    before = int(ask(site.spare, "SELECT count(*) FROM archive_instance"))
    send(site, site.spare, "late", before + PLAN.slices)
    missing = "from noctis.backup.reconciling import last_restore; print('missing', len(last_restore().missing))"
    assert "missing 0" in site.spare.run(f'noctis-manage shell -c "{missing}"')
    audited = "SELECT action FROM audit_auditentry WHERE action = 'backup_restored'"
    assert ask(site.spare, audited) == "backup_restored"


def test_a_running_archive_is_not_set_back_by_mistake(site: Site) -> None:
    # Untagged is the restore itself; the roles would be skipped one task after the other.
    told = ("--tags", "untagged", "-e", "restore_converge=false", "-e", f"restore_snapshot={site.snapshot}")
    refused = run("playbooks/restore.yml", *told)
    assert refused.code != 0
    assert "its index would lose them" in refused.output
    wait_for(site.spare.is_healthy, "programs that go on")


@pytest.mark.parametrize("options", [[], ["--check"]], ids=["again", "check"])
def test_there_is_nothing_more_to_do_on_the_new_server(options: list[str]) -> None:
    again = run("site.yml", "--tags", "backup,noctis,postgresql,supervisor", *options)
    assert (again.code, again.changed) == (0, 0), again.output[-6000:]

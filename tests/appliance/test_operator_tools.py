"""The operator's command on the deployed server, and the playbook that looks at it from here."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

from tests.appliance.deployment import Appliance, Machine

ROOT = Path(__file__).resolve().parent.parent.parent
PATIENT, IDENTIFIER, ACCESSION = "Quince^Theodora", "PID-QUINCE-1", "ACC-QUINCE-1"
STUDY_UID = "1.2.826.0.1.3680043.8.498.99999.4711.1"
ENTRY = f"study {STUDY_UID} of {PATIENT}, {IDENTIFIER}, {ACCESSION}"
MAKE_STUDY = f"""
from django.utils import timezone
from noctis.accounts.models import Facility
from noctis.archive.models import Patient, Study
north = Facility.objects.first() or Facility.objects.create(code="QUINCE", name="Quince")
patient, _ = Patient.objects.get_or_create(facility=north, identity="{IDENTIFIER}", defaults=dict(name="{PATIENT}"))
Study.objects.get_or_create(study_instance_uid="{STUDY_UID}", defaults=dict(
    facility=north, patient=patient, patient_name="{PATIENT}", patient_identifier="{IDENTIFIER}",
    accession_number="{ACCESSION}", received_at=timezone.now(), changed_at=timezone.now()))
"""


def test_the_server_says_that_it_works(appliance: Appliance) -> None:
    done = appliance.host.run("noctisctl status --json")
    answer = json.loads(done.stdout)
    wrong = [one for one in answer["findings"] if one["level"] == "problem"]
    assert not wrong
    subjects = {one["subject"] for one in answer["findings"]}
    assert {"noctis-web", "noctis-dicom", "DICOM", "pages", "certificate", "postgresql", "release"} <= subjects


def test_a_stopped_program_is_found_with_what_to_do(appliance: Appliance) -> None:
    appliance.run("supervisorctl stop noctis-worker")
    done = appliance.host.run("noctisctl doctor --quiet")
    appliance.run("supervisorctl start noctis-worker")
    assert done.rc == 2
    assert "WRONG noctis-worker: does not run (stopped)" in done.stdout
    assert "supervisorctl start noctis-worker" in done.stdout


def test_it_answers_without_the_release_in_use(appliance: Appliance) -> None:
    link = appliance.run("readlink /opt/noctis/current").strip()
    appliance.run("mv /opt/noctis/current /opt/noctis/was-current")
    done = appliance.host.run("noctisctl status")
    appliance.run("mv /opt/noctis/was-current /opt/noctis/current")
    assert appliance.run("readlink /opt/noctis/current").strip() == link
    assert done.rc == 2
    assert "leads to no release" in done.stdout


def test_a_support_bundle_names_no_patient_and_no_secret(appliance: Appliance, tmp_path: Path) -> None:
    appliance.run(f"noctis-manage shell --no-imports --command '{MAKE_STUDY}'")
    appliance.run(f"echo '{ENTRY}' >> /var/log/noctis/web.log")
    printed = appliance.run("noctisctl support-bundle --output /root")
    path = next(word for word in printed.split() if word.endswith(".tar.gz"))
    assert "were compared with the patients" in printed
    encoded = appliance.run(f"base64 --wrap=0 {path}; rm {path}")
    secrets = appliance.run("cat /etc/noctis/secrets/*").split()
    appliance.run("sed -i '/Quince/d' /var/log/noctis/web.log")
    bundle = tmp_path / "bundle.tar.gz"
    bundle.write_bytes(base64.b64decode(encoded))
    with tarfile.open(bundle) as archive:
        texts = {one.name: file.read().decode() for one in archive if (file := archive.extractfile(one)) is not None}
    together = "\n".join(texts.values())
    withheld = [PATIENT, *PATIENT.split("^"), IDENTIFIER, ACCESSION, STUDY_UID, *secrets]
    assert not [word for word in withheld if word in together]
    assert "[withheld: a patient is named]" in texts["noctis-support/logs/web.log"]
    assert "noctis-web" in texts["noctis-support/programs/supervisor.txt"]


def test_what_is_not_there_is_told_with_how_to_get_there(appliance: Appliance) -> None:
    assert "playbooks/upgrade.yml" in appliance.run("noctisctl upgrade")
    assert "playbooks/restore.yml" in appliance.run("noctisctl restore")
    assert appliance.host.run("noctisctl logs nothing").rc == 1
    assert appliance.host.run("runuser -u itstaff -- noctisctl status").rc == 1


@pytest.fixture
def play(appliance: Appliance):
    """Return a function that runs a playbook against the scenario's inventory."""

    def run(playbook: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        inventory = Path(os.environ["MOLECULE_SCENARIO_DIRECTORY"]) / "inventory"
        command = [
            str(Path(sys.executable).with_name("ansible-playbook")),
            f"--inventory={inventory}",
            f"playbooks/{playbook}",
            *arguments,
        ]
        environment = {**os.environ, "ANSIBLE_CONFIG": str(ROOT / "ansible.cfg"), "ANSIBLE_HOST_KEY_CHECKING": "false"}
        return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)

    return run


def test_the_controller_sees_the_appliance_from_outside(play, appliance: Appliance) -> None:
    done = play("verify.yml")
    assert "sign-in page" in done.stdout, done.stdout + done.stderr
    assert "changed=0" in done.stdout
    assert "backups are not set up" not in done.stdout
    for seen in ("leads to HTTPS", "TLS 1.0 and 1.1", "are refused", "cannot be reached from outside"):
        assert seen in done.stdout


def test_facilities_of_the_inventory_are_made_once(play, appliance: Appliance, modality: Machine) -> None:
    facility = {
        "code": "EAST",
        "name": "East hospital",
        "networks": [f"{modality.address}/32"],
        "application_entities": [{"title": "CT_EAST", "addresses": [f"{modality.address}/32"]}],
    }
    asked = ("-e", json.dumps({"site_facilities": [facility]}))
    first, second = play("add_facility.yml", *asked), play("add_facility.yml", *asked)
    assert first.returncode == 0, first.stdout + first.stderr
    assert second.returncode == 0, second.stdout + second.stderr
    assert " changed=0 " in second.stdout
    assert modality.host.run(f"echoscu -aet CT_EAST -aec NOCTIS_PACS {appliance.address} 11112").rc == 0


def test_nothing_is_wiped_unless_the_host_is_named(play, appliance: Appliance) -> None:
    done = play("decommission.yml")
    assert done.returncode != 0
    assert "To go on, name it, and it alone" in done.stdout
    assert appliance.is_healthy()

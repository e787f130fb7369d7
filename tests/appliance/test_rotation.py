"""New secrets while everything runs: `playbooks/rotate_secrets.yml`, after an earlier run of it was interrupted."""

from __future__ import annotations

import os
import secrets
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from tests.appliance.deployment import Appliance, Machine
from tests.appliance.test_secrets import SECRETS
from tests.appliance.test_stores import ask_postgresql, redis
from tests.data.phantoms import CT_STUDY, THORAX, ct_series, save
from tests.support.waiting import wait_for

AE_TITLE = "ROTATION_CT"
SIGN_IN = """
from django.test import Client
from noctis.accounts.models import User
browser = Client()
browser.force_login(User.objects.get(username="admin"))
print(browser.cookies["sessionid"].value)
"""


def values(appliance: Appliance) -> dict[str, str]:
    """Return the present secrets."""
    return {name: appliance.run(f"cat /etc/noctis/secrets/{name}").strip() for name in SECRETS}


def rotate(*options: str) -> str:
    """Run the playbook as an operator does and return what it printed."""
    project, scenario = (Path(os.environ[f"MOLECULE_{name}_DIRECTORY"]) for name in ("PROJECT", "SCENARIO"))
    command = [str(Path(sys.executable).with_name("ansible-playbook")), f"--inventory={scenario / 'inventory'}"]
    settings = {"ANSIBLE_CONFIG": str(project / "ansible.cfg"), "ANSIBLE_HOST_KEY_CHECKING": "false"}
    done = subprocess.run(
        [*command, "-vv", str(project / "playbooks" / "rotate_secrets.yml"), *options],
        cwd=project,
        env={**os.environ, **settings},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr
    return done.stdout + done.stderr


@pytest.fixture
def sending(appliance: Appliance, modality: Machine, tmp_path: Path) -> str:
    """Let the modality send a study over and over; give the file that lists what failed and how often it went well."""
    study = replace(CT_STUDY, seed=secrets.token_hex(8))
    for number, dataset in enumerate(ct_series(replace(THORAX, slices=2), study)):
        save(dataset, tmp_path / "rotation" / f"{number}.dcm")
    modality.copy(tmp_path / "rotation", "/home/itstaff/")
    appliance.host.run("noctis-manage add_facility ROTATION 'Rotation'")
    appliance.host.run(f"noctis-manage add_ae {AE_TITLE} --facility ROTATION --address {modality.address}/32")
    command = f"storescu +sd -aet {AE_TITLE} -aec NOCTIS_PACS {appliance.address} 11112 /home/itstaff/rotation"
    modality.run(command)
    modality.run(
        "rm -f /tmp/rotation.*; nohup sh -c 'until [ -e /tmp/rotation.stop ]; do "
        f"if {command}; then echo stored; else echo failed; fi >>/tmp/rotation.log; done' >/dev/null 2>&1 &"
    )
    return "/tmp/rotation.log"  # noqa: S108


def interrupt_a_rotation(appliance: Appliance) -> str:
    """Leave what a run leaves that is cut off once PostgreSQL knows the new password; return that."""
    appliance.run(
        "cd /etc/noctis/secrets && umask 077 && openssl rand -hex 32 >database_password.next && "
        "chown root:noctis database_password.next && chmod 640 database_password.next && cd / && "
        '{ printf "ALTER ROLE noctis PASSWORD \'"; tr -d "\\n" </etc/noctis/secrets/database_password.next; '
        'printf "\'"; } | runuser -u postgres -- psql --quiet'
    )
    return appliance.run("cat /etc/noctis/secrets/database_password.next").strip()


def test_secrets_change_without_a_failed_transfer_and_nobody_is_signed_out(
    appliance: Appliance, modality: Machine, sending: str
) -> None:
    session = appliance.run(f"noctis-manage shell --command '{SIGN_IN}'").split()[-1]
    before = values(appliance)
    coming = interrupt_a_rotation(appliance)
    appliance.run("noctis-manage check --database default")  # a new connection, in between
    service = appliance.run("supervisorctl pid noctis-dicom")

    printed = rotate("--extra-vars", "rotate_session_secret=true")

    modality.run("touch /tmp/rotation.stop")
    after = values(appliance)
    assert after["database_password"] == coming, "the interrupted change is finished"
    assert not [name for name in SECRETS if after[name] == before[name]]
    assert not [name for name in SECRETS if after[name] in printed or before[name] in printed]
    assert appliance.run("ls /etc/noctis/secrets/*.next 2>/dev/null || true") == ""

    lines = modality.run(f"cat {sending}").splitlines()
    assert set(lines) == {"stored"}
    assert appliance.run("supervisorctl pid noctis-dicom") == service
    wait_for(lambda: appliance.get("/worklist", cookie=f"sessionid={session}").status == 200, "the same session")

    old = f"REDISCLI_AUTH={before['redis_password']} redis-cli --user noctis --no-auth-warning ping"
    assert "NOAUTH" in appliance.run(old)
    assert redis(appliance, "noctis", "redis_password", "ping") == "PONG"
    assert ask_postgresql(appliance, "SELECT count(*) > 0 FROM pg_stat_activity WHERE usename = 'noctis'") == "t"
    for role in ("noctis_owner", "noctis_readonly", "noctis_backup"):
        assert appliance.run(f"psql service={role} --tuples-only --command 'SELECT 1'").strip() == "1"

"""SSH settings that would lock the operator out go by themselves."""

from __future__ import annotations

import subprocess

from tests.appliance.deployment import Appliance
from tests.scenarios.playbooks import run_site
from tests.support.waiting import wait_for

SECONDS = 16
SETTINGS = "/etc/ssh/sshd_config.d/10-noctis.conf"


def at_the_console(appliance: Appliance, command: str) -> str:
    """Run a command as somebody does who sits at the server itself."""
    done = subprocess.run(
        ["podman", "exec", appliance.container, "sh", "-c", command], stdout=subprocess.PIPE, text=True, check=False
    )
    return done.stdout


def test_settings_that_lock_out_are_withdrawn_and_the_proven_ones_are_back(appliance: Appliance) -> None:
    before = at_the_console(appliance, f"cat {SETTINGS}")
    assert "MaxAuthTries 3" in before
    run = run_site(
        "--tags=base",
        variables={"base_ssh_further_settings": {"AllowUsers": "nobody"}, "base_ssh_way_back_seconds": SECONDS},
    )
    assert run.code != 0
    assert "timed out" in run.output.lower(), run.output
    wait_for(lambda: at_the_console(appliance, f"cat {SETTINGS}") == before, "the way back", seconds=SECONDS + 10)
    wait_for(lambda: at_the_console(appliance, "sshd -T | grep -c allowusers") == "0\n", "sshd as before")
    assert appliance.answers(22), "the firewall has counted the tries that failed"


def test_settings_that_sshd_does_not_understand_are_taken_away_at_once(appliance: Appliance) -> None:
    before = at_the_console(appliance, f"cat {SETTINGS}")
    run = run_site("--tags=base", variables={"base_ssh_further_settings": {"AllowUserz": "nobody"}})
    assert "sshd does not accept the settings, which were taken away again" in run.output
    assert appliance.run(f"cat {SETTINGS}") == before
    appliance.run("sshd -t")

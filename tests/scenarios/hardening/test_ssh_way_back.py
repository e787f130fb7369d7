"""SSH settings that would lock the operator out go by themselves."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.appliance.deployment import Appliance
from tests.scenarios.playbooks import Run, run_playbook
from tests.support.waiting import wait_for

SECONDS = 16
PLAYBOOK = """
- hosts: appliances
  become: true
  gather_subset: ["!all", min, virtual]
  tasks:
    - ansible.builtin.include_role: {name: base, tasks_from: ssh}
"""
COUNTED_BY_THE_FIREWALL = "/proc/net/xt_recent/DEFAULT"
SETTINGS = "/etc/ssh/sshd_config.d/10-noctis.conf"


def at_the_console(appliance: Appliance, command: str) -> str:
    """Run a command as somebody does who sits at the server itself."""
    done = subprocess.run(
        ["podman", "exec", appliance.container, "sh", "-c", command], stdout=subprocess.PIPE, text=True, check=False
    )
    return done.stdout


@pytest.fixture
def harden(appliance: Appliance, tmp_path: Path) -> Callable[..., Run]:
    """Give a run of what the role base does to SSH, with further settings of the site."""
    playbook, inventory = tmp_path / "ssh.yml", Path(os.environ["MOLECULE_SCENARIO_DIRECTORY"]) / "inventory"
    playbook.write_text(PLAYBOOK, encoding="utf-8")

    def run(**settings: str) -> Run:
        variables = {"base_ssh_further_settings": settings, "base_ssh_way_back_seconds": SECONDS}
        result = run_playbook(playbook, "--extra-vars", json.dumps(variables), inventory=inventory)
        # Each look of a run is a connection of its own, and after six in half a minute the firewall lets nobody in.
        at_the_console(appliance, f"echo / >{COUNTED_BY_THE_FIREWALL}")
        return result

    return run


def test_settings_that_lock_out_are_withdrawn_and_the_proven_ones_are_back(
    appliance: Appliance, harden: Callable[..., Run]
) -> None:
    before = at_the_console(appliance, f"cat {SETTINGS}")
    assert "MaxAuthTries 3" in before
    run = harden(AllowUsers="nobody")
    assert run.code != 0
    assert "timed out" in run.output.lower(), run.output
    wait_for(lambda: at_the_console(appliance, f"cat {SETTINGS}") == before, "the way back", seconds=SECONDS + 10)
    wait_for(lambda: at_the_console(appliance, "sshd -T | grep -c allowusers") == "0\n", "sshd as before")
    assert appliance.answers(22), "the firewall has counted the tries that failed"


def test_settings_that_sshd_does_not_understand_are_taken_away_at_once(
    appliance: Appliance, harden: Callable[..., Run]
) -> None:
    before = at_the_console(appliance, f"cat {SETTINGS}")
    assert "sshd does not accept the settings, which were taken away again" in harden(AllowUserz="nobody").output
    assert at_the_console(appliance, f"cat {SETTINGS}") == before
    appliance.run("sshd -t")

"""SSH settings that would lock the operator out go by themselves."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable, Iterator
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
PORT_OF_THE_SOCKET = 2222
FIREWALL_AND_SSH = """
- hosts: appliances
  become: true
  gather_subset: ["!all", min, virtual]
  tasks:
    - ansible.builtin.include_role: {name: firewall}
    - ansible.builtin.include_role: {name: base, tasks_from: ssh}
"""
SYSTEMD_LISTENS = f"""
mkdir /etc/systemd/system/ssh.socket.d
printf '[Socket]\\nListenStream=\\nListenStream={PORT_OF_THE_SOCKET}\\n' >/etc/systemd/system/ssh.socket.d/port.conf
ufw allow {PORT_OF_THE_SOCKET}/tcp comment operator
systemctl daemon-reload
systemctl disable --now ssh.service && systemctl enable --now ssh.socket
"""
SSHD_LISTENS = f"""
systemctl disable --now ssh.socket; systemctl stop ssh.service
rm -r /etc/systemd/system/ssh.socket.d; systemctl daemon-reload; systemctl enable --now ssh.service
ufw delete allow {PORT_OF_THE_SOCKET}/tcp; ufw delete limit {PORT_OF_THE_SOCKET}/tcp
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

    def run(tasks: str = PLAYBOOK, port: int = 22, **settings: str) -> Run:
        playbook.write_text(tasks, encoding="utf-8")
        variables = {
            "base_ssh_further_settings": settings, "base_ssh_way_back_seconds": SECONDS, "ansible_port": port,
        }  # fmt: skip
        result = run_playbook(playbook, "--extra-vars", json.dumps(variables), inventory=inventory)
        # Each look of a run is a connection of its own, and after six in half a minute the firewall lets nobody in.
        at_the_console(appliance, f"echo / >{COUNTED_BY_THE_FIREWALL}")
        return result

    return run


@pytest.fixture
def socket_of_systemd(appliance: Appliance) -> Iterator[int]:
    """Give the port on which systemd listens for sshd, whose own settings name another, as ssh.socket does it."""
    at_the_console(appliance, SYSTEMD_LISTENS)
    yield PORT_OF_THE_SOCKET
    at_the_console(appliance, SSHD_LISTENS)


def greeting(appliance: Appliance, port: int) -> str:
    """Return what SSH says first, asked behind the firewall; an open port that nobody serves says nothing."""
    return at_the_console(appliance, f"timeout 2 bash -c 'head -c 4 </dev/tcp/{appliance.address}/{port}'")


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


def test_settings_with_which_sshd_does_not_start_are_withdrawn(
    appliance: Appliance, harden: Callable[..., Run]
) -> None:
    before = at_the_console(appliance, f"cat {SETTINGS}")
    # An address that the server does not have: `sshd -t` does not look.
    assert harden(ListenAddress="192.0.2.1").code != 0
    # In the meantime systemd reads its units anew, as after the installation of a package.
    at_the_console(appliance, "systemctl daemon-reload")
    wait_for(lambda: greeting(appliance, 22) == "SSH-", "SSH after the way back", seconds=SECONDS + 10)
    assert at_the_console(appliance, f"cat {SETTINGS}") == before


def test_where_systemd_listens_for_ssh_its_port_stays_open_and_served(
    appliance: Appliance, harden: Callable[..., Run], socket_of_systemd: int
) -> None:
    run = harden(FIREWALL_AND_SSH, socket_of_systemd, MaxStartups="9:30:60")
    assert run.code == 0, run.output
    assert f"noctis firewall: {socket_of_systemd} from any" in at_the_console(appliance, "ufw show added")
    assert at_the_console(appliance, "sshd -T | grep ^maxstartups") == "maxstartups 9:30:60\n"
    assert greeting(appliance, socket_of_systemd) == "SSH-"
    run = harden(PLAYBOOK, socket_of_systemd, AllowUsers="nobody")
    assert run.code != 0
    wait_for(
        lambda: "allowusers" not in at_the_console(appliance, f"tr A-Z a-z <{SETTINGS}"), "the way back",
        seconds=SECONDS + 10,
    )  # fmt: skip
    assert harden(PLAYBOOK, socket_of_systemd).code == 0

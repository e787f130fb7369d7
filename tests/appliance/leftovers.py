"""What a run of Ansible that was killed has left on a server, and how it goes."""

from __future__ import annotations

from tests.appliance.deployment import Machine

RULE = "/etc/tmpfiles.d/noctis-ansible.conf"
SOONER = "/run/noctis-ansible-sooner.conf"


def a_day_passes(machine: Machine) -> None:
    """Let systemd clear as it does once a day; nobody can set when a file was last changed, so a day is a second."""
    machine.run(f"sleep 1.1; sed 's/ 1d$/ 1s/' {RULE} >{SOONER}; systemd-tmpfiles --clean {SOONER}; rm {SOONER}")

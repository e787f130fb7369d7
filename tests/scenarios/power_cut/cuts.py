"""Start site.yml against the machine `pacs-cut` and kill it, in one place after another; its end comes with Molecule.

Called by the scenario's prepare.yml. Each start goes on where the last one was killed, so each place is reached once.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from tests.appliance.deployment import Machine, deployed_machine
from tests.scenarios.playbooks import PLAYBOOK_PROGRAM, ROOT
from tests.support.waiting import wait_for

MACHINE = "pacs-cut"
CLUSTER = "15/main"
ARRIVED = "/home/itstaff/.ansible/tmp/*/.source*"
ASK = "runuser -u postgres -- psql --no-psqlrc --tuples-only --no-align --command"


@dataclass(frozen=True)
class Cut:
    """What is true on the server when the plug is pulled, and the line of Ansible's output from which on it is asked.

    ``half_done`` must be true after it: a cut that came too early or too late proves nothing. Without
    ``of_the_server`` the run and what it had started on the server are killed, and services go on as they are. ``tags``
    bring a run there sooner: roles before it have ended already, and roles after it are left to the run to the end.
    """

    line: str
    reached: str
    half_done: str
    of_the_server: bool = False
    tags: str = "all"


CUTS = (
    # Packages are being unpacked.
    Cut(
        "TASK [base : Packages that were left half done are known]",
        reached="grep -q 'status half-installed unattended-upgrades:' /var/log/dpkg.log",
        half_done="dpkg --audit | grep -q .",
        of_the_server=True,
    ),
    # The database is being made.
    Cut(
        "TASK [postgresql : Tools for PostgreSQL clusters are installed]",
        reached=f"test -s /var/lib/postgresql/{CLUSTER}/PG_VERSION",
        half_done=f"! test -e /etc/postgresql/{CLUSTER}/postgresql.conf",
        of_the_server=True,
        tags="base,postgresql",
    ),
    # Configuration is written, and the service runs with the one before; the next template's text has arrived.
    Cut(
        "TASK [postgresql : PostgreSQL has a cluster]",
        reached=f"test -e /etc/postgresql/{CLUSTER}/conf.d/noctis.conf && grep -s ^hostssl {ARRIVED}",
        half_done=f'test "$({ASK} "SHOW max_wal_size")" = 1GB && ls {ARRIVED}',
        tags="postgresql",
    ),
    # The packages of the release are being installed.
    Cut(
        "TASK [noctis : Remains of an interrupted installation are gone]",
        reached="ls -d /opt/noctis/environments/*/lib/python3*/site-packages/django",
        half_done="! ls /opt/noctis/environments/*/complete",
        tags="noctis",
    ),
)


def main() -> None:
    """Pull the plug in every place."""
    machine = deployed_machine(MACHINE)
    for cut in CUTS:
        pull_the_plug(machine, cut)
        come_back(machine)
        if at_the_console(machine, cut.half_done).returncode != 0:
            sys.exit(f"Nothing was half done after “{cut.line}”: {cut.half_done}")


def start_site(tags: str) -> subprocess.Popen[str]:
    """Start site.yml, in a process group of its own."""
    inventory = Path(os.environ["MOLECULE_SCENARIO_DIRECTORY"]) / "inventory"
    return subprocess.Popen(
        [PLAYBOOK_PROGRAM, "--inventory", inventory, "--limit", MACHINE, "--tags", tags, ROOT / "site.yml"],
        cwd=ROOT, env={**os.environ, "PYTHONUNBUFFERED": "1"}, stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True,
    )  # fmt: skip


def kill(run: subprocess.Popen[str]) -> None:
    """Kill a run with everything that it has started here."""
    if run.poll() is None:
        os.killpg(run.pid, signal.SIGKILL)
        run.wait()


def pull_the_plug(machine: Machine, cut: Cut) -> None:
    """Run site.yml up to a place, and kill it there without warning."""
    run = start_site(cut.tags)
    try:
        wait_for_line(run, cut.line)
        # All but the first process and this shell, or all that came over SSH: in the moment the place is reached.
        ending = "kill -KILL -1" if cut.of_the_server else "systemctl kill --kill-whom=all --signal=KILL ssh.service"
        wait = f"n=0; until {{ {cut.reached}; }} >/dev/null 2>&1; do n=$((n + 1)); [ $n -lt 5000 ]; sleep 0.02; done"
        is_done = at_the_console(machine, f"set -e; {wait}; {ending}").returncode == 0
    finally:
        kill(run)
    if not is_done:
        assert run.stdout is not None
        sys.exit(f"“{cut.line}” did not come to “{cut.reached}”:\n{run.stdout.read()[-5000:]}")
    if cut.of_the_server:
        for words in (["kill", "--signal", "KILL"], ["start"]):
            subprocess.run(["podman", *words, machine.container], check=True, stdout=subprocess.DEVNULL)


def wait_for_line(run: subprocess.Popen[str], wanted: str) -> None:
    """Read what a run prints until a line has come."""
    assert run.stdout is not None
    printed = []
    for line in run.stdout:
        printed.append(line)
        if wanted in line:
            return
    sys.exit(f"site.yml ended before “{wanted}”:\n{''.join(printed[-40:])}")


def come_back(machine: Machine) -> None:
    """Wait until somebody can sign in again."""
    listens = "ss --no-header --listening --tcp 'sport = :22' | grep -q ."  # the firewall counts who tries
    ready = f"case $(systemctl is-system-running) in running | degraded) {listens} ;; *) false ;; esac"
    wait_for(lambda: at_the_console(machine, ready).returncode == 0, "a server that somebody can sign in to")


def at_the_console(machine: Machine, command: str) -> subprocess.CompletedProcess[str]:
    """Run a command as somebody does who sits at the server itself."""
    words = ["podman", "exec", machine.container, "sh", "-c", command]
    return subprocess.run(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)


if __name__ == "__main__":
    main()

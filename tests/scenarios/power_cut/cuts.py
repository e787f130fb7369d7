"""Start site.yml against the machine `interrupted` and kill it, in one place after another; the way on is Molecule's.

Called by the scenario's prepare.yml. Each start goes on where the last one was killed, so each place is reached once.
Then one run goes to its end on the machine `untouched`: the machines share a cache of packages, which apt locks.
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

MACHINE = "interrupted"
CLUSTER = "15/main"
ASK = "runuser -u postgres -- psql --no-psqlrc --tuples-only --no-align --command"


@dataclass(frozen=True)
class Cut:
    """What is true on the server when the plug is pulled, and the line of Ansible's output from which on it is asked.

    ``half_done`` must be true after it: a cut that came too early or too late proves nothing. Without
    ``of_the_server`` the run and what it had started on the server are killed, and services go on as they are.
    """

    line: str
    reached: str
    half_done: str
    of_the_server: bool = False


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
    ),
    # Configuration is written, and the service runs with the one before.
    Cut(
        "TASK [postgresql : PostgreSQL starts with the server]",
        reached="true",
        half_done=f'test "$({ASK} "SHOW max_wal_size")" = 1GB',
    ),
    # The packages of the release are being installed.
    Cut(
        "TASK [noctis : Remains of an interrupted installation are gone]",
        reached="ls -d /opt/noctis/environments/*/lib/python3*/site-packages/django",
        half_done="! ls /opt/noctis/environments/*/complete",
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
    clean = start_site("untouched")
    printed, _ = clean.communicate()
    if clean.returncode != 0:
        sys.exit(f"site.yml failed where nobody cut it off:\n{printed[-5000:]}")


def start_site(machine: str) -> subprocess.Popen[str]:
    """Start site.yml against one machine, in a process group of its own."""
    inventory = Path(os.environ["MOLECULE_SCENARIO_DIRECTORY"]) / "inventory"
    return subprocess.Popen(
        [PLAYBOOK_PROGRAM, "--inventory", inventory, "--limit", machine, ROOT / "site.yml"],
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
    run = start_site(MACHINE)
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

"""Start site.yml against the machine `interrupted` and kill it, in one place after another; the way on is Molecule's.

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

MACHINE = "interrupted"
VERSION = 15
CLUSTER = f"{VERSION}/main"
ASK = "runuser -u postgres -- psql --no-psqlrc --tuples-only --no-align --command"


@dataclass(frozen=True)
class Cut:
    """A line of Ansible's output, and what is true on the server when the plug is pulled.

    ``half_done`` must be true after it: a cut that came too early or too late proves nothing. Without
    ``of_the_server`` the run and what it had started on the server are killed, and services go on as they are.
    """

    line: str
    reached: str
    half_done: str
    of_the_server: bool = False


CUTS = (
    Cut(
        "TASK [base : SSH takes its settings]",
        reached="true",
        half_done="systemctl is-active noctis-ssh-way-back.timer && ! test -e /etc/ssh/sshd_config.d/*.proven",
    ),
    Cut(
        "TASK [postgresql : PostgreSQL is installed]",
        reached=f"grep -q 'status half-installed postgresql-{VERSION}:' /var/log/dpkg.log",
        half_done="dpkg --audit | grep -q .",
        of_the_server=True,
    ),
    Cut(
        "TASK [postgresql : PostgreSQL has a cluster]",
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
    Cut(
        "TASK [redis : Redis starts with the server]",
        reached="true",
        half_done='test "$(redis-cli ping)" = PONG',
    ),
    # The release's installation.
    Cut(
        "TASK [noctis : Packages are installed with the hashes that the release was tested with]",
        reached="ls -d /opt/noctis/environments/*/lib/python3*/site-packages/django",
        half_done="! ls /opt/noctis/environments/*/complete",
    ),
    Cut(
        "TASK [noctis : The release is the one in use]",
        reached=f"{ASK} \"SELECT 'archive_study'::regclass\" noctis",
        half_done=f'test -z "$({ASK} "SELECT to_regclass(\'sharing_guestvisit\')" noctis)"',
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


def pull_the_plug(machine: Machine, cut: Cut) -> None:
    """Run site.yml up to a place, and kill it there without warning."""
    inventory = Path(os.environ["MOLECULE_SCENARIO_DIRECTORY"]) / "inventory"
    run = subprocess.Popen(
        [PLAYBOOK_PROGRAM, "--inventory", inventory, "--limit", MACHINE, ROOT / "site.yml"],
        cwd=ROOT, env={**os.environ, "PYTHONUNBUFFERED": "1"}, stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True,
    )  # fmt: skip
    try:
        wait_for_line(run, cut.line)
        # All but the first process and this shell, or all that came over SSH: in the moment the place is reached.
        kill = "kill -KILL -1" if cut.of_the_server else "systemctl kill --kill-whom=all --signal=KILL ssh.service"
        wait = f"n=0; until {{ {cut.reached}; }} >/dev/null 2>&1; do n=$((n + 1)); [ $n -lt 5000 ]; sleep 0.02; done"
        done = at_the_console(machine, f"set -e; {wait}; {kill}")
        if done.returncode != 0:
            sys.exit(f"“{cut.line}” did not come to: {cut.reached}\n{done.stdout[-1000:]}")
    finally:
        os.killpg(run.pid, signal.SIGKILL)
        run.wait()
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

"""Start site.yml against the machine `interrupted` and kill it, in one place after another; the way on is Molecule's.

Called by the scenario's prepare.yml. Each start goes on where the last one was killed, so each place is reached once.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from tests.scenarios.playbooks import PLAYBOOK_PROGRAM, ROOT

MACHINE = "interrupted"


@dataclass(frozen=True)
class Cut:
    """A line of Ansible's output, how long after it the plug is pulled, and whether it is the server's own."""

    line: str
    seconds: float = 0.0
    of_the_server: bool = False


CUTS = (
    # The way back of SSH is armed, and the settings are not proven.
    Cut("TASK [base : SSH takes its settings]"),
    # Packages are being unpacked and set up.
    Cut("TASK [postgresql : PostgreSQL is installed]", seconds=4, of_the_server=True),
    # Configuration is written, and the service runs with the one before.
    Cut("RUNNING HANDLER [redis :"),
    Cut("RUNNING HANDLER [nginx :"),
)


def main() -> None:
    """Pull the plug in every place."""
    for cut in CUTS:
        run_until(cut)


def run_until(cut: Cut) -> None:
    """Run site.yml up to a place, and kill it there without warning."""
    inventory = Path(os.environ["MOLECULE_SCENARIO_DIRECTORY"]) / "inventory"
    run = subprocess.Popen(
        [PLAYBOOK_PROGRAM, "--inventory", inventory, "--limit", MACHINE, ROOT / "site.yml"],
        cwd=ROOT, env={**os.environ, "PYTHONUNBUFFERED": "1"}, stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True,
    )  # fmt: skip
    assert run.stdout is not None
    printed = []
    for line in run.stdout:
        printed.append(line)
        if cut.line in line:
            break
    else:
        sys.exit(f"site.yml ended before “{cut.line}”:\n{''.join(printed[-40:])}")
    time.sleep(cut.seconds)
    if cut.of_the_server:
        container = f"noctis-debian13-{MACHINE}"
        subprocess.run(["podman", "kill", "--signal", "KILL", container], check=True, stdout=subprocess.DEVNULL)
    os.killpg(run.pid, signal.SIGKILL)
    run.wait()
    if cut.of_the_server:
        subprocess.run(["podman", "start", container], check=True, stdout=subprocess.DEVNULL)


if __name__ == "__main__":
    main()

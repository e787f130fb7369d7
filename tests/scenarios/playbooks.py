"""Runs of site.yml beside Molecule's own, as an operator starts them on the controller."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PLAYBOOK_PROGRAM = Path(sys.executable).with_name("ansible-playbook")
COLOURS = {"ANSIBLE_FORCE_COLOR", "PY_COLORS", "FORCE_COLOR"}


@dataclass(frozen=True)
class Run:
    """What a run of a playbook printed, and how it ended."""

    code: int
    output: str

    @property
    def changed(self) -> int:
        """How many tasks changed something, on all machines together."""
        return sum(map(int, re.findall(r"\bchanged=(\d+)", self.output)))


def run_playbook(playbook: Path, *options: str, inventory: Path) -> Run:
    """Run a playbook with the configuration that an operator uses."""
    inherited = {name: value for name, value in os.environ.items() if name not in COLOURS}
    own = {"ANSIBLE_CONFIG": str(ROOT / "ansible.cfg"), "ANSIBLE_HOST_KEY_CHECKING": "false", "ANSIBLE_NOCOLOR": "1"}
    done = subprocess.run(
        [PLAYBOOK_PROGRAM, "--inventory", inventory, *options, playbook],
        cwd=ROOT, env=inherited | own, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
    )  # fmt: skip
    return Run(done.returncode, done.stdout)

"""``python -m noctis.backup PLAN COMMAND``: the server's ``noctis-backup``, which runs as root and without Django."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

from noctis.backup.engine.command import execute
from noctis.backup.engine.plan import BackupError, read_plan

RELEASE = Path(__file__).resolve().parents[3].name  # /opt/noctis/releases/<version>-<digest>
MANAGE = "/usr/local/bin/noctis-manage"


def manage(*arguments: str) -> str:
    """Run a management command of the application as its own user and return what it printed."""
    done = subprocess.run([MANAGE, *arguments], capture_output=True, text=True, check=False)  # noqa: S603
    if done.returncode:
        raise BackupError(f"noctis-manage {arguments[0]} failed: {done.stderr.strip()[-500:]}")
    return done.stdout


def main() -> int:
    """Read the plan and carry out the command."""
    try:
        plan = replace(read_plan(Path(sys.argv[1]), manage), release=RELEASE)
    except (BackupError, OSError, ValueError) as error:
        sys.stderr.write(f"noctis-backup: {error}\n")
        return 1
    return execute(plan, sys.argv[2:])


if __name__ == "__main__":
    sys.exit(main())

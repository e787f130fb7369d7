"""What goes wrong on a new machine gets one clear sentence."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPTS = Path(__file__).resolve().parents[2] / "scripts"


@pytest.fixture
def programs(tmp_path: Path) -> Path:
    """Give a folder of programs that hides this machine's Pythons."""
    for name in ("python3", "python3.10", "python3.11", "python3.12", "python3.13"):
        program = tmp_path / name
        program.write_text('#!/bin/sh\n[ "$1" = --version ] || exit 1\necho "Python 3.9.2"\n')
        program.chmod(0o755)
    return tmp_path


def run(programs: Path, *command: str, **environment: str) -> subprocess.CompletedProcess[str]:
    path = f"{programs}:{os.environ['PATH']}"
    return subprocess.run(
        command, env={"PATH": path, **environment}, capture_output=True, text=True, check=False, timeout=30
    )


def test_a_python_that_is_too_old_is_named(programs):
    done = run(programs, str(SCRIPTS / "find-python"), str(programs / "python3"))
    assert done.returncode == 1
    assert "Python 3.10, 3.11, 3.12 or 3.13 is needed; this machine has Python 3.9.2." in done.stderr
    assert "make run PYTHON=" in done.stderr


def test_the_named_python_is_taken(programs):
    done = run(programs, str(SCRIPTS / "find-python"), PYTHON=sys.executable)
    assert done.stdout.strip() == sys.executable


def test_the_python_of_the_system_goes_before_others_where_it_is_complete(programs, tmp_path):
    other, system = programs / "python3", tmp_path / "system"
    other.write_text("#!/bin/sh\n")
    headers = tmp_path / "Python.h"
    system.write_text(f"""#!/bin/sh\ncase $2 in *Python.h*) [ -e {headers} ] ;; esac\n""")
    system.chmod(0o755)
    assert run(programs, str(SCRIPTS / "find-python"), str(system)).stdout.strip() == str(other)
    headers.touch()
    assert run(programs, str(SCRIPTS / "find-python"), str(system)).stdout.strip() == str(system)
    named = run(programs, str(SCRIPTS / "find-python"), str(system), PYTHON=sys.executable)
    assert named.stdout.strip() == sys.executable


def test_quietly_shows_output_only_of_a_failure(tmp_path):
    quiet = run(tmp_path, str(SCRIPTS / "quietly"), "sh", "-c", "echo fine")
    assert (quiet.returncode, quiet.stdout, quiet.stderr) == (0, "", "")
    loud = run(tmp_path, str(SCRIPTS / "quietly"), "sh", "-c", "echo broken; exit 7")
    assert (loud.returncode, loud.stdout, loud.stderr) == (7, "", "broken\n")

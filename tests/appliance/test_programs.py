"""The programs of the application under supervisor."""

from __future__ import annotations

import pytest

from tests.appliance.deployment import Appliance
from tests.support.waiting import wait_for

PROGRAMS = ["noctis-web", "noctis-events", "noctis-dicom", "noctis-worker", "noctis-hl7"]


def process_id(appliance: Appliance, program: str) -> int:
    """Return the process id of a running program, else 0."""
    text = str(appliance.host.run(f"supervisorctl pid {program}").stdout).strip()
    return int(text) if text.isdigit() else 0


@pytest.mark.parametrize("program", PROGRAMS)
def test_a_killed_program_comes_back(appliance: Appliance, program: str) -> None:
    before = process_id(appliance, program)
    assert before
    appliance.run(f"kill -KILL {before}")
    wait_for(lambda: process_id(appliance, program) not in {0, before}, f"a new {program}", seconds=15)
    wait_for(lambda: "RUNNING" in appliance.host.run(f"supervisorctl status {program}").stdout, program, seconds=30)
    wait_for(appliance.is_healthy, "a healthy application", seconds=30)


@pytest.mark.parametrize("program", PROGRAMS)
def test_a_program_runs_as_the_application_with_its_limits(appliance: Appliance, program: str) -> None:
    number = process_id(appliance, program)
    assert appliance.run(f"ps -o user= -p {number}").strip() == "noctis"
    limits = appliance.run(f"cat /proc/{number}/limits")
    assert limits.split("Max open files")[1].split()[:2] == ["16384", "16384"]
    assert limits.split("Max core file size")[1].split()[:2] == ["0", "0"]


def test_the_application_passes_its_own_checks(appliance: Appliance) -> None:
    appliance.run("noctis-manage check --deploy --fail-level WARNING")


def test_no_migration_is_left(appliance: Appliance) -> None:
    appliance.run("noctis-manage migrate --check")


def test_an_ordinary_user_cannot_run_management_commands(appliance: Appliance) -> None:
    done = appliance.host.run("runuser -u itstaff -- noctis-manage check")
    assert done.rc != 0
    assert "use sudo" in done.stderr

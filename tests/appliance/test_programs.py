"""The programs of the application under supervisor."""

from __future__ import annotations

import json

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


@pytest.mark.parametrize("command", ["noctis-manage check", "dicom-server status"])
def test_an_ordinary_user_cannot_run_administrators_commands(appliance: Appliance, command: str) -> None:
    done = appliance.host.run(f"runuser -u itstaff -- {command}")
    assert done.rc != 0
    assert "use sudo" in done.stderr


def test_the_dicom_service_tells_of_itself(appliance: Appliance) -> None:
    assert " answers at 127.0.0.1 port 11112: C-ECHO took " in appliance.run("dicom-server status")
    found = json.loads(appliance.run("dicom-server stats --json"))
    assert found["service"]["running"] is True
    assert found["services"]["c_echo"]["success"] >= 1


def test_the_dicom_service_stays_stopped_once_it_is_stopped(appliance: Appliance) -> None:
    appliance.run("dicom-server stop")
    stopped = appliance.host.run("dicom-server status")
    appliance.run("supervisorctl start noctis-dicom")
    wait_for(lambda: appliance.listens(11112), "the DICOM service", seconds=30)
    assert stopped.rc == 1
    assert "nobody takes the connection" in stopped.stderr
    assert appliance.host.run("runuser -u noctis -- dicom-server stop").rc == 1, "it would come back at once"


def test_programs_that_stand_still_are_started_by_what_is_applied(appliance: Appliance) -> None:
    appliance.run("systemctl stop supervisor")
    assert "supervisor: started" in appliance.run("/usr/local/sbin/noctis-apply")
    wait_for(appliance.is_healthy, "a healthy application", seconds=30)
    assert appliance.run("/usr/local/sbin/noctis-apply").strip() == ""


def test_the_programs_can_do_no_more_than_they_need(appliance: Appliance) -> None:
    printed = appliance.run("systemd-analyze --no-pager security supervisor.service | tail -n 1")
    assert float(printed.rpartition(":")[2].split()[0]) <= 4.0, printed

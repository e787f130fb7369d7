"""The supervisor: what it says and when it gives up."""

from __future__ import annotations

import os

import pytest

from noctis.operations.embedded import supervisor
from noctis.operations.embedded.supervisor import Output, Program, Supervisor
from tests.support.waiting import wait_for


class Lines(Output):
    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = []

    def line(self, text: str, *, source: str = "") -> None:
        self.lines.append(f"{source}: {text}")


@pytest.fixture(autouse=True)
def short_pauses(monkeypatch):
    monkeypatch.setattr(supervisor, "FIRST_PAUSE_SECONDS", 0.01)


def test_a_program_that_never_stays_up_ends_the_attempt():
    output = Lines()
    kept = Supervisor([Program("worker", ("/bin/sh", "-c", "echo broken; exit 3"))], os.environ, output)
    kept.start()
    assert kept.failed.wait(20)
    kept.stop()
    assert kept.failure.startswith("The worker process does not stay up")
    assert output.lines.count("worker: broken") == supervisor.QUICK_DEATHS_ALLOWED + 1
    assert "worker: ended with exit code 3; starting it again" in output.lines


def test_a_program_that_cannot_be_started_ends_the_attempt():
    kept = Supervisor([Program("web", ("/nonexistent/program",))], os.environ, Lines())
    kept.start()
    assert kept.failed.wait(20)
    kept.stop()


def test_a_program_that_ignores_the_request_to_stop_is_killed(monkeypatch):
    monkeypatch.setattr(supervisor, "STOP_SECONDS", 0.5)
    output = Lines()
    script = "trap '' TERM; echo up; while :; do sleep 0.1; done"
    kept = Supervisor([Program("dicom", ("/bin/sh", "-c", script))], os.environ, output)
    kept.start()
    wait_for(lambda: "dicom: up" in output.lines, "the program's first line")
    kept.stop()
    assert not kept.failed.is_set()
    assert kept.running() == []

"""Whatever a check of `make test` has started ends with it, also what runs in a session of its own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest

from scripts import run_tests
from scripts.run_tests import CONTAINED, Runner
from tests.support.waiting import wait_for

# As the tests start services: a leader of its own session, with a child in it and one in yet another.
SERVICE = """
import os, subprocess, sys, time
sleep = "import os, sys, time; {}; open(sys.argv[1] + str(os.getpid()), 'w'); time.sleep(600)"
for way in ("pass", "os.setsid()"):
    subprocess.Popen([sys.executable, "-c", sleep.format(way), sys.argv[1]])
open(sys.argv[1] + str(os.getpid()), "w")
time.sleep(600)
"""
STUBBORN = f"import signal\nsignal.signal(signal.SIGTERM, signal.SIG_IGN){SERVICE}"
PROGRAM = """
import subprocess, sys, time
subprocess.Popen([sys.executable, "-c", sys.argv[1], sys.argv[2]], start_new_session=True)
"""
STAYS = f"{PROGRAM}time.sleep(600)\n"


class Started:
    """The processes that wrote their numbers to a folder."""

    def __init__(self, folder: Path) -> None:
        self.prefix = f"{folder}/"

    def pids(self) -> list[int]:
        return [int(path.name) for path in Path(self.prefix).iterdir()]

    def command(self, program: str, service: str = SERVICE) -> list[str]:
        return [*CONTAINED, sys.executable, "-c", program, service, self.prefix]

    def wait(self) -> None:
        wait_for(lambda: len(self.pids()) == 3, "the three processes", seconds=30)

    def are_gone(self) -> bool:
        return not any(is_alive(pid) for pid in self.pids())


def is_alive(pid: int) -> bool:
    try:
        return ") Z " not in Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False


@pytest.fixture
def started(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Started]:
    monkeypatch.setattr("scripts.run_tests.RESULTS", tmp_path)
    folder = tmp_path / "started"
    folder.mkdir()
    started = Started(folder)
    yield started
    for pid in started.pids():
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def test_what_a_program_leaves_behind_ends_with_it_even_where_it_does_not_listen(started):
    program = f"{PROGRAM}from pathlib import Path\nwhile len(list(Path(sys.argv[2]).iterdir())) < 3: time.sleep(0.05)\n"
    subprocess.run(started.command(program, STUBBORN), check=True, timeout=60)
    assert len(started.pids()) == 3
    assert started.are_gone()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_who_ends_the_program_early_ends_them_all(started, number):
    with subprocess.Popen(started.command(STAYS)) as running:
        started.wait()
        running.send_signal(number)
        assert running.wait(timeout=30) == 128 + number
    assert started.are_gone()


def test_two_signals_at_once_end_them_all_as_well(started):
    with subprocess.Popen(started.command(STAYS)) as running:
        started.wait()
        for number in (signal.SIGSTOP, signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGCONT):
            running.send_signal(number)
        assert running.wait(timeout=30) > 128
    assert started.are_gone()


def test_they_end_when_the_caller_is_killed(started):
    caller = f"import subprocess; subprocess.run({started.command(STAYS)!r})"
    with subprocess.Popen([sys.executable, "-c", caller]) as running:
        started.wait()
        running.kill()
    wait_for(started.are_gone, "the end of them all", seconds=30)


def test_the_exit_code_is_the_program_s_own():
    for program, code in (("raise SystemExit(7)", 7), ("import os; os.kill(os.getpid(), 9)", 137)):
        assert subprocess.run([*CONTAINED, sys.executable, "-c", program], check=False).returncode == code
    missing = subprocess.run([*CONTAINED, "/nonexistent/program"], check=False, capture_output=True, text=True)
    assert (missing.returncode, missing.stderr) == (127, "/nonexistent/program: No such file or directory\n")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_run_of_tests_in_the_background_can_be_interrupted(number):
    program = """
import time
from scripts.run_tests import listen_to_signals
try:
    listen_to_signals()
    print(1, flush=True)
    time.sleep(60)
except KeyboardInterrupt:
    raise SystemExit(130)
"""
    in_background = ("sh", "-c", "trap '' INT; exec \"$@\"", "sh", sys.executable, "-c", program)
    with subprocess.Popen(in_background, stdout=subprocess.PIPE) as running:
        assert running.stdout
        assert running.stdout.readline() == b"1\n"
        running.send_signal(number)
        assert running.wait(timeout=30) == 130


def test_an_interrupted_run_of_tests_leaves_no_service_behind(started, tmp_path):
    (tmp_path / "sample").mkdir()
    service = [sys.executable, "-c", SERVICE, started.prefix]
    lines = "import subprocess, time", "def test_a():", f"    subprocess.Popen({service!r}, start_new_session=True)"
    (tmp_path / "sample" / "test_sample.py").write_text("\n".join((*lines, "    time.sleep(600)", "")))
    options = "-p", "no:django", "-c", "/dev/null", f"--rootdir={tmp_path / 'sample'}"
    check = replace(run_tests.pytest("sample", "not nothing", *options), folder=tmp_path / "sample")
    runner = Runner(str(tmp_path), stream=False)
    run = threading.Thread(target=runner.run_part, args=("part", [check]))
    run.start()
    started.wait()
    runner.stop()
    run.join(timeout=30)
    assert not run.is_alive()
    assert started.are_gone()

"""``noctis-apply``: let every program run with the release and the settings in use, without an interruption.

Prints what it did, and nothing when there was nothing to do. Ends with 1 where a program cannot run with them: the
programs after it stay as they were.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from noctis_keeper.state import State, Version

CONFIGURATION: Final = Path("/etc/supervisor/conf.d/noctis.conf")
POLL_SECONDS: Final = 0.2
# Supervisorctl takes as much of a processor to load as the program that is waited for could use.
QUESTION_SECONDS: Final = 2.0
LAST_LINES: Final = 20
FOR_GOOD: Final = frozenset({"STOPPED", "EXITED", "FATAL"})


class NotApplied(Exception):
    """A program does not run as it should; the text says which and why."""


@dataclass(frozen=True)
class Places:
    """Where the programs and what they tell are found."""

    current: Path
    environment_file: Path
    run: Path
    logs: Path
    seconds: float


def main() -> int:
    """Do what the module says."""
    parser = argparse.ArgumentParser(prog="noctis-apply", description="Let the programs run with what is in use now.")
    for name in ("current", "environment-file", "run", "logs"):
        parser.add_argument(f"--{name}", type=Path, required=True, help=argparse.SUPPRESS)
    parser.add_argument("--seconds", type=float, default=60.0, help="for each program to run in")
    places = Places(**vars(parser.parse_args()))
    try:
        _start_supervisor(places)
        if told := supervisorctl("update").strip():
            _print(told)
        states = programs()
        for name, state in states.items():
            if state != "RUNNING":
                _start(name, state, places)
        for name in states:
            _renew(name, places)
    except NotApplied as error:
        sys.stderr.write(f"noctis-apply: {error}\n")
        return 1
    return 0


def programs() -> dict[str, str]:
    """Return supervisor's word on each program of the appliance, in the order of its configuration."""
    lines = supervisorctl("status").splitlines()
    found = {fields[0]: fields[1] for line in lines if (fields := line.split())[0].startswith("noctis-")}
    order = re.findall(r"^\[program:(noctis-\S+)\]", CONFIGURATION.read_text(encoding="utf-8"), re.MULTILINE)
    return {name: found[name] for name in order if name in found}


def supervisorctl(*words: str) -> str:
    """Run supervisorctl, whose exit status also tells of programs that do not run."""
    done = subprocess.run(["/usr/bin/supervisorctl", *words], capture_output=True, text=True, check=False)  # noqa: S603
    return done.stdout


def _start_supervisor(places: Places) -> None:
    """Start Supervisor where it stands still: no program runs without it."""
    command = ["/usr/bin/supervisorctl", "pid"]
    if _succeeds(*command):
        return
    _succeeds("/usr/bin/systemctl", "start", "supervisor")
    deadline = time.monotonic() + places.seconds
    while not _succeeds(*command):
        if time.monotonic() > deadline:
            raise NotApplied("Supervisor does not start: systemctl status supervisor tells why.")
        time.sleep(POLL_SECONDS)
    _print("supervisor: started")


def _succeeds(*command: str) -> bool:
    return subprocess.run(command, capture_output=True, check=False).returncode == 0  # noqa: S603


def _start(program: str, state: str, places: Places) -> None:
    if state in FOR_GOOD:
        _print(supervisorctl("start", program).strip())
    _wait(lambda: programs()[program] == "RUNNING", program, places, "does not stay up")


def _renew(program: str, places: Places) -> None:
    """Let a program take over from itself where it runs with another release or other settings."""
    path = places.run / f"{program.removeprefix('noctis-')}.json"
    _wait(lambda: _runs(path), program, places, "is not ready")
    before = State.read(path)
    if before is None:
        return
    wanted = Version.wanted(places.current, places.environment_file, before.regardless_of)
    if before.running == wanted:
        return
    supervisorctl("signal", "USR2", program)
    _wait(lambda: _has_tried(path, wanted, before), program, places, "does not take over")
    after = State.read(path)
    if after is None or after.running != wanted:
        raise NotApplied(f"{program} {after.why if after else 'is away'}:\n{_last_words(program, places)}")
    _print(f"{program}: runs release {wanted.release}")


def _runs(path: Path) -> bool:
    state = State.read(path)
    return state is not None and state.running is not None


def _has_tried(path: Path, wanted: Version, before: State) -> bool:
    state = State.read(path)
    if state is None:
        return False
    has_failed = state.attempts > before.attempts and state.refused == wanted
    return state.running == wanted or has_failed or state.pid != before.pid


def _wait(is_done: Callable[[], bool], program: str, places: Places, otherwise: str) -> None:
    asked = time.monotonic()
    deadline = asked + places.seconds
    while not is_done():
        has_failed = time.monotonic() > deadline
        if time.monotonic() > asked + QUESTION_SECONDS:
            has_failed = has_failed or programs().get(program) == "FATAL"
            asked = time.monotonic()
        if has_failed:
            raise NotApplied(f"{program} {otherwise}:\n{_last_words(program, places)}")
        time.sleep(POLL_SECONDS)


def _last_words(program: str, places: Places) -> str:
    path = places.logs / f"{program.removeprefix('noctis-')}.log"
    try:
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return ""
    return "\n".join(lines[-LAST_LINES:])


def _print(line: str) -> None:
    sys.stdout.write(f"{line}\n")

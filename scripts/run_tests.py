#!/usr/bin/env python3
"""Run the parts of `make test`, each to its end, and close with `N passed, N failed, N skipped` over everything.

    scripts/run_tests.py [--stream] [PART …]

Two parts run at a time. What each check printed goes to test-results/; a failed one is shown in full. A few tests
that failed beside the others run once more, alone, and so does a scenario: what passes then is named as unsteady, and
is a defect too.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import xml.etree.ElementTree as ET
import zlib
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import FrameType
from typing import IO

ROOT = Path(__file__).resolve().parents[1]
BIN = ROOT / ".venv" / "bin"
FRONTEND = ROOT / "app" / "frontend"
RESULTS = ROOT / "test-results"
IN_CI = os.environ.get("CI", "").lower() == "true"
NOT_POSSIBLE_HERE = 3
# Tests start programs in sessions of their own, which signals to a check's process group do not reach.
CONTAINED = (sys.executable, str(ROOT / "scripts" / "run_contained.py"))
LINES_OF_A_PASSED_CHECK = 4
MOST_REPEATED = 10
# No measure of speed: a test that takes this long waits for what will never come, as a browser that hangs does. Its
# process ends with the stack of each thread; workers are given, so that only the test is lost and not its run.
HANGING_SECONDS = 400
# The first one leaves the server that most others begin with. One that is not named here is run by hand before a
# release: scripts/molecule test -s NAME.
SCENARIOS = ("default", "debian13", "backup_restore", "hardening", "upgrade", "letsencrypt")


@dataclass(frozen=True)
class Check:
    """One program to run; with a JUnit report its tests are counted, without one it counts as one."""

    name: str
    command: tuple[str, ...]
    folder: Path = ROOT
    junit: bool = False
    may_be_impossible: bool = False
    runs_pytest: bool = False
    is_repeated: bool = False
    environment: dict[str, str] = field(default_factory=dict)

    def alone(self) -> Check:
        """Return what is to be repeated: of pytest the tests alone that failed, one after another, of others all."""
        if not self.runs_pytest:
            return self
        again = f"{self.name}-again"
        command = (*(word for word in self.command if not word.startswith("--junit-xml=")), "-n", "0")
        failed = ("--last-failed", "--last-failed-no-failures", "none")  # a run that was killed has noted none
        return replace(self, name=again, command=(*command, *failed, f"--junit-xml={RESULTS / again}.xml"))

    @property
    def report(self) -> Path:
        """Where the check writes its JUnit report."""
        return RESULTS / f"{self.name}.xml"

    @property
    def log(self) -> Path:
        """Where its output goes."""
        return RESULTS / f"{self.name}.log"


@dataclass
class Outcome:
    """What came of a part or a check."""

    passed: int = 0
    failed: int = 0
    skipped: int = 0
    unsteady: int = 0
    seconds: float = 0.0

    def add(self, other: Outcome) -> None:
        """Add the counts of ``other``."""
        self.passed += other.passed
        self.failed += other.failed
        self.skipped += other.skipped
        self.unsteady += other.unsteady

    def __str__(self) -> str:
        counts = f"{self.passed} passed, {self.failed} failed, {self.skipped} skipped"
        return f"{counts}, {self.unsteady} unsteady" if self.unsteady else counts


def pytest(name: str, expression: str, *options: str, within: str = "") -> Check:
    """Return a run of the tests that ``expression`` selects, started by a module of ``tests.support``."""
    runner = (sys.executable, "-m", f"tests.support.{within}") if within else ()
    command = (
        *CONTAINED,
        *runner,
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-m",
        expression,
        *options,
        "-o",
        f"cache_dir={RESULTS / 'cache' / name}",
        "-o",
        f"faulthandler_timeout={HANGING_SECONDS}",
        "-o",
        "faulthandler_exit_on_timeout=true",
        f"--junit-xml={RESULTS / name}.xml",
    )
    return Check(name, command, junit=True, runs_pytest=True, is_repeated=True)


def tool(name: str, *arguments: str) -> Check:
    """Return a run of a program of the virtual environment."""
    return Check(name, (str(BIN / name), *arguments))


def npm(name: str, script: str, *arguments: str, junit: bool = False) -> Check:
    """Return a run of one of the front end's scripts."""
    return Check(name, (str(BIN / "npm"), "run", "--silent", script, *arguments), folder=FRONTEND, junit=junit)


def scenario(name: str) -> Check:
    """Return a run of a Molecule scenario; its verifier writes test-results/molecule-NAME.xml."""
    command = ("scripts/molecule", "test", "--scenario-name", name)
    exact = {"NOCTIS_EXACT_IMAGE": "yes"}  # no server of an earlier state of the working copy
    return Check(f"molecule-{name}", command, junit=True, may_be_impossible=True, is_repeated=True, environment=exact)


def shell_scripts() -> list[str]:
    """Return the files that begin as shell scripts do; templates (.j2) are no shell scripts yet."""
    first_lines = (b"#!/bin/sh", b"#!/bin/bash", b"#!/usr/bin/env bash")
    files = (path for folder in (".ci", "molecule", "roles", "scripts") for path in sorted((ROOT / folder).rglob("*")))
    return [
        str(path.relative_to(ROOT))
        for path in files
        if path.is_file() and path.suffix != ".j2" and path.read_bytes().startswith(first_lines)
    ]


def mypy_cache() -> str:
    """Return a cache folder of these very settings: mypy does not notice when Django's settings change."""
    return f".mypy_cache/settings-{zlib.crc32((ROOT / 'app' / 'noctis' / 'settings.py').read_bytes()):08x}"


def parts() -> dict[str, list[Check]]:
    """Return every part in the order in which they start: the longest first, so that both lanes end together."""
    manage = (sys.executable, "app/manage.py")
    real, elsewhere = "integration or postgresql", "browser or appliance"
    on_servers = f"(django_db or {real}) and not ({elsewhere})"
    parallel = ("-n", "2", "--dist", "loadfile")
    scenarios = {f"molecule-{name}": [scenario(name)] for name in SCENARIOS}
    first = next(iter(scenarios))
    ansible_is_possible = sys.version_info >= (3, 11)
    return {
        "build": [Check("frontend-build", ("make", "frontend-build"))],
        "integration": [
            pytest("integration-sqlite", f"sqlite and not (postgresql or {elsewhere})", *parallel),
            pytest("integration-postgresql", on_servers, *parallel, within="servers"),
        ],
        first: scenarios.pop(first),
        "browser": [pytest("browser", "browser and not appliance", "-n", "1", within="own_network")],
        **scenarios,
        "unit": [pytest("unit", f"not ({real} or {elsewhere})", "-n", "auto")],
        "lint": [
            Check("ruff", (str(BIN / "ruff"), "check", ".")),
            Check("ruff-format", (str(BIN / "ruff"), "format", "--check", ".")),
            Check("import-linter", (str(BIN / "lint-imports"),), environment={"PYTHONPATH": "app"}),
            Check("migrations", (*manage, "makemigrations", "--check", "--dry-run")),
            tool("djhtml", "--check", "--tabwidth", "2", "app/noctis"),
            tool("yamllint", "--strict", "."),
            Check("ansible-lint", (str(BIN / "ansible-lint"), "--offline"), may_be_impossible=not ansible_is_possible),
            Check("role-docs", (sys.executable, "scripts/role-docs", "--check")),
            Check("shellcheck", ("shellcheck", *shell_scripts())),
            npm("eslint-prettier", "lint"),
        ],
        "types": [tool("mypy", "--cache-dir", mypy_cache()), npm("tsc", "types")],
        "frontend": [
            npm(
                "vitest", "test", "--", "--reporter=default", "--reporter=junit",
                f"--outputFile.junit={RESULTS / 'vitest.xml'}", junit=True,
            ),
        ],
    }  # fmt: skip


class Runner:
    """Runs checks and keeps the processes it started, so that an interruption ends them all."""

    def __init__(self, data_folder: str, *, stream: bool) -> None:
        self._stream = stream
        self._processes: set[subprocess.Popen[bytes]] = set()
        self._print_lock = threading.Lock()
        # Hundreds of programs start in a run: each would compile the whole application anew.
        inherited = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
        inherited = {name: value for name, value in inherited.items() if not name.startswith("NOCTIS_")}
        plain = {"NO_COLOR": "1", "ANSIBLE_NOCOLOR": "1", "PYTHONUNBUFFERED": "1"}
        self._environment = {**inherited, **plain, "NOCTIS_DATA_DIR": data_folder}
        self._stopping = False

    def run_part(self, name: str, checks: Sequence[Check]) -> Outcome:
        """Run every check of a part and print what came of it."""
        total, started = Outcome(), time.monotonic()
        for check in checks:
            total.add(self._run_check(name, check))
        total.seconds = time.monotonic() - started
        self._say(f"=== {name}: {total} ({total.seconds:.0f} s)")
        return total

    def _run_check(self, part: str, check: Check) -> Outcome:
        outcome = self._run_once(part, check)
        if not (check.is_repeated and 0 < outcome.failed <= MOST_REPEATED) or self._stopping:
            return outcome
        again = self._run_once(part, check.alone())
        if again.failed or (check.runs_pytest and again.passed != outcome.failed):
            return outcome
        self._say(f"!!! {outcome.failed} of {check.name} FAILED BESIDE THE OTHERS and passed alone; find out why.")
        passed_before = outcome.passed if check.runs_pytest else 0
        return replace(outcome, passed=passed_before + again.passed, failed=0, unsteady=outcome.failed)

    def _run_once(self, part: str, check: Check) -> Outcome:
        check.report.unlink(missing_ok=True)
        started = time.monotonic()
        with check.log.open("wb") as log:
            code = self._execute(check, None if self._stream else log)
        outcome = outcome_of(check, code)
        state = "FAILED" if outcome.failed else "passed" if outcome.passed else "SKIPPED"
        self._say(f"--- {part}: {check.name} {state} ({time.monotonic() - started:.0f} s)", _shown(check, outcome))
        if code == NOT_POSSIBLE_HERE and check.may_be_impossible:
            self._say(f"!!! {check.name} IS NOT POSSIBLE ON THIS MACHINE and proved nothing; its lines above say why.")
        return outcome

    def _execute(self, check: Check, output: IO[bytes] | None) -> int:
        if self._stopping:
            return 1
        path = [str(BIN), os.environ.get("PATH", os.defpath)]
        environment = {**self._environment, **check.environment}
        if check.runs_pytest:
            path.reverse()  # pynetdicom's own storescu must not hide DCMTK's
            environment["TMPDIR"] = environment["NOCTIS_DATA_DIR"]  # goes with the run, even with a killed one
        try:
            process: subprocess.Popen[bytes] = subprocess.Popen(  # noqa: S603  (the commands stand in this file)
                check.command,
                cwd=check.folder,
                env={**environment, "PATH": os.pathsep.join(path)},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT if output else None,
                start_new_session=True,
            )
        except OSError as error:
            check.log.write_text(f"{check.command[0]}: {error.strerror}\n")
            return NOT_POSSIBLE_HERE if check.may_be_impossible and not IN_CI else 1
        self._processes.add(process)
        # Until it is reaped, which only this thread does, its number cannot become somebody else's.
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        _signal_group(process, signal.SIGKILL)  # nothing of it may outlive it
        self._processes.discard(process)
        return process.wait()

    def stop(self) -> None:
        """End everything that is running, and start nothing more."""
        self._stopping = True
        for number, seconds in ((signal.SIGTERM, 30.0), (signal.SIGKILL, 5.0)):
            deadline = time.monotonic() + seconds
            for process in list(self._processes):
                _signal_group(process, number)
            while self._processes and time.monotonic() < deadline:
                time.sleep(0.1)

    def _say(self, line: str, more: str = "") -> None:
        with self._print_lock:
            sys.stdout.write(f"{line}\n{more}")
            sys.stdout.flush()


def _signal_group(process: subprocess.Popen[bytes], number: int) -> None:
    with contextlib.suppress(ProcessLookupError):  # it may have ended already
        os.killpg(process.pid, number)


def _shown(check: Check, outcome: Outcome) -> str:
    lines = check.log.read_text(errors="replace").splitlines()
    if not outcome.failed and outcome.passed:
        lines = lines[-LINES_OF_A_PASSED_CHECK:]
    return "".join(f"    {line}\n" for line in lines)


def outcome_of(check: Check, code: int) -> Outcome:
    """Count what a check that ended with ``code`` proved."""
    if check.may_be_impossible and code == NOT_POSSIBLE_HERE:
        return Outcome(failed=1) if IN_CI else Outcome(skipped=1)
    outcome = read_junit(check.report) if check.junit and check.report.exists() else Outcome()
    if code != 0 and not outcome.failed:
        outcome.failed = 1  # it ended before it could count
    if code == 0 and not (outcome.passed or outcome.skipped):
        outcome.passed = 1
    return outcome


def read_junit(report: Path) -> Outcome:
    """Count the tests of a JUnit report; one that failed and could not clean up either is reported twice."""
    outcome, failed = Outcome(), set()
    for case in ET.parse(report).iter("testcase"):  # noqa: S314  (written by the check just run)
        if case.find("failure") is not None or case.find("error") is not None:
            failed.add((case.get("classname"), case.get("name")))
        elif case.find("skipped") is not None:
            outcome.skipped += 1
        else:
            outcome.passed += 1
    outcome.failed = len(failed)
    return outcome


def main() -> int:
    """Run what was asked for; return 1 when anything failed."""
    available = parts()
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--stream", action="store_true", help="show output as it comes; one part at a time")
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"molecule {' '.join(available)}")
    options = parser.parse_args()
    if unknown := set(options.parts) - {"molecule", *available}:
        parser.error(f"unknown: {' '.join(sorted(unknown))}")
    RESULTS.mkdir(exist_ok=True)
    wanted = [name for name in available if not options.parts or {name, name.partition("-")[0]} & set(options.parts)]
    listen_to_signals()
    data_folder = tempfile.mkdtemp(prefix="noctis-checks-")
    Path(data_folder).chmod(0o711)  # test servers run as another user below it
    runner = Runner(data_folder, stream=options.stream)
    try:
        outcomes = run_parts(runner, {name: available[name] for name in wanted}, lanes=1 if options.stream else 2)
    except KeyboardInterrupt:
        runner.stop()
        sys.stdout.write("interrupted\n")
        return 130
    finally:
        shutil.rmtree(data_folder, ignore_errors=True)
    return report(outcomes)


def listen_to_signals() -> None:
    """End the run when it is told to, also where a shell started it in the background and had it ignore SIGINT."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _interrupt)


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def run_parts(runner: Runner, wanted: dict[str, list[Check]], *, lanes: int) -> dict[str, Outcome]:
    """Run the build first, because browsers need it, and the rest side by side."""
    outcomes = {}
    if "build" in wanted:
        outcomes["build"] = runner.run_part("build", wanted["build"])
    with ThreadPoolExecutor(lanes) as pool:
        futures = {
            pool.submit(runner.run_part, name, checks): name for name, checks in wanted.items() if name != "build"
        }
        try:
            for future in as_completed(futures):
                outcomes[futures[future]] = future.result()
        except KeyboardInterrupt:
            pool.shutdown(wait=False, cancel_futures=True)
            runner.stop()
            raise
    return outcomes


def report(outcomes: dict[str, Outcome]) -> int:
    """Print the table and the closing line."""
    total = Outcome()
    sys.stdout.write("\n")
    for name, outcome in outcomes.items():
        total.add(outcome)
        sys.stdout.write(f"{name:<24} {outcome!s:<44} {outcome.seconds:6.0f} s\n")
    sys.stdout.write(f"\n{total}\n")
    return 1 if total.failed else 0


if __name__ == "__main__":
    sys.exit(main())

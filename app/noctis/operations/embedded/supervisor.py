"""Keeps programs running: prefixes their output, restarts what dies, stops all of them without a trace."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

DIE_WITH_PARENT = Path(__file__).with_name("die_with_parent.py")
STABLE_AFTER_SECONDS = 10.0
QUICK_DEATHS_ALLOWED = 4
FIRST_PAUSE_SECONDS = 0.5
LONGEST_PAUSE_SECONDS = 30.0
STOP_SECONDS = 30.0


@dataclass(frozen=True)
class Program:
    """A program that must always run."""

    name: str
    command: Sequence[str]


class Output:
    """Lines of several threads on one standard output; a reader that went away is no error."""

    def __init__(self) -> None:
        """Write to the standard output of this process."""
        self._lock = threading.Lock()

    def line(self, text: str, *, source: str = "") -> None:
        """Print one line, behind the name of the program that said it."""
        with self._lock:
            try:
                sys.stdout.write(f"{source:<6} | {text}\n" if source else f"{text}\n")
                sys.stdout.flush()
            except BrokenPipeError:
                sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123, SIM115  (stays open to the end)


def run_with_parent(command: Sequence[str], environment: Mapping[str, str]) -> subprocess.Popen[str]:
    """Start ``command`` in its own session, so that Ctrl-C reaches only the parent, and ending with the parent."""
    return subprocess.Popen(  # noqa: S603  (the commands are this package's own)
        [sys.executable, "-I", "-S", str(DIE_WITH_PARENT), str(os.getpid()), *command],
        env=dict(environment),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
        text=True,
        errors="replace",
    )


class Keeper(threading.Thread):
    """Runs one program again and again until it is told to stop.

    The thread that starts the child lives as long as the child is wanted: the kernel's parent-death signal is bound to
    the thread, not to the process.
    """

    def __init__(
        self, program: Program, environment: Mapping[str, str], output: Output, give_up: Callable[[str], None]
    ) -> None:
        """Prepare to keep ``program``; ``give_up`` is called with a sentence when it never stays up."""
        super().__init__(name=f"keeper of {program.name}", daemon=True)
        self.program = program
        self._environment = environment
        self._output = output
        self._give_up = give_up
        self._stopping = threading.Event()
        self._lock = threading.Lock()
        self._child: subprocess.Popen[str] | None = None

    def run(self) -> None:
        """Start the program, pass its lines on, and start it again when it dies."""
        quick_deaths, pause = 0, FIRST_PAUSE_SECONDS
        while True:
            started = time.monotonic()
            with self._lock:
                if self._stopping.is_set():
                    return
                child = self._child = run_with_parent(self.program.command, self._environment)
            code = self._follow(child)
            if self._stopping.is_set():
                return
            if time.monotonic() - started > STABLE_AFTER_SECONDS:
                quick_deaths, pause = 0, FIRST_PAUSE_SECONDS
            quick_deaths += 1
            if quick_deaths > QUICK_DEATHS_ALLOWED:
                self._give_up(f"The {self.program.name} process does not stay up; its last lines above say why.")
                return
            self._output.line(f"ended with {_ending(code)}; starting it again", source=self.program.name)
            self._stopping.wait(pause)
            pause = min(pause * 2, LONGEST_PAUSE_SECONDS)

    def _follow(self, child: subprocess.Popen[str]) -> int:
        assert child.stdout is not None  # noqa: S101  (run_with_parent opens the pipe)
        reader = threading.Thread(target=self._pass_on, args=(child.stdout,), daemon=True)
        reader.start()
        # Until it is reaped, which only this thread does, the number of the child cannot become somebody else's.
        os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
        with self._lock:
            _kill_group(child)  # what the program left behind would hold its port
            code = child.wait()
        reader.join(timeout=2)
        return code

    def _pass_on(self, lines: IO[str]) -> None:
        with lines:
            for line in lines:
                self._output.line(line.rstrip("\n"), source=self.program.name)

    def ask_to_stop(self) -> None:
        """Send SIGTERM to the program and do not start it again."""
        with self._lock:
            self._stopping.set()
            if self._child is not None and self.is_running():
                os.kill(self._child.pid, signal.SIGTERM)

    def is_running(self) -> bool:
        """Whether the program runs at this moment."""
        return self._child is not None and self._child.returncode is None

    def kill(self) -> None:
        """End the program and everything that it started."""
        with self._lock:
            if self._child is not None and self.is_running():
                _kill_group(self._child)
        if self.ident is not None:
            self.join(timeout=2)


def _kill_group(child: subprocess.Popen[str]) -> None:
    with contextlib.suppress(ProcessLookupError):  # nothing may be left of it
        os.killpg(child.pid, signal.SIGKILL)


def _ending(code: int) -> str:
    return f"signal {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"


class Supervisor:
    """All programs of the appliance."""

    def __init__(self, programs: Sequence[Program], environment: Mapping[str, str], output: Output) -> None:
        """Prepare to run ``programs`` in ``environment``."""
        self.failed = threading.Event()
        self.failure = ""
        self._keepers = [Keeper(program, environment, output, self._give_up) for program in programs]

    def _give_up(self, sentence: str) -> None:
        self.failure = sentence
        self.failed.set()

    def start(self) -> None:
        """Start every program."""
        for keeper in self._keepers:
            keeper.start()

    def stop(self) -> None:
        """Stop every program: politely first, after half a minute by force."""
        for keeper in self._keepers:
            keeper.ask_to_stop()
        deadline = time.monotonic() + STOP_SECONDS
        for keeper in self._keepers:
            if keeper.ident is not None:
                keeper.join(timeout=max(0.0, deadline - time.monotonic()))
        for keeper in self._keepers:
            keeper.kill()

    def running(self) -> list[str]:
        """Return the names of the programs that run."""
        return [keeper.program.name for keeper in self._keepers if keeper.is_running()]

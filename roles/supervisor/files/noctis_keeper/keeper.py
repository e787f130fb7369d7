"""The keeper of one program: starts it, and on USR2 starts it anew without anybody noticing.

The next process is started beside the running one, from the release then in use, and takes over once it is ready; then
the former one is asked to end, and finishes what it does. One that does not get ready is ended, and the running one
goes on. HUP is passed on to the program, TERM ends it. When the program ends by itself the keeper ends too, and
supervisor starts both again.
"""

from __future__ import annotations

import os
import selectors
import signal
import socket
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Final

from noctis_keeper.generation import Generation, answers_healthy
from noctis_keeper.options import Options
from noctis_keeper.state import State, Version, read_settings

POLL_SECONDS: Final = 0.2
SETTLE_SECONDS: Final = 1.0
MOST_SOCKETS: Final = 8
MESSAGE_BYTES: Final = 4096
FAILED: Final = 1


class Keeper:
    """Runs until it is told to stop or the program ends."""

    def __init__(self, options: Options) -> None:
        """Prepare; nothing is started before ``run``."""
        self._options = options
        self._charge: Generation | None = None
        self._candidate: Generation | None = None
        self._former: list[Generation] = []
        self._kept: dict[str, socket.socket] = {}
        self._number = 0
        self._due: set[int] = set()
        self._refused: tuple[Version, str] | None = None
        self._notices = _notice_socket(options.notice_socket)
        self._wakeups = _wake_on_signals(self._due.add)

    def run(self) -> int:
        """Keep the program running; return the exit status."""
        for left_behind in self._options.run.glob(f"{self._options.name}.*.sock"):
            left_behind.unlink()
        self._tell()
        self._begin()
        with selectors.DefaultSelector() as selector:
            selector.register(self._wakeups, selectors.EVENT_READ)
            selector.register(self._notices, selectors.EVENT_READ)
            while True:
                selector.select(POLL_SECONDS)
                with suppress(BlockingIOError):
                    os.read(self._wakeups, MESSAGE_BYTES)
                self._take_notices()
                if self._due & {signal.SIGTERM, signal.SIGINT}:
                    return self._stop()
                self._heed()
                if self._reap():
                    return FAILED  # what is left gets its orphan signal, and supervisor begins anew
                self._look_after()
                if self._charge is None and self._candidate is None:
                    return FAILED

    def _heed(self) -> None:
        if signal.SIGHUP in self._due:
            self._due.discard(signal.SIGHUP)
            if self._charge is not None:
                self._charge.signal(signal.SIGHUP)
        if signal.SIGUSR2 in self._due and self._candidate is None:
            self._due.discard(signal.SIGUSR2)
            if self._options.at_a_time and self._charge is not None:
                self._end(self._charge)
                self._charge = None
            self._begin()

    def _begin(self) -> None:
        """Start the next process of the program."""
        options, self._number = self._options, self._number + 1
        try:
            version = Version.wanted(options.current, options.environment_file, options.regardless_of)
        except OSError as error:
            _say(f"{options.name} cannot be started: {error.strerror}: {error.filename}")
            return
        release = options.current.resolve()
        environment = {**os.environ, "NOTIFY_SOCKET": str(options.notice_socket)}
        path = None
        if options.bind:
            path = options.run / f"{options.name}.{os.getpid()}-{self._number}.sock"
            environment[options.bind] = f"unix:{path}"
        command = (str(release / options.command[0]), *options.command[1:])
        kept, orphan_signal = self._kept, options.orphan_signal
        self._candidate = Generation.start(command, version, environment, release / "app", kept, orphan_signal)
        self._candidate.socket_path = path

    def _look_after(self) -> None:
        """Let the candidate take over once it is ready, and end what was replaced."""
        if (candidate := self._candidate) is not None:
            if self._is_ready(candidate):
                self._take_over(candidate)
            elif candidate.has_run(self._options.start_seconds):
                self._end(candidate)
                self._refuse(candidate, f"was not ready within {self._options.start_seconds:.0f} seconds")
        now = time.monotonic()
        for former in self._former:
            if former.stop_at is not None and now >= former.stop_at:
                former.stop_at = None
                former.signal(self._options.stop_signal)
            elif former.kill_at is not None and now >= former.kill_at:
                former.kill_at = None
                _say(f"{self._options.name} {former.pid} does not end and is killed")
                former.signal(signal.SIGKILL)

    def _is_ready(self, candidate: Generation) -> bool:
        if candidate.socket_path is not None:
            hosts = read_settings(self._options.environment_file).get("NOCTIS_ALLOWED_HOSTS", "localhost")
            return answers_healthy(candidate.socket_path, hosts.split(",")[0])
        return candidate.is_ready if self._options.says_ready else candidate.has_run(self._options.steady_seconds)

    def _take_over(self, candidate: Generation) -> None:
        if candidate.socket_path is not None:
            link = self._options.link.with_suffix(".next")
            link.unlink(missing_ok=True)
            link.symlink_to(candidate.socket_path.name)
            link.replace(self._options.link)
        if self._charge is not None:
            now = time.monotonic()
            self._charge.stop_at = now + SETTLE_SECONDS
            self._charge.kill_at = now + self._options.patience_seconds
            self._former.append(self._charge)
        self._charge, self._candidate, self._refused = candidate, None, None
        self._tell()
        _say(f"{self._options.name} runs release {candidate.version.release} as process {candidate.pid}")

    def _refuse(self, candidate: Generation, why: str) -> None:
        self._candidate, self._refused = None, (candidate.version, why)
        self._tell()
        _say(f"{self._options.name} of release {candidate.version.release} {why}")

    def _reap(self) -> bool:
        """Note what has ended; whether it is the process in charge."""
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return False
            if pid == 0:
                return False
            if self._charge is not None and pid == self._charge.pid:
                _say(f"{self._options.name} ended by itself with {_ending(status)}")
                return True
            if self._candidate is not None and pid == self._candidate.pid:
                self._candidate.clean_up()
                self._refuse(self._candidate, f"ended with {_ending(status)} before it was ready")
            for former in [one for one in self._former if one.pid == pid]:
                former.clean_up()
                self._former.remove(former)

    def _end(self, generation: Generation) -> None:
        """End a process and wait for its end."""
        generation.signal(self._options.stop_signal)
        deadline = time.monotonic() + self._options.patience_seconds
        while os.waitpid(generation.pid, os.WNOHANG)[0] == 0:
            if time.monotonic() > deadline or signal.SIGTERM in self._due:
                generation.signal(signal.SIGKILL)
            time.sleep(POLL_SECONDS)
        generation.clean_up()

    def _stop(self) -> int:
        """End everything; who connects meanwhile is refused."""
        for kept in self._kept.values():
            kept.close()
        running = [one for one in (self._charge, self._candidate, *self._former) if one is not None]
        for generation in running:
            generation.signal(self._options.stop_signal)
        for generation in running:
            with suppress(ChildProcessError):
                os.waitpid(generation.pid, 0)
            generation.clean_up()
        return 0

    def _take_notices(self) -> None:
        """Read what the program says by sd_notify(3)."""
        while True:
            try:
                message, descriptors, _flags, _peer = socket.recv_fds(self._notices, MESSAGE_BYTES, MOST_SOCKETS)
            except BlockingIOError:
                return
            told = dict(line.split("=", 1) for line in message.decode("utf-8", "replace").splitlines() if "=" in line)
            name = told.get("FDNAME", "")
            if told.get("FDSTORE") == "1":
                for descriptor in descriptors:
                    self._kept[name] = socket.socket(fileno=descriptor)
            elif told.get("FDSTOREREMOVE") == "1" and name in self._kept:
                self._kept.pop(name).close()
            if told.get("READY") == "1" and self._candidate is not None:
                self._candidate.is_ready = True

    def _tell(self) -> None:
        refused, why = self._refused or (None, "")
        running = self._charge.version if self._charge is not None else None
        state = State(os.getpid(), running, self._number, self._options.regardless_of, refused, why)
        state.write(self._options.state_file)


def _notice_socket(path: Path) -> socket.socket:
    """Return the socket for what the program says; only its user reaches it."""
    path.unlink(missing_ok=True)
    notices = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    notices.bind(str(path))
    notices.setblocking(False)
    return notices


def _wake_on_signals(note: Callable[[int], None]) -> int:
    """Let signals be noted, and wake a loop that waits for the returned descriptor."""
    reader, writer = os.pipe()
    os.set_blocking(reader, False)
    os.set_blocking(writer, False)
    signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGUSR2, signal.SIGCHLD):
        signal.signal(number, lambda number, _frame: note(number))
    return reader


def _ending(status: int) -> str:
    code = os.waitstatus_to_exitcode(status)
    return f"signal {-code}" if code < 0 else f"code {code}"


def _say(line: str) -> None:
    sys.stderr.write(f"noctis-keeper: {line}\n")
    sys.stderr.flush()


def main() -> int:
    """Keep the program that the command line names."""
    os.umask(0o077)
    options = Options.parse(sys.argv[1:])
    return Keeper(options).run()

"""One process of a program: how it is started, when it is ready, how it ends."""

from __future__ import annotations

import ctypes
import fcntl
import http.client
import os
import signal
import socket
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from noctis_keeper.state import Version

PR_SET_PDEATHSIG: Final = 1
FIRST_PASSED: Final = 3
OUT_OF_THE_WAY: Final = 200
HEALTH_SECONDS: Final = 5.0
COULD_NOT_START: Final = 127


@dataclass
class Generation:
    """A running process of a program, with the socket that is its own where it has one."""

    pid: int
    version: Version
    started_at: float
    socket_path: Path | None = None
    is_ready: bool = False
    stop_at: float | None = None
    kill_at: float | None = None

    @classmethod
    def start(
        cls,
        command: Sequence[str],
        version: Version,
        environment: Mapping[str, str],
        folder: Path,
        kept: Mapping[str, socket.socket],
        orphan_signal: signal.Signals,
    ) -> Generation:
        """Start ``command``; it is given the sockets that are ``kept`` for the program, by sd_listen_fds(3).

        It gets ``orphan_signal`` when its keeper is killed.
        """
        keeper = os.getpid()
        pid = os.fork()
        if pid == 0:
            try:
                ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, orphan_signal)
                if os.getppid() == keeper:  # it did not die before the kernel was asked
                    _become(command, environment, folder, kept)
            finally:
                os._exit(COULD_NOT_START)
        return cls(pid, version, time.monotonic())

    def has_run(self, seconds: float) -> bool:
        """Whether it has lived for this long."""
        return time.monotonic() - self.started_at >= seconds

    def signal(self, number: int) -> None:
        """Send a signal to it."""
        with suppress(ProcessLookupError):
            os.kill(self.pid, number)

    def clean_up(self) -> None:
        """Remove what it has left behind."""
        if self.socket_path is not None:
            self.socket_path.unlink(missing_ok=True)


def _become(
    command: Sequence[str],
    environment: Mapping[str, str],
    folder: Path,
    kept: Mapping[str, socket.socket],
) -> None:
    """Be ``command``, in the child."""
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGUSR2, signal.SIGCHLD):
        signal.signal(number, signal.SIG_DFL)
    signal.set_wakeup_fd(-1)
    variables = dict(environment)
    if kept:
        _pass_on([one.fileno() for one in kept.values()])
        variables |= {
            "LISTEN_PID": str(os.getpid()),
            "LISTEN_FDS": str(len(kept)),
            "LISTEN_FDNAMES": ":".join(kept),
        }
    os.chdir(folder)
    os.execve(command[0], list(command), variables)  # noqa: S606  (no shell is meant)


def _pass_on(descriptors: Sequence[int]) -> None:
    """Give the process after exec copies of ``descriptors`` from 3 on."""
    copies = [fcntl.fcntl(descriptor, fcntl.F_DUPFD, OUT_OF_THE_WAY) for descriptor in descriptors]
    for number, copy in enumerate(copies, start=FIRST_PASSED):
        os.dup2(copy, number, inheritable=True)
        os.close(copy)


def answers_healthy(path: Path, name: str) -> bool:
    """Whether ``/healthz`` answers 200 at a Unix socket; ``name`` is the host that is asked for."""
    connection = http.client.HTTPConnection(name, timeout=HEALTH_SECONDS)
    connection.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    connection.sock.settimeout(HEALTH_SECONDS)
    try:
        connection.sock.connect(str(path))
        connection.request("GET", "/healthz", headers={"Connection": "close"})
        return connection.getresponse().status == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()

"""How a program is to be kept, as the command line says it."""

from __future__ import annotations

import argparse
import signal
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Options:
    """``command`` runs in the release that ``current`` links to; its first word is relative to the release.

    ``bind``: the variable that tells the program its Unix socket; it is ready when ``/healthz`` answers there, and
    ``run``/``name``.sock then links to it. Without it the program is ready when it says so (sd_notify), or, where it
    does not ``say_ready``, when it lives for ``steady_seconds``. One ``at_a_time`` ends before the next one begins.
    Files that the settings ``regardless_of`` name may change without another start: the program reads them by itself.
    """

    name: str
    command: tuple[str, ...]
    current: Path
    environment_file: Path
    run: Path
    bind: str
    says_ready: bool
    at_a_time: bool
    regardless_of: tuple[str, ...]
    stop_signal: signal.Signals
    orphan_signal: signal.Signals
    start_seconds: float
    steady_seconds: float
    patience_seconds: float

    @property
    def state_file(self) -> Path:
        """Where the keeper tells of its program."""
        return self.run / f"{self.name}.json"

    @property
    def notice_socket(self) -> Path:
        """Where the program tells the keeper that it is ready."""
        return self.run / f"{self.name}.notify"

    @property
    def link(self) -> Path:
        """The name under which others reach the socket of whichever process is in charge."""
        return self.run / f"{self.name}.sock"

    @classmethod
    def parse(cls, arguments: Sequence[str]) -> Options:
        """Read the command line: options, the program's name, "--" and its command. A wrong one ends this program."""
        if "--" not in arguments[:-1]:
            sys.exit("noctis-keeper: the command is missing behind --.")
        border = arguments.index("--")
        parser = argparse.ArgumentParser(prog="noctis-keeper", description="Keep one program of the appliance running.")
        parser.add_argument("--current", type=Path, required=True, help="link to the release in use")
        parser.add_argument("--environment-file", type=Path, required=True, help="the application's settings")
        parser.add_argument("--run", type=Path, required=True, help="folder of sockets and states")
        parser.add_argument("--bind", default="", help="variable that tells the program its socket")
        parser.add_argument("--says-ready", action="store_true", help="the program tells when it is ready")
        parser.add_argument("--at-a-time", action="store_true", help="end the program before it is started anew")
        parser.add_argument("--regardless-of", type=_words, default=(), help="settings whose files it reads by itself")
        parser.add_argument("--stop-signal", type=_signal, default=signal.SIGTERM)
        parser.add_argument("--orphan-signal", type=_signal, default=signal.SIGKILL, help="when the keeper is killed")
        parser.add_argument("--start-seconds", type=float, default=60.0, help="to become ready in")
        parser.add_argument("--steady-seconds", type=float, default=3.0, help="to be ready where it does not say so")
        parser.add_argument("--patience-seconds", type=float, default=660.0, help="for one that was replaced to end")
        parser.add_argument("name")
        return cls(**vars(parser.parse_args(arguments[:border])), command=tuple(arguments[border + 1 :]))


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split(","))


def _signal(name: str) -> signal.Signals:
    return signal.Signals[f"SIG{name}"]

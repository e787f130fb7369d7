"""The server that is looked at: where its things are, and how its programs are asked."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Final

FACTS_FILE: Final = Path("/etc/noctis/noctisctl.json")
USUAL_SECONDS: Final = 20.0
NOT_FOUND, TOOK_TOO_LONG = 127, 124
# A predictable PATH: `sudo` and a timer give different ones.
_PATH: Final = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


@dataclass(frozen=True)
class Done:
    """How a command ended."""

    code: int
    output: str
    errors: str = ""

    @property
    def is_good(self) -> bool:
        """Whether it succeeded."""
        return self.code == 0


@dataclass(frozen=True)
class Server:
    """Places and ports, as the role that installed this program wrote them down."""

    hostname: str = "localhost"
    http_port: int = 80
    https_port: int = 443
    dicom_port: int = 11112
    data: Path = Path("/var/lib/noctis")
    logs: Path = Path("/var/log/noctis")
    configuration: Path = Path("/etc/noctis")
    current: Path = Path("/opt/noctis/current")
    releases: Path = Path("/opt/noctis/releases")
    certificate: Path = Path("/etc/noctis/tls/current/fullchain.pem")
    modality_networks: tuple[str, ...] = ()
    services: tuple[str, ...] = ("nginx", "postgresql", "redis-server", "supervisor")
    path: str = field(default=_PATH, repr=False)

    @classmethod
    def read(cls, path: Path = FACTS_FILE) -> Server:
        """Return the server that ``path`` describes; raises OSError and ValueError where it cannot be read."""
        return cls.of(json.loads(path.read_text(encoding="utf-8")))

    @classmethod
    def of(cls, facts: Mapping[str, Any]) -> Server:
        """Return the server with these facts; what they do not say is as usual."""
        known = {one.name: one for one in fields(cls)}
        if unknown := sorted(set(facts) - set(known)):
            raise ValueError(f"unknown facts: {', '.join(unknown)}")
        values: dict[str, Any] = {}
        for name, value in facts.items():
            usual = known[name].default
            values[name] = type(usual)(value) if isinstance(usual, tuple) else value
            if isinstance(usual, Path):
                values[name] = Path(value)
        return cls(**values)

    @property
    def secrets(self) -> Path:
        """The folder of secrets."""
        return self.configuration / "secrets"

    def run(self, command: Sequence[str], *, seconds: float = USUAL_SECONDS, text: str | None = None) -> Done:
        """Run a program, which gets ``text`` as its input; never raises: a missing or hanging one is a code."""
        environment = {**os.environ, "PATH": self.path, "LC_ALL": "C.UTF-8"}
        try:
            done = subprocess.run(  # noqa: S603  (arguments are this program's own)
                command,
                capture_output=True,
                check=False,
                timeout=seconds,
                input=text or "",
                text=True,
                errors="replace",
                env=environment,
            )
        except OSError as error:
            return Done(NOT_FOUND, "", f"{command[0]}: {error.strerror}")
        except subprocess.TimeoutExpired:
            return Done(TOOK_TOO_LONG, "", f"{command[0]} took longer than {seconds:g} seconds")
        return Done(done.returncode, done.stdout, done.stderr)

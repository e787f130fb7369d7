"""Where everything is on the server, and the programs that do the work."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO


class NotDone(Exception):
    """Something could not be done; the text says what, why and what is in use now."""


@dataclass(frozen=True)
class Places:
    """Paths and names of one server. ``apply`` and ``dicom_server`` exist once the programs are set up."""

    releases: Path
    environments: Path
    current: Path
    environment_file: Path
    run: Path
    dumps: Path
    record: Path
    database: str
    manage: Path
    apply: Path
    dicom_server: Path
    supervisorctl: Path
    systemctl: Path
    database_administrator: tuple[str, ...]
    check_seconds: float


def run(
    command: Sequence[str | Path],
    *,
    environment: dict[str, str] | None = None,
    into: IO[bytes] | None = None,
    given: IO[bytes] | None = None,
) -> str:
    """Run a program and return what it printed. Raises NotDone with its last words."""
    words = [str(word) for word in command]
    done = subprocess.run(  # noqa: S603  (no shell, the words are this package's own)
        words,
        env={**os.environ, **(environment or {})},
        stdin=given or subprocess.DEVNULL,
        stdout=into or subprocess.PIPE,
        stderr=subprocess.PIPE,
        check=False,
        cwd="/",
    )
    if done.returncode != 0:
        said = f"{(done.stdout or b'').decode(errors='replace')}{done.stderr.decode(errors='replace')}"
        raise NotDone(f"{' '.join(words[:4])} failed:\n{_end(said)}")
    return (done.stdout or b"").decode(errors="replace")


def _end(text: str) -> str:
    return "\n".join(text.strip().splitlines()[-30:])

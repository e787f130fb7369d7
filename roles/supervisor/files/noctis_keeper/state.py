"""What a program runs with, and what it should run with: the release, and a digest of the settings and secrets."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True)
class Version:
    """A release, and the settings and secrets it is started with."""

    release: str
    settings: str

    @classmethod
    def wanted(cls, current: Path, environment_file: Path, regardless_of: Collection[str]) -> Version:
        """Return what a program that is started now runs with. Raises OSError."""
        return cls(current.resolve(strict=True).name, settings_digest(environment_file, regardless_of))


@dataclass(frozen=True)
class State:
    """What a keeper tells of its program: ``attempts`` counts what was tried, ``refused`` is what failed last.

    The program need not be started anew ``regardless_of`` settings that name secrets which it reads by itself.
    """

    pid: int
    running: Version | None
    attempts: int
    regardless_of: tuple[str, ...] = ()
    refused: Version | None = None
    why: str = ""

    @classmethod
    def read(cls, path: Path) -> State | None:
        """Return what the keeper wrote last; None where none has."""
        try:
            found = json.loads(path.read_text(encoding="utf-8"))
        except (FileNotFoundError, ValueError):
            return None
        found["regardless_of"] = tuple(found["regardless_of"])
        for name in ("running", "refused"):
            found[name] = Version(**found[name]) if found[name] else None
        return cls(**found)

    def write(self, path: Path) -> None:
        """Replace what was written before."""
        part = path.with_suffix(".part")
        part.write_text(json.dumps(asdict(self)), encoding="utf-8")
        part.replace(path)


def read_settings(environment_file: Path) -> dict[str, str]:
    """Return the settings in a file of KEY=VALUE lines."""
    lines = environment_file.read_text(encoding="utf-8").splitlines()
    pairs = (line.split("=", 1) for line in lines if "=" in line and not line.startswith("#"))
    return {name.strip(): value.strip() for name, value in pairs}


def settings_digest(environment_file: Path, regardless_of: Collection[str] = ()) -> str:
    """Return a digest that changes with the settings and with the secrets that they name, but for some of these."""
    digest = hashlib.sha256()
    for path in (environment_file, *_secrets(environment_file, regardless_of)):
        digest.update(f"{path}\0".encode())
        digest.update(path.read_bytes() if path.is_file() else b"")
    return digest.hexdigest()


def _secrets(environment_file: Path, regardless_of: Collection[str]) -> Iterator[Path]:
    for name, value in sorted(read_settings(environment_file).items()):
        if name.endswith("_FILE") and value and name not in regardless_of:
            yield Path(value)

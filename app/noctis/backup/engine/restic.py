"""restic as a function call: what it prints as JSON comes back as values, what it complains of as a BackupError.

Only options of restic 0.12 are used, which is what the oldest supported release has.
"""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import IO, Any, Final

from noctis.backup.engine.moments import moment
from noctis.backup.engine.plan import BackupError, Plan

NO_REPOSITORY: Final = ("Is there a repository at the following location", "unable to open config file")
NOT_OUR_KEY: Final = "wrong password or no key found"
SOME_FILES_UNREADABLE: Final = 3
LAST_LINES: Final = 5
UNFINISHED: Final = ".part"


@dataclass(frozen=True)
class Snapshot:
    """One backup in the repository."""

    id: str
    time: datetime
    tags: tuple[str, ...]

    @property
    def short_id(self) -> str:
        """What people type."""
        return self.id[:8]


@dataclass(frozen=True)
class Taken:
    """What a backup added."""

    snapshot: str
    bytes_added: int
    bytes_total: int
    files_total: int
    unread: tuple[str, ...] = ()


class Restic:
    """One repository."""

    def __init__(self, plan: Plan, repository: str) -> None:
        """Remember where the repository is and how to get in."""
        self._plan = plan
        self.repository = repository

    def exists(self) -> bool:
        """Whether the repository is there. Raises BackupError where it cannot be reached or is not ours."""
        done = self._completed("cat", "config")
        if done.returncode == 0:
            return True
        if any(words in done.stderr for words in NO_REPOSITORY):
            return False
        raise self._error("cat", done.stderr)

    def init(self) -> None:
        """Make the repository."""
        self._run("init")

    def unlock(self) -> None:
        """Remove locks of runs that are no more, such as one that a power cut ended; those of others stay."""
        self._run("unlock")

    def backup(self, paths: Sequence[Path], tags: Sequence[str], vanishing: Path | None = None) -> Taken:
        """Take a snapshot of ``paths``.

        Files below ``vanishing`` may go away meanwhile, and those whose name says that they are not finished; any other
        must be readable.
        """
        marks = [word for tag in tags for word in ("--tag", tag)]
        paths_given = [str(path) for path in paths]
        done = self._completed("backup", "--json", "--host", self._plan.host, *marks, "--", *paths_given)
        if done.returncode not in {0, SOME_FILES_UNREADABLE}:
            raise self._error("backup", done.stderr)
        unread = tuple(_unread(done.stderr))
        if wanted := [name for name in unread if not _may_vanish(Path(name), vanishing)]:
            raise BackupError(f"{len(wanted)} files could not be read, the first is {wanted[0]}.")
        summary = next(
            message for message in reversed(list(_messages(done.stdout))) if message["message_type"] == "summary"
        )
        return Taken(
            summary["snapshot_id"],
            summary["data_added"],
            summary["total_bytes_processed"],
            summary["total_files_processed"],
            unread,
        )

    def snapshots(self) -> list[Snapshot]:
        """Return every snapshot, the oldest first."""
        found = json.loads(self._run("snapshots", "--json")) or []
        every = [Snapshot(one["id"], moment(one["time"]), tuple(one.get("tags") or ())) for one in found]
        return sorted(every, key=lambda snapshot: snapshot.time)

    def find(self, name: str) -> Snapshot:
        """Return the snapshot that ``name`` names: ``latest`` or the beginning of an identifier."""
        every = self.snapshots()
        found = every[-1:] if name == "latest" else [one for one in every if one.id.startswith(name)]
        if len(found) != 1:
            raise BackupError(f"There is no snapshot {name}. `noctis-backup list` names those that there are.")
        return found[0]

    def text(self, snapshot: str, path: Path) -> str:
        """Return the content of a small file."""
        return self._run("dump", snapshot, str(path))

    def restore(self, snapshot: str, target: Path, include: Sequence[Path] = ()) -> None:
        """Write files of a snapshot below ``target``; all of them where none is named."""
        chosen = [word for path in include for word in ("--include", str(path))]
        self._run("restore", snapshot, "--target", str(target), *chosen)

    @contextmanager
    def files(self, snapshot: str) -> Iterator[Iterator[tuple[str, int]]]:
        """Give path and size of every file of a snapshot, one by one: there may be millions."""
        command = [*self._command, "ls", "--json", snapshot]
        with subprocess.Popen(  # noqa: S603
            command, env=self._environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        ) as process:
            assert process.stdout is not None  # noqa: S101
            yield _files(process.stdout)
            process.stdout.close()
            complaint = process.stderr.read() if process.stderr else ""
        if process.returncode:
            raise self._error("ls", complaint)

    def forget(self, *options: str) -> None:
        """Forget snapshots and remove what none of the others needs."""
        self._run("forget", "--group-by", "host", "--prune", *options)

    def check(self, *options: str) -> None:
        """Check the repository's structure, and what the options say of its data."""
        self._run("check", *options)

    def _run(self, *arguments: str) -> str:
        done = self._completed(*arguments)
        if done.returncode:
            raise self._error(arguments[0], done.stderr or done.stdout)
        return done.stdout

    def _completed(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        self._plan.require_place()
        try:
            return subprocess.run(  # noqa: S603
                [*self._command, *arguments],
                env=self._environment(),
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                errors="replace",
                check=False,
            )
        except FileNotFoundError:
            raise BackupError("restic is not installed. On Debian: sudo apt-get install restic") from None

    @property
    def _command(self) -> list[str]:
        return ["restic", *(word for option in self._plan.options for word in ("-o", option))]

    def _environment(self) -> dict[str, str]:
        return {
            "PATH": os.environ.get("PATH", os.defpath),
            "HOME": os.environ.get("HOME", "/root"),
            **self._plan.environment,
            "RESTIC_REPOSITORY": self.repository,
            "RESTIC_PASSWORD_FILE": str(self._plan.password_file),
            "RESTIC_CACHE_DIR": str(self._plan.cache),
        }

    def _error(self, command: str, complaint: str) -> BackupError:
        if NOT_OUR_KEY in complaint:
            return BackupError(
                f"{self.repository} has another password than {self._plan.password_file} holds. Put the one from the "
                "operator's safe there; without it nothing in this repository can be read."
            )
        lines = [line for line in complaint.splitlines() if line.strip()]
        return BackupError(f"restic {command} failed: {' '.join(lines[-LAST_LINES:])}")


def _may_vanish(path: Path, vanishing: Path | None) -> bool:
    return path.suffix == UNFINISHED or (vanishing is not None and vanishing in path.parents)


def _messages(lines: str) -> Iterator[dict[str, Any]]:
    for line in lines.splitlines():
        if line.startswith("{"):
            message = json.loads(line)
            yield {"message_type": "", **message}


def _unread(lines: str) -> Iterator[str]:
    for message in _messages(lines):
        if message["message_type"] == "error":
            yield str(message.get("item", ""))


def _files(lines: IO[str]) -> Iterator[tuple[str, int]]:
    for line in lines:
        node = json.loads(line)
        if node.get("type") == "file":
            yield node["path"], node.get("size", 0)

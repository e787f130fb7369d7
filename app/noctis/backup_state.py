"""What the backups say of themselves: one small JSON file, written by the command, read by pages and alerts.

On a server root writes it and the application can only read it, so that a compromised application cannot claim backups
that were never made.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any, Final

BACKUP: Final = "backup"
JOURNAL: Final = "journal"
CHECK: Final = "check"
DRILL: Final = "drill"
RESTORE: Final = "restore"
KEPT_RUNS: Final = 60


@dataclass(frozen=True)
class Run:
    """One run of the command; ``figures`` holds numbers such as bytes, files and instances."""

    kind: str
    started_at: datetime
    finished_at: datetime
    ok: bool
    error: str = ""
    snapshot: str = ""
    certificate: str = ""
    figures: dict[str, int] = field(default_factory=dict)

    @property
    def duration(self) -> timedelta:
        """How long it took."""
        return self.finished_at - self.started_at


@dataclass(frozen=True)
class BackupState:
    """Where backups go, when they are due, and how the last ones went."""

    repository: str = ""
    is_on_this_server: bool = False
    configured_at: datetime | None = None
    nightly_at: str = ""
    hourly_minute: int | None = None
    drill_weekday: str = ""
    drill_at: str = ""
    time_zone: str = "UTC"
    late_after_hours: int = 26
    drill_late_after_days: int = 8
    password_taken_at: datetime | None = None
    last_success: dict[str, Run] = field(default_factory=dict)
    last_attempt: dict[str, Run] = field(default_factory=dict)
    runs: list[Run] = field(default_factory=list)

    def with_run(self, run: Run) -> BackupState:
        """Return the state after a run."""
        succeeded = {run.kind: run} if run.ok else {}
        # The journal is written every few minutes: in the list it would hide everything else.
        runs = self.runs if run.kind == JOURNAL else [run, *self.runs][:KEPT_RUNS]
        return replace(
            self,
            last_success={**self.last_success, **succeeded},
            last_attempt={**self.last_attempt, run.kind: run},
            runs=runs,
        )

    def is_backup_late(self, now: datetime) -> bool:
        """Whether the last good backup is older than it may be, or none was made since backups were set up."""
        return self._is_late(BACKUP, timedelta(hours=self.late_after_hours), now)

    def is_drill_late(self, now: datetime) -> bool:
        """Whether no restore was rehearsed with success for too long."""
        return self._is_late(DRILL, timedelta(days=self.drill_late_after_days), now)

    def failed_last(self, kind: str) -> Run | None:
        """Return the last run of a kind if it failed."""
        run = self.last_attempt.get(kind)
        return run if run is not None and not run.ok else None

    def warnings(self, now: datetime) -> Iterator[str]:
        """Yield what somebody should do something about, the gravest first."""
        yield from self._warnings_of_backups(now)
        yield from self._warnings_of_drills(now)
        if failed := self.failed_last(CHECK):
            yield f"The repository has errors: {failed.error}"
        if failed := self.failed_last(JOURNAL):
            yield f"The list of what was received is not kept outside: {failed.error}"
        if self.password_taken_at is None:
            yield "The password of the backups lies on this server only. Without it nothing can be restored."
        if self.is_on_this_server:
            yield "The backups lie on this server itself: a fire, a thief or a broken disk takes both."

    def _warnings_of_backups(self, now: datetime) -> Iterator[str]:
        backup = self.last_success.get(BACKUP)
        if backup is None:
            yield "No backup has been made yet: what is lost now is lost for ever."
        elif self.is_backup_late(now):
            yield f"The last good backup is from {_spoken(backup.finished_at)}: later studies and reports are in none."
        if failed := self.failed_last(BACKUP):
            yield f"The last backup failed: {failed.error}"

    def _warnings_of_drills(self, now: datetime) -> Iterator[str]:
        drill = self.last_success.get(DRILL)
        if failed := self.failed_last(DRILL):
            yield f"The last restore drill failed: {failed.error}"
        elif drill is None:
            yield "No restore has been rehearsed yet: nobody knows whether the backups can be restored."
        elif self.is_drill_late(now):
            yield f"The last restore drill that passed is from {_spoken(drill.finished_at)}."

    def _is_late(self, kind: str, allowed: timedelta, now: datetime) -> bool:
        run = self.last_success.get(kind)
        since = run.finished_at if run is not None else self.configured_at
        return since is not None and now - since > allowed


def read_backup_state(path: Path) -> BackupState | None:
    """Return the state in the file; None where backups were never set up. Raises ValueError for a damaged file."""
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    try:
        return _decoded(json.loads(text))
    except (TypeError, KeyError, AttributeError) as error:
        raise ValueError(f"{path} is not a state of backups: {error}") from error


def write_backup_state(path: Path, state: BackupState) -> None:
    """Replace the file in one step, readable by the group of its folder."""
    text = json.dumps(asdict(state), default=datetime.isoformat, indent=1)
    write_shared(path, text + "\n")


def write_shared(path: Path, text: str) -> None:
    """Write a file whole or not at all, readable by its owner and the group of its folder."""
    new = path.with_name(f".{path.name}.{os.getpid()}")
    with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o640), "w", encoding="utf-8") as file:
        os.fchmod(file.fileno(), 0o640)  # whatever the umask of root's command is
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    with suppress(PermissionError):  # only root may give a file to a group that it is not in
        os.chown(new, -1, path.parent.stat().st_gid)
    new.rename(path)


def _decoded(values: dict[str, Any]) -> BackupState:
    moments = {name: _moment(values.get(name)) for name in ("configured_at", "password_taken_at")}
    last = {
        name: {kind: _run(run) for kind, run in values.get(name, {}).items()}
        for name in ("last_success", "last_attempt")
    }
    return BackupState(**{**values, **moments, **last, "runs": [_run(run) for run in values.get("runs", [])]})


def _run(values: dict[str, Any]) -> Run:
    moments = {name: datetime.fromisoformat(values[name]) for name in ("started_at", "finished_at")}
    return Run(**{**values, **moments})


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def _spoken(moment: datetime) -> str:
    return moment.astimezone(timezone.utc).strftime("%Y-%m-%d %H:%M UTC")

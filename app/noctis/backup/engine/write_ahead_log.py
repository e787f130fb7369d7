"""Any moment until a snapshot: a copy of the database's files, and the write-ahead log that was written since.

Both lie in each snapshot. A restore lets a PostgreSQL of its own replay the log on the copy, up to the moment that was
asked for, and dumps what it then has; so the server's own database is replaced as by any other restore.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

from noctis.backup.engine.moments import moment
from noctis.backup.engine.plan import BackupError, Plan
from noctis.backup.engine.postgresql import PostgreSQL

COPIED_AT: Final = "noctis_copied_at"
SEGMENT_NAME: Final = 24
TIMELINE: Final = 8
ARCHIVED_WITHIN: Final = timedelta(minutes=5)
GIGABYTE: Final = 10**9
LAST_LINES: Final = 3
SETTINGS: Final = """\
listen_addresses = ''
unix_socket_directories = '{folder}'
hba_file = '{folder}/pg_hba.conf'
restore_command = 'cp "{folder}/segments/%f" "%p"'
recovery_target_time = '{moment}'
recovery_target_action = promote
hot_standby = off
archive_mode = off
fsync = off
log_min_error_statement = panic
log_error_verbosity = terse
"""


@dataclass(frozen=True)
class Reach:
    """Between which moments a snapshot has the database at any; ISO texts, as its manifest has them."""

    since: str
    until: str

    def covers(self, when: datetime) -> bool:
        """Whether the database can be restored as it stood then."""
        return moment(self.since) <= when <= moment(self.until)


def reach_of(manifest: dict[str, Any]) -> Reach | None:
    """Return what a snapshot says of the moments it reaches; None where it has its own alone."""
    values = manifest.get("reach")
    return Reach(**values) if values else None


@dataclass(frozen=True)
class WriteAheadLog:
    """The log of a server's database: where finished segments lie, and where the copy that they continue.

    ``connection`` is how the account gets in that may copy the database's files; ``recovery`` is a folder for
    replays, empty between them.
    """

    database: PostgreSQL
    segments: Path
    copy: Path
    connection: str
    recovery: Path
    reserve_gb: float = 0

    def begin_again(self) -> None:
        """Copy the database's files, and remove the segments that only the copy before it needed."""
        self._require_room()
        new = self.copy.with_name(f"{self.copy.name}.new")
        shutil.rmtree(new, ignore_errors=True)
        options = ["--wal-method=fetch", "--checkpoint=fast", "--no-password", f"--pgdata={new}"]
        self.database.checked(["pg_basebackup", *options, f"--dbname={self.connection}"])
        (new / COPIED_AT).write_text(f"{self._clock()} {self._identity()}", encoding="ascii")
        shutil.rmtree(self.copy, ignore_errors=True)
        new.rename(self.copy)
        first = _first_segment(self.copy)
        for path in self.segments.iterdir():
            if len(path.name) >= SEGMENT_NAME and path.name[TIMELINE:SEGMENT_NAME] < first[TIMELINE:]:
                path.unlink()

    def finish(self) -> Reach:
        """Have everything up to now among the segments, and return what can be restored with them.

        The first time there is no copy yet, nor is it one of this server after that was set up anew.
        """
        if self._copied()[1] != self._identity():
            self.begin_again()
        until = self._clock()
        self.database.tell("SELECT txid_current()")  # a replay stops at the first transaction after its moment
        segment = self.segments / self.database.tell("SELECT pg_walfile_name(pg_switch_wal())")
        deadline = time.monotonic() + ARCHIVED_WITHIN.total_seconds()
        while not segment.exists():
            if time.monotonic() > deadline:
                raise BackupError(
                    f"PostgreSQL does not bring its write-ahead log to {self.segments}; "
                    "`noctisctl logs postgresql` has the reason."
                )
            time.sleep(0.1)
        return Reach(self._copied()[0], until)

    @contextmanager
    def replayed(self, folder: Path, when: datetime) -> Iterator[PostgreSQL]:
        """Give the database as it stood at a moment, from copy and segments that were restored below ``folder``."""
        self.recovery.mkdir(mode=0o700, exist_ok=True)
        self._clear()  # of what a killed run left
        try:
            self._lay_out(folder, when)
            yield self._started()
        finally:
            self._clear()

    def _clock(self) -> str:
        return moment(self.database.tell("SELECT clock_timestamp()")).isoformat()

    def _identity(self) -> str:
        return self.database.tell("SELECT system_identifier FROM pg_control_system()")

    def _copied(self) -> tuple[str, str]:
        """Return when the copy was made, and of which server."""
        try:
            at, identity = (self.copy / COPIED_AT).read_text(encoding="ascii").split()
        except FileNotFoundError:
            return "", ""
        return at, identity

    @property
    def _data(self) -> Path:
        return self.recovery / "copy" / "data"  # as deep as no cluster of Debian's lies

    def _lay_out(self, folder: Path, when: datetime) -> None:
        self._data.parent.mkdir()
        shutil.move(folder / self.copy.relative_to("/"), self._data)
        shutil.move(folder / self.segments.relative_to("/"), self.recovery / "segments")
        settings = SETTINGS.format(folder=self.recovery, moment=when.isoformat())
        (self._data / "postgresql.conf").write_text(settings, encoding="utf-8")
        (self._data / "postgresql.auto.conf").write_text("", encoding="ascii")
        (self._data / "recovery.signal").touch()
        (self._data / "pg_ident.conf").touch()
        (self.recovery / "pg_hba.conf").write_text("local all all trust\n", encoding="ascii")
        self._data.chmod(0o700)
        if self.database.run_as:
            for path in (self.recovery, *self.recovery.rglob("*")):
                shutil.chown(path, self.database.run_as, self.database.run_as)

    def _started(self) -> PostgreSQL:
        """Return the database once the log is replayed, which takes as long as there is log."""
        self.database.checked(self._control("start", f"--log={self.recovery / 'log'}"))
        replayed = replace(self.database, environment={**self.database.environment, "PGHOST": str(self.recovery)})
        while True:
            try:
                replayed.tell("SELECT 1")
            except BackupError as error:
                if not self._runs():
                    raise BackupError(f"The write-ahead log cannot be replayed: {self._last_words()}") from error
                time.sleep(0.5)
            else:
                return replayed

    def _runs(self) -> bool:
        try:
            self.database.checked(self._control("status"))
        except BackupError:
            return False
        return True

    def _clear(self) -> None:
        if (self._data / "postmaster.pid").exists() and self._runs():
            self.database.checked(self._control("stop", "--mode=immediate"))
        for path in self.recovery.iterdir():
            shutil.rmtree(path) if path.is_dir() else path.unlink()

    def _control(self, action: str, *options: str) -> list[str]:
        version = (self._data / "PG_VERSION").read_text(encoding="ascii").strip()
        program = Path(f"/usr/lib/postgresql/{version}/bin/pg_ctl")
        if not program.exists():
            raise BackupError(
                f"This moment needs PostgreSQL {version}, which is not installed here. Restore a snapshot instead; "
                "`noctis-backup list` names them."
            )
        return self.database.program(str(program), action, "--wait", "--silent", f"--pgdata={self._data}", *options)

    def _last_words(self) -> str:
        lines = (self.recovery / "log").read_text(encoding="utf-8", errors="replace").splitlines()
        return " ".join(lines[-LAST_LINES:])

    def _require_room(self) -> None:
        size = int(self.database.tell("SELECT sum(pg_database_size(oid)) FROM pg_database")) / GIGABYTE
        free = shutil.disk_usage(self.copy.parent).free / GIGABYTE
        if free - size < self.reserve_gb:
            raise BackupError(
                f"{self.copy.parent} has {free:.1f} GB left, too little for a copy of the database ({size:.1f} GB) and "
                f"a reserve of {self.reserve_gb:g} GB."
            )


def open_log(plan: Plan) -> WriteAheadLog | None:
    """Return the write-ahead log that the plan describes; None for a database without one."""
    if not plan.write_ahead_log:
        return None
    database = PostgreSQL(**{name: value for name, value in plan.database.items() if name != "kind"})
    values = plan.write_ahead_log
    return WriteAheadLog(
        database, plan.segments, plan.copy, values["connection"], Path(values["recovery"]), plan.reserve_gb
    )


def _first_segment(copy: Path) -> str:
    """Return the name of the first segment that a copy needs (``START WAL LOCATION: 0/2000028 (file NAME)``)."""
    line = (copy / "backup_label").read_text(encoding="ascii").splitlines()[0]
    return line.rsplit("(file ", 1)[1].rstrip(")")

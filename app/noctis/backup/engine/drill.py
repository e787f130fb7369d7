"""The restore drill: the last backup is restored into a scratch database and folder, and compared.

What an instance must be says the SHA-256 that was taken when it was received, so a drill finds bytes that rotted
before the backup as well as those that rotted after it.
"""

from __future__ import annotations

import json
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass, field
from datetime import datetime
from itertools import chain, islice
from pathlib import Path
from typing import Any, Final

from noctis.archive.storage_area import sha256_of
from noctis.backup.engine.databases import (
    ALL_INSTANCES,
    EVERY_ATTACHMENT,
    EVERY_INSTANCE,
    SOME_INSTANCES,
    Queries,
    compared,
    open_database,
)
from noctis.backup.engine.moments import moment, now
from noctis.backup.engine.plan import BackupError, Plan
from noctis.backup.engine.restic import Restic, Snapshot
from noctis.backup.engine.runs import Outcome, run, say
from noctis.backup.engine.write_ahead_log import WriteAheadLog, open_log, reach_of
from noctis.backup_state import DRILL, Run, write_shared

PROBLEMS_KEPT: Final = 50
PATHS_AT_A_TIME: Final = 500


@dataclass
class Step:
    """One thing that the drill proved, or did not."""

    title: str
    detail: str
    problems: list[str] = field(default_factory=list)

    @property
    def passed(self) -> bool:
        """Whether it holds."""
        return not self.problems


def drill(plan: Plan, name: str = "latest", *, every_file: bool = False) -> Run:
    """Rehearse the restore of a snapshot and write a certificate. Raises BackupError where it fails."""
    return run(plan, DRILL, lambda outcome: _drill(plan, name, outcome, every_file=every_file))


def _drill(plan: Plan, name: str, outcome: Outcome, *, every_file: bool) -> None:
    started = now()
    repository = Restic(plan, plan.repository)
    repository.unlock()
    snapshot = repository.find(name)
    outcome.snapshot = snapshot.short_id
    steps: list[Step] = []
    try:
        with tempfile.TemporaryDirectory(prefix="drill-", dir=plan.work) as folder:
            number = 0 if every_file else plan.drill_files
            for step in _Rehearsal(plan, repository, snapshot, Path(folder)).steps(number):
                say(f"{'passed' if step.passed else 'FAILED'}: {step.title}. {step.detail}")
                steps.append(step)
    except BackupError as error:
        steps.append(Step("The backup can be restored", "It could not.", [str(error)]))
    outcome.certificate = _certify(plan, snapshot, steps, started.isoformat())
    problems = [problem for step in steps for problem in step.problems]
    outcome.figures = {"problems": len(problems)}
    if problems:
        raise BackupError(f"{problems[0]}{f' ({len(problems)} problems in all)' if len(problems) > 1 else ''}")


@dataclass
class _Rehearsal:
    """One restore into a scratch folder and a scratch database."""

    plan: Plan
    repository: Restic
    snapshot: Snapshot
    folder: Path

    def steps(self, number: int) -> Iterator[Step]:
        """Yield what was tried, one after the other; ``number`` of instances are read, all of them where it is 0."""
        self._require_room()
        self.repository.restore(self.snapshot.id, self.folder, [self.plan.dump, self.plan.manifest])
        manifest = json.loads(self._restored(self.plan.manifest).read_text())
        with open_database(self.plan).scratch(self._restored(self.plan.dump), self.folder) as scratch:
            yield self._rows(scratch, manifest["rows"])
            yield self._presence(scratch)
            yield self._hashes(scratch, number)
        reach, log = reach_of(manifest), open_log(self.plan)
        if reach and log:
            yield self._replay(log, moment(reach.until), manifest["rows"])

    def _rows(self, scratch: Queries, expected: dict[str, int]) -> Step:
        found = scratch.rows()
        detail = f"{sum(found.values())} rows in {len(found)} tables"
        return Step(
            "The restored database has as many rows as at the time of the backup", detail, compared(expected, found)
        )

    def _presence(self, scratch: Queries) -> Step:
        """Compare the index with the list of files: quick, so that no file is left out."""
        storage, attachments = self.plan.data / "storage", self.plan.data / "attachments"
        problems: list[str] = []
        count = 0
        with closing(sqlite3.connect(self.folder / "files.sqlite3")) as files:
            files.execute("CREATE TABLE files (path TEXT PRIMARY KEY, size INTEGER) WITHOUT ROWID")
            with self.repository.files(self.snapshot.id) as listed, files:
                files.executemany("INSERT OR REPLACE INTO files VALUES (?, ?)", listed)
            named = chain(
                ((storage / path, int(size)) for path, size in scratch.select(EVERY_INSTANCE)),
                ((_attachment(attachments, sha256), None) for (sha256,) in scratch.select(EVERY_ATTACHMENT)),
            )
            for path, size in named:
                count += 1
                row = files.execute("SELECT size FROM files WHERE path = ?", (str(path),)).fetchone()
                if row is None:
                    problems.append(f"{path.name} is not in the backup")
                elif size not in {None, row[0]}:
                    problems.append(f"{path.name} has {row[0]} bytes in place of {size}")
        return Step("Every file that the index names is in the backup", f"{count} files", problems)

    def _hashes(self, scratch: Queries, number: int) -> Step:
        statement = SOME_INSTANCES.format(number=number) if number else ALL_INSTANCES
        instances = scratch.select(statement)
        count = size = 0
        problems: list[str] = []
        while some := list(islice(instances, PATHS_AT_A_TIME)):
            paths = [self.plan.data / "storage" / path for path, _, _ in some]
            self.repository.restore(self.snapshot.id, self.folder, paths)
            for path, (_, offset, sha256) in zip(map(self._restored, paths), some, strict=True):
                count += 1
                if not path.exists() or sha256_of(path, int(offset)) != sha256:
                    problems.append(f"{path.name} is not what was received")
                else:
                    size += path.stat().st_size
                path.unlink(missing_ok=True)
        extra = self._attachments(scratch, number, problems)
        detail = f"{count} images ({size} bytes) and {extra} attached files compared by SHA-256"
        return Step("Restored images are what was received, bit by bit", detail, problems)

    def _replay(self, log: WriteAheadLog, when: datetime, expected: dict[str, int]) -> Step:
        """Go the whole way from the copy of the database's files to the end of the log that the backup has."""
        self.repository.restore(self.snapshot.id, self.folder, [self.plan.copy, self.plan.segments])
        with log.replayed(self.folder, when) as replayed:
            found = replayed.rows()
        detail = f"{sum(found.values())} rows in {len(found)} tables at {when:%Y-%m-%d %H:%M:%S} UTC"
        missing = [f"{table}: no such table" for table in sorted(expected.keys() - found.keys())]
        return Step("The write-ahead log leads to the second at which the backup was made", detail, missing)

    def _attachments(self, scratch: Queries, number: int, problems: list[str]) -> int:
        """Compare attached files and signed reports, whose names are their SHA-256."""
        digests = (digest for (digest,) in scratch.select(EVERY_ATTACHMENT))
        chosen = list(islice(digests, number or None))
        area = self.plan.data / "attachments"
        for start in range(0, len(chosen), PATHS_AT_A_TIME):
            some = chosen[start : start + PATHS_AT_A_TIME]
            self.repository.restore(self.snapshot.id, self.folder, [_attachment(area, digest) for digest in some])
            for digest in some:
                path = self._restored(_attachment(area, digest))
                if not path.exists() or sha256_of(path) != digest:
                    problems.append(f"the attached file {digest[:12]} is not what was received")
        return len(chosen)

    def _restored(self, path: Path) -> Path:
        return self.folder / path.relative_to("/")

    def _require_room(self) -> None:
        free = shutil.disk_usage(self.folder).free / 10**9
        if free < self.plan.reserve_gb:
            raise BackupError(
                f"{self.plan.work} has {free:.1f} GB left, less than the reserve of {self.plan.reserve_gb:g} GB: "
                "there is no room for a drill."
            )


def _attachment(area: Path, sha256: str) -> Path:
    """Return where the application keeps the file with this SHA-256."""
    return area / sha256[:2] / sha256[2:4] / sha256


def _certify(plan: Plan, snapshot: Snapshot, steps: Sequence[Step], started: str) -> str:
    """Write the certificate and return its name."""
    passed = bool(steps) and all(step.passed for step in steps)
    name = f"{started[:19].replace(':', '').replace('-', '')}-{'passed' if passed else 'failed'}"
    certificate: dict[str, Any] = {
        "passed": passed,
        "host": plan.host,
        "release": plan.release,
        "repository": plan.repository,
        "snapshot": snapshot.id,
        "snapshot_at": snapshot.time.isoformat(),
        "started_at": started,
        "finished_at": now().isoformat(),
        "steps": [{**asdict(step), "passed": step.passed, "problems": step.problems[:PROBLEMS_KEPT]} for step in steps],
    }
    write_shared(plan.certificates / f"{name}.json", json.dumps(certificate, indent=1) + "\n")
    return name

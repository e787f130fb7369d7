"""A restore: onto the same server or a new one, after which the server goes on as the installation it was.

The database is restored beside the present one and takes its place by name only when it is complete. Files are added:
what lies in the archive and not in the backup stays, and is taken in again if the journal knows whose it is.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import stat
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime, timezone
from pathlib import Path
from typing import Any, Final

from noctis.backup.engine.databases import newest_of, open_database
from noctis.backup.engine.making import INSTALLATION
from noctis.backup.engine.moments import moment
from noctis.backup.engine.plan import CONTENTS, BackupError, Plan
from noctis.backup.engine.restic import Restic, Snapshot
from noctis.backup.engine.runs import Outcome, run, say
from noctis.backup.engine.write_ahead_log import open_log, reach_of
from noctis.backup_state import RESTORE, Run

# What a server must take over to be the same installation. Passwords of the database and of the job queue are not
# among it: a new server has its own.
IDENTITY: Final = ("secrets/secret_key", "tls")


def chosen(plan: Plan, when: datetime) -> tuple[str, datetime | None]:
    """Return the snapshot that leads to a moment, and the moment if the database can be had as it stood then.

    It is the first one after the moment where that has the write-ahead log: it has every file, too, that the database
    named then. Otherwise it is the last one before.
    """
    repository = Restic(plan, plan.repository)
    every = repository.snapshots()
    later = next((one for one in every if one.time >= when), None)
    reach = reach_of(json.loads(repository.text(later.id, plan.manifest))) if later else None
    if later and reach and reach.covers(when):
        return later.id, when
    before = [one for one in every if one.time <= when]
    if not before:
        raise BackupError(f"No snapshot is from {_spoken(when)} or earlier. `noctis-backup list` names them.")
    return before[-1].id, None


def restore(plan: Plan, name: str, when: datetime | None = None, *, overwrite_newer: bool) -> Run:
    """Restore a snapshot, or with it the moment ``when``. The application must not run.

    Raises BackupError, and then nothing was replaced.
    """
    return run(plan, RESTORE, lambda outcome: _restore(plan, name, when, outcome, overwrite_newer=overwrite_newer))


def _restore(plan: Plan, name: str, when: datetime | None, outcome: Outcome, *, overwrite_newer: bool) -> None:
    repository = Restic(plan, plan.repository)
    repository.unlock()
    snapshot = repository.find(name)
    outcome.snapshot = snapshot.short_id
    manifest = json.loads(repository.text(snapshot.id, plan.manifest))
    then = when or moment(manifest["taken_at"])
    _require_fit(plan, manifest)
    if not overwrite_newer:
        _require_older(plan, then)
    _require_room(plan, manifest)
    say(f"Restoring the snapshot {snapshot.short_id} of {_spoken(snapshot.time)}.")
    folder = plan.work / "restored"
    shutil.rmtree(folder, ignore_errors=True)
    try:
        dump = _dump(plan, repository, snapshot, folder, when)
        with _folders_kept(plan.data):
            repository.restore(snapshot.id, Path("/"), [plan.data / name for name in CONTENTS])
        _give_to_owner(plan, [plan.data / name for name in CONTENTS])
        _fetch_journal(plan, folder)
        if sentence := open_database(plan).replace(dump):
            say(sentence)
        _take_over(plan, folder, snapshot)
        plan.manage("migrate", "--noinput")
        say(plan.manage("note_restore", snapshot.short_id, then.isoformat()).strip())
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    outcome.figures = {"instances": manifest["instances"], "bytes_indexed": manifest["bytes"]}


def _dump(plan: Plan, repository: Restic, snapshot: Snapshot, folder: Path, when: datetime | None) -> Path:
    """Bring the configuration and the dump of a snapshot here, or make one of what the database was at a moment."""
    log = open_log(plan)
    if when is None or log is None:
        repository.restore(snapshot.id, folder, [plan.dump, *plan.configuration])
        return folder / plan.dump.relative_to("/")
    repository.restore(snapshot.id, folder, [plan.copy, plan.segments, *plan.configuration])
    say(f"Replaying the write-ahead log until {_spoken(when)}.")
    with log.replayed(folder, when) as replayed:
        replayed.dump(folder / "replayed.dump")
    return folder / "replayed.dump"


def _require_fit(plan: Plan, manifest: dict[str, Any]) -> None:
    if manifest["database"] != plan.database["kind"]:
        raise BackupError(f"The snapshot is of a {manifest['database']} database, this installation has another kind.")
    if _numbers(manifest["release"]) > _numbers(plan.release):
        raise BackupError(
            f"The snapshot was made by the release {manifest['release']}, this is {plan.release}. "
            "Install that release or a later one, then restore."
        )


def _require_older(plan: Plan, then: datetime) -> None:
    """Refuse where this server has images or reports that came after the moment that is to be restored."""
    try:
        newest = newest_of(open_database(plan))
    except BackupError:  # no database to be overwritten
        return
    if newest and moment(newest) > then:
        raise BackupError(
            f"Images or reports are here of {_spoken(moment(newest))}, later than the snapshot or the moment asked "
            "for: its index would lose them. Make a backup first, or confirm that the newer data may go (noctis-backup "
            "restore --overwrite-newer, or restore_overwrite_newer=true for the playbook)."
        )


def _require_room(plan: Plan, manifest: dict[str, Any]) -> None:
    present = sum(path.stat().st_size for path in _files(plan.data / name for name in CONTENTS))
    free = shutil.disk_usage(plan.data).free
    if free + present < manifest["bytes"]:
        raise BackupError(
            f"{plan.data} has {free / 10**9:.1f} GB left, too little for {manifest['bytes'] / 10**9:.1f} GB of images."
        )


def _files(folders: Iterable[Path]) -> Iterable[Path]:
    return (path for folder in folders if folder.exists() for path in folder.rglob("*") if path.is_file())


@contextmanager
def _folders_kept(lowest: Path) -> Iterator[None]:
    """Leave a folder and those above it to whom they belong here: restic gives them to the former server's accounts."""
    before = [(folder, folder.stat()) for folder in (lowest, *lowest.parents)]
    try:
        yield
    finally:
        for folder, was in before:
            found = folder.stat()
            if (found.st_uid, found.st_gid, found.st_mode) != (was.st_uid, was.st_gid, was.st_mode):
                os.chown(folder, was.st_uid, was.st_gid)
                folder.chmod(stat.S_IMODE(was.st_mode))


def _give_to_owner(plan: Plan, folders: Iterable[Path]) -> None:
    """Let the application have its files where its account has another number than on the former server."""
    owner = plan.data.stat()
    for folder in filter(Path.exists, folders):
        for path in (folder, *folder.rglob("*")):
            if path.lstat().st_uid != owner.st_uid:
                os.chown(path, owner.st_uid, owner.st_gid, follow_symlinks=False)


def _fetch_journal(plan: Plan, folder: Path) -> None:
    """Bring the journal here from outside; what this server noted later stays."""
    repository = Restic(plan, plan.journal_repository)
    if not repository.exists() or not repository.snapshots():
        return
    repository.restore("latest", folder, [plan.journal])
    plan.journal.mkdir(mode=0o700, exist_ok=True)
    for fetched in (folder / plan.journal.relative_to("/")).glob("*.jsonl"):
        kept = plan.journal / fetched.name
        lines = kept.read_text(encoding="utf-8").splitlines() if kept.exists() else []
        known = set(lines)
        lines = [line for line in fetched.read_text(encoding="utf-8").splitlines() if line not in known] + lines
        kept.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    _give_to_owner(plan, [plan.journal])


def _take_over(plan: Plan, folder: Path, snapshot: Snapshot) -> None:
    """Become the installation that the snapshot is of."""
    for place in plan.configuration:
        restored = folder / place.relative_to("/")
        for name in ("",) if restored.is_file() else IDENTITY:
            source, target = restored / name, place / name
            if source.is_dir():
                shutil.copytree(source, target, dirs_exist_ok=True, ignore=_links)
            elif source.is_file():
                target.write_bytes(source.read_bytes())  # into the present file: owner and mode stay
    marks = [tag.removeprefix(INSTALLATION) for tag in snapshot.tags if tag.startswith(INSTALLATION)]
    if marks:
        plan.installation.write_text(f"{marks[0]}\n", encoding="ascii")


def _links(folder: str, names: list[str]) -> list[str]:
    """Return the links among some names: which certificate is in use, each server decides by itself."""
    return [name for name in names if (Path(folder) / name).is_symlink()]


def _spoken(when: datetime) -> str:
    return f"{when.astimezone(timezone.utc):%Y-%m-%d %H:%M:%S} UTC"


def _numbers(release: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.split(r"[+-]", release, maxsplit=1)[0].split(".") if part.isdigit())

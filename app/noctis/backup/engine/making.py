"""Backups: the database first, the files after it, then what is older than wanted goes.

Files are written and synced before the index names them, and are never changed. So a snapshot whose files were read
after the dump holds every file that the dump names; see app/docs/decisions.
"""

from __future__ import annotations

import json
import shutil
import uuid
from collections.abc import Callable
from dataclasses import asdict, replace
from typing import Any, Final

from noctis.backup.engine.databases import Contents, contents_of, open_database
from noctis.backup.engine.moments import now
from noctis.backup.engine.plan import BackupError, Plan
from noctis.backup.engine.restic import Restic
from noctis.backup.engine.runs import Outcome, change_state, run, say
from noctis.backup.engine.write_ahead_log import WriteAheadLog, open_log
from noctis.backup_state import BACKUP, CHECK, JOURNAL, BackupState, Run, read_backup_state

INSTALLATION: Final = "installation:"
GIGABYTE: Final = 10**9
JOURNALS_KEPT: Final = 12
JOURNAL_PRUNED_AT: Final = 60


def prepare(plan: Plan) -> bool:
    """Make the repositories where there are none; return whether anything was made. Raises BackupError."""
    for folder in (plan.folder, plan.certificates, plan.work, plan.cache):
        folder.mkdir(mode=0o700 if folder in {plan.work, plan.cache} else 0o750, parents=True, exist_ok=True)
    if not plan.installation.exists():
        plan.installation.write_text(f"{uuid.uuid4()}\n", encoding="ascii")
    missing = [
        repository
        for repository in (Restic(plan, plan.repository), Restic(plan, plan.journal_repository))
        if not repository.exists()
    ]
    for repository in missing:
        repository.init()
    change_state(plan, lambda state: _configured(plan, state))
    return bool(missing)


def back_up(plan: Plan, *, begins_again: bool = False) -> Run:
    """Take a snapshot of database, files and configuration; then, if asked to, a new copy for the write-ahead log."""

    def work(outcome: Outcome) -> None:
        log = open_log(plan) if plan.keeps_log else None
        if log is None:
            shutil.rmtree(plan.copy, ignore_errors=True)  # no log continues it
        problems: list[str] = []
        _back_up(plan, outcome, lambda: _reach(log, problems) if log else None)
        if problems:
            raise BackupError(f"The snapshot {outcome.snapshot} leads to no moment but its own: {problems[0]}")
        if log and begins_again:  # after the snapshot, which has the log of the copy that goes
            log.begin_again()

    return run(plan, BACKUP, work)


def back_up_journal(plan: Plan) -> Run:
    """Let the application note what it has received, and bring the list to safety."""
    return run(plan, JOURNAL, lambda outcome: _back_up_journal(plan, outcome))


def tidy_up(plan: Plan) -> None:
    """Forget the snapshots that the retention does not keep, and free their room."""
    keep = asdict(plan.keep)
    Restic(plan, plan.repository).forget(*(f"--keep-{age}={number}" for age, number in keep.items() if number))


def check(plan: Plan, *options: str) -> Run:
    """Check the repository: its structure, and the part of its data that the options name."""

    def work(_: Outcome) -> None:
        repository = Restic(plan, plan.repository)
        repository.unlock()
        repository.check(*(options or (f"--read-data-subset={plan.check_read_data}",)))

    return run(plan, CHECK, work)


def require_own_repository(plan: Plan, repository: Restic) -> None:
    """Refuse to write where another installation's backups are the last: they are to be restored, not buried."""
    every = repository.snapshots()
    mine = INSTALLATION + plan.installation.read_text(encoding="ascii").strip()
    if every and mine not in every[-1].tags:
        raise BackupError(
            f"The last backup in {repository.repository} is of another installation, of {every[-1].time:%Y-%m-%d %H:%M}"
            " UTC. Restore it here first (playbooks/restore.yml), or give this server a repository of its own."
        )


def _reach(log: WriteAheadLog, problems: list[str]) -> dict[str, str] | None:
    """Return what the manifest says of the write-ahead log; where that is in trouble the rest is saved all the same."""
    try:
        return asdict(log.finish())
    except (BackupError, OSError) as error:
        problems.append(str(error))
        return None


def _back_up(plan: Plan, outcome: Outcome, reach: Callable[[], dict[str, str] | None]) -> None:
    repository, database = Restic(plan, plan.repository), open_database(plan)
    repository.unlock()
    require_own_repository(plan, repository)
    _require_room(plan, contents_of(database))
    try:
        say("Dumping the database.")
        taken_at = now()
        contents = database.dump(plan.dump)
        manifest = {**_manifest(plan, contents), "taken_at": taken_at.isoformat(), "reach": reach()}
        plan.manifest.write_text(json.dumps(manifest, indent=1))
        say("Saving the dump, then the files.")
        taken = repository.backup(plan.sources, _tags(plan), vanishing=plan.data / "spool")
    finally:
        plan.dump.unlink(missing_ok=True)
    outcome.snapshot = taken.snapshot[:8]
    outcome.figures = {
        "bytes_added": taken.bytes_added,
        "bytes_total": taken.bytes_total,
        "files": taken.files_total,
        "instances": contents.instances,
        "bytes_indexed": contents.bytes,
    }


def _back_up_journal(plan: Plan, outcome: Outcome) -> None:
    plan.manage("note_intake")
    repository = Restic(plan, plan.journal_repository)
    repository.unlock()
    require_own_repository(plan, repository)
    taken = repository.backup([plan.journal], _tags(plan))
    outcome.snapshot = taken.snapshot[:8]
    outcome.figures = {"bytes_total": taken.bytes_total}
    if len(repository.snapshots()) > JOURNAL_PRUNED_AT:  # each holds the whole list: the last ones are enough
        repository.forget(f"--keep-last={JOURNALS_KEPT}")


def _tags(plan: Plan) -> list[str]:
    return [INSTALLATION + plan.installation.read_text(encoding="ascii").strip()]


def _manifest(plan: Plan, contents: Contents) -> dict[str, Any]:
    return {"host": plan.host, "release": plan.release, "database": plan.database["kind"], **asdict(contents)}


def _require_room(plan: Plan, contents: Contents) -> None:
    """Refuse to fill a local disk: an archive whose disk is full takes no images."""
    if not plan.is_local:
        return
    state = read_backup_state(plan.state)
    last = state.last_success.get(BACKUP) if state else None
    new = max(contents.bytes - (last.figures.get("bytes_indexed", 0) if last else 0), 0)
    free = shutil.disk_usage(plan.repository).free
    if free - new < plan.reserve_gb * GIGABYTE:
        raise BackupError(
            f"{plan.repository} has {free / GIGABYTE:.1f} GB left, too little for {new / GIGABYTE:.1f} GB of new "
            f"images and a reserve of {plan.reserve_gb:g} GB. Give the backups a larger place."
        )


def _configured(plan: Plan, state: BackupState) -> BackupState:
    return replace(
        state,
        repository=plan.repository,
        is_on_this_server=plan.is_on_this_server,
        configured_at=state.configured_at or now(),
        **plan.schedule,
    )

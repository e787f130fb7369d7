"""What every run of the command has around it: one at a time, its outcome in the state and in the audit trail."""

from __future__ import annotations

import fcntl
import json
import logging
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from noctis.backup.engine.moments import now
from noctis.backup.engine.plan import BackupError, Plan
from noctis.backup_state import JOURNAL, BackupState, Run, read_backup_state, write_backup_state

logger = logging.getLogger(__name__)


@dataclass
class Outcome:
    """What a run tells of itself."""

    snapshot: str = ""
    certificate: str = ""
    figures: dict[str, int] = field(default_factory=dict)


def run(plan: Plan, kind: str, work: Callable[[Outcome], None]) -> Run:
    """Do ``work`` and note how it went. A failure is noted and raised again."""
    plan.folder.mkdir(mode=0o750, parents=True, exist_ok=True)
    # The journal has a repository of its own and does not wait for a backup of hours.
    with _alone(plan.folder / f"{'journal' if kind == JOURNAL else 'repository'}.lock"):
        started, outcome = now(), Outcome()
        try:
            work(outcome)
        except (BackupError, OSError) as error:
            note(plan, Run(kind, started, now(), False, str(error), outcome.snapshot, outcome.certificate))
            raise
        done = Run(kind, started, now(), True, "", outcome.snapshot, outcome.certificate, outcome.figures)
        note(plan, done)
        return done


def note(plan: Plan, run: Run) -> None:
    """Keep what a run came to."""
    change_state(plan, lambda state: state.with_run(run))
    if run.kind == JOURNAL:
        return
    detail = {"ok": run.ok, "snapshot": run.snapshot, "certificate": run.certificate, "figures": run.figures}
    try:
        plan.manage("note_backup", run.kind, json.dumps({**detail, "error": run.error[:300]}))
    except BackupError as error:  # the run counts all the same; the state has it
        logger.warning("the audit trail has no entry of this run: %s", error)


def change_state(plan: Plan, change: Callable[[BackupState], BackupState]) -> BackupState:
    """Change the state in one step, whoever else is about to."""
    with _alone(plan.folder / "state.lock"):
        state = change(read_backup_state(plan.state) or BackupState())
        write_backup_state(plan.state, state)
        return state


def say(sentence: str) -> None:
    """Tell the operator."""
    sys.stdout.write(f"{sentence}\n")
    sys.stdout.flush()


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    with path.open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("Another run is going on; waiting for its end.")
            fcntl.flock(file, fcntl.LOCK_EX)
        yield

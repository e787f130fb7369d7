"""The change from one release to another: additive migrations first, then the programs one by one, then a check.

What goes wrong before the programs take over leaves the running release as it is; what goes wrong after brings it back.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from noctis_release import database, health, releases
from noctis_release.database import Migration
from noctis_release.places import NotDone, Places, run
from noctis_release.releases import Record

PAGES = ("noctis-web", "noctis-events")


@dataclass(frozen=True)
class Switch:
    """A change that was decided; ``before`` is the record of the one before it."""

    places: Places
    name: str
    former: str
    pending: list[Migration]
    before: Record | None = None

    @property
    def folder(self) -> Path:
        """The folder of the release."""
        return self.places.releases / self.name

    @property
    def is_breaking(self) -> bool:
        """Whether the former release does not work with the migrated database."""
        return bool(self.former) and not all(one.is_additive for one in self.pending)


def switch(places: Places, name: str, *, may_interrupt: bool) -> None:
    """Let the server run a release. Raises NotDone; then the release that was in use is in use again."""
    folder = releases.require(places, name)
    record = Record.read(places)
    former = _running(places)
    is_unfinished = record is not None and record.release == name and not record.is_checked
    if former == name and record is not None and is_unfinished:
        former = record.former  # an interrupted change to this very release goes on
    pending = database.pending(places, folder) if former else []
    if former == name and not pending:
        return
    change = Switch(places, name, "" if former == name else former, pending, record)
    _announce(change)
    if change.is_breaking and not may_interrupt:
        raise NotDone(
            f"Release {former} cannot work with the database that {name} needs:"
            f" {', '.join(one.name for one in pending if not one.is_additive)}."
            " Nothing was changed. Choose a time when nobody works and allow an interruption (--interrupt)."
        )
    _carry_out(change)


def roll_back(places: Places, *, restore_database: bool) -> None:
    """Return to the release that was in use before. Raises NotDone."""
    record = Record.read(places)
    if record is None or not record.former:
        raise NotDone("No former release is known; “noctis-release switch” goes to one by its name.")
    releases.require(places, record.former)
    if not record.is_compatible and not restore_database:
        raise NotDone(
            f"Release {record.former} cannot work with the database as it is. --restore-database puts back the dump"
            f" {record.dump}: what was written since then is lost. Nothing was changed."
        )
    former = Switch(places, record.former, record.release, [])
    if restore_database and record.dump:
        with _programs_stopped(places):
            database.restore(places, Path(record.dump))
            releases.use(places, record.former)
    _put_in_use(former)
    Record(record.former, record.release, is_checked=True).write(places)
    _say(f"Release {record.former} is in use again.")


def _running(places: Places) -> str:
    """Return the release that programs run with; before they are set up there is nothing to take care of."""
    return releases.in_use(places) if places.apply.exists() else ""


def _announce(change: Switch) -> None:
    if change.pending:
        _say(f"Release {change.name} migrates: {', '.join(one.name for one in change.pending)}.")
    if irreversible := [one.name for one in change.pending if not one.is_reversible]:
        _say(f"These migrations cannot be undone, except by the dump made before them: {', '.join(irreversible)}.")


def _carry_out(change: Switch) -> None:
    places, before = change.places, change.before
    dump = str(database.dump(places, f"before-{change.name}")) if change.former and change.pending else ""
    record = Record(change.name, change.former, is_compatible=not change.is_breaking, dump=dump)
    if not change.pending and before is not None and before.release == change.name:
        record = replace(before, is_checked=False)
    if change.is_breaking:
        with _programs_stopped(places):
            _migrate(change, record)
            _link(change, record)
            _try_pages(change, record)
    else:
        _migrate(change, record)
        _link(change, record)
    try:
        _put_in_use(change)
    except NotDone as error:
        _go_back(change, record, error)
    replace(record, is_checked=True).write(places)
    _say(f"Release {change.name} is in use.")


def _migrate(change: Switch, record: Record) -> None:
    if change.former and not change.pending:
        return
    try:
        database.migrate(change.places, change.folder)
    except NotDone as error:
        if change.is_breaking:
            database.restore(change.places, Path(record.dump))
        kept = f" Release {change.former} stays in use." if change.former else ""
        raise NotDone(f"The database cannot be migrated for release {change.name}.{kept}\n{error}") from error


def _try_pages(change: Switch, record: Record) -> None:
    """Start the pages alone: as long as nothing is received, nothing is lost where the dump must be put back."""
    try:
        run([change.places.supervisorctl, "start", *PAGES])
        health.check_pages(change.places)
    except NotDone as error:
        _go_back(change, record, error)


def _link(change: Switch, record: Record) -> None:
    record.write(change.places)
    if change.former:
        releases.keep_files_of_open_pages(change.places, change.former, change.name)
    releases.use(change.places, change.name)


def _put_in_use(change: Switch) -> None:
    """Let the programs run with the release and see whether they do their work."""
    releases.use(change.places, change.name)
    if change.places.apply.exists():
        run([change.places.apply])
        health.check(change.places)


def _go_back(change: Switch, record: Record, why: NotDone) -> None:
    """Return to the former release, and to its database where it needs that; always raises."""
    places = change.places
    if not change.former:
        raise NotDone(f"Release {change.name} does not work, and there is none to return to.\n{why}") from why
    _say(f"Release {change.name} does not work; going back to {change.former}.")
    try:
        if record.is_compatible:
            releases.use(places, change.former)
        else:
            with _programs_stopped(places):
                database.restore(places, Path(record.dump))
                releases.use(places, change.former)
        run([places.apply])
        health.check(places)
    except NotDone as error:
        raise NotDone(
            f"Release {change.name} does not work, nor does the way back to {change.former}:\n{error}\n"
            f"It began with:\n{why}"
        ) from error
    before = change.before
    if before is None or before.release != change.former:
        before = Record(change.former, is_checked=True)
    before.write(places)
    raise NotDone(f"Release {change.name} does not work. Release {change.former} is in use again.\n{why}") from why


@contextmanager
def _programs_stopped(places: Places) -> Iterator[None]:
    """Stop every program, and start them again however it ends; only Supervisor, which may stand still, can do both."""
    run([places.systemctl, "start", "supervisor"])
    health.wait(places, lambda: run([places.supervisorctl, "pid"]))
    words = run([places.supervisorctl, "avail"]).split()
    names = [word for word in words if word.startswith("noctis-")]
    run([places.supervisorctl, "stop", *names])
    try:
        yield
    finally:
        run([places.supervisorctl, "start", *names])


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()

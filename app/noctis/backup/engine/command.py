"""``noctis-backup``: what operators and timers call."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timezone
from typing import Final

from noctis.backup.engine.drill import drill
from noctis.backup.engine.making import back_up, back_up_journal, check, prepare, tidy_up
from noctis.backup.engine.moments import asked_for, now
from noctis.backup.engine.plan import BackupError, Plan
from noctis.backup.engine.restic import Restic
from noctis.backup.engine.restoring import chosen, restore
from noctis.backup.engine.runs import change_state, say
from noctis.backup_state import Run


def parser(program: str) -> argparse.ArgumentParser:
    """Return the commands and their options."""
    found = argparse.ArgumentParser(prog=program, description="Make, check, rehearse and restore backups.")
    commands = found.add_subparsers(dest="command", required=True, metavar="COMMAND")
    commands.add_parser("prepare", help="make the repository where there is none")
    commands.add_parser("now", help="take a backup")
    commands.add_parser("nightly", help="take a backup, forget old ones, check the repository")
    commands.add_parser("journal", help="bring the list of what was received to safety")
    commands.add_parser("list", help="show the snapshots")
    commands.add_parser("check", help="check the repository's structure and a part of its data")
    commands.add_parser("verify", help="read everything: the repository's data, and every file against its SHA-256")
    commands.add_parser("safe", help="show what belongs into the operator's safe")
    rehearse = commands.add_parser("drill", help="rehearse a restore and write a certificate")
    rehearse.add_argument("snapshot", nargs="?", default="latest")
    rehearse.add_argument("--all", action="store_true", help="compare every image, not a sample")
    back = commands.add_parser("restore", help="restore a snapshot; the programs of Noctis must be stopped")
    back.add_argument("snapshot", nargs="?", default="latest")
    back.add_argument(
        "--to", metavar="TIME", help="what there was at this moment: 2026-03-01T12:00, in the site's time"
    )
    back.add_argument("--overwrite-newer", action="store_true", help="also where this server has newer data")
    return found


def execute(plan: Plan, arguments: Sequence[str], program: str = "noctis-backup") -> int:
    """Carry out one command and return its exit code."""
    options = parser(program).parse_args(arguments)
    try:
        _execute(plan, options)
    except (BackupError, OSError) as error:
        sys.stderr.write(f"{program}: {error}\n")
        return 1
    return 0


def _execute(plan: Plan, options: argparse.Namespace) -> None:
    if options.command == "drill":
        _tell_drill(drill(plan, options.snapshot, every_file=options.all))
    elif options.command == "restore":
        name, when = chosen(plan, _moment(plan, options.to)) if options.to else (options.snapshot, None)
        restore(plan, name, when, overwrite_newer=options.overwrite_newer)
    else:
        WITHOUT_OPTIONS[options.command](plan)


def _prepare(plan: Plan) -> None:
    if prepare(plan):
        say(f"The repository {plan.repository} is made.")


def _nightly(plan: Plan) -> None:
    _tell_backup(back_up(plan, begins_again=True))
    tidy_up(plan)
    check(plan)


def _check(plan: Plan) -> None:
    check(plan)
    say("The repository has no errors.")


def _verify(plan: Plan) -> None:
    check(plan, "--read-data")
    _tell_drill(drill(plan, every_file=True))


def _tell_backup(run: Run) -> None:
    added, total = (run.figures[name] / 10**6 for name in ("bytes_added", "bytes_total"))
    say(f"Snapshot {run.snapshot}: {total:.1f} MB in {run.figures['files']} files, {added:.1f} MB new, {run.duration}.")


def _tell_drill(run: Run) -> None:
    say(f"The restore of {run.snapshot} was rehearsed; certificate {run.certificate}.")


def _tell_snapshots(plan: Plan) -> None:
    every = Restic(plan, plan.repository).snapshots()
    for one in every:
        say(f"{one.short_id}  {one.time.astimezone(timezone.utc):%Y-%m-%d %H:%M:%S} UTC")
    say(f"{len(every)} snapshots in {plan.repository}")


def _tell_safe(plan: Plan) -> None:
    """Print the sheet that a restore on another machine begins with, and remember that it was taken."""
    password = plan.password_file.read_text(encoding="utf-8").strip()
    say(
        f"Keep this sheet in a safe, away from the server. WITHOUT IT NOTHING CAN BE RESTORED, by nobody.\n\n"
        f"  Noctis backups of {plan.host}, {now():%Y-%m-%d}\n"
        f"  Repository: {plan.repository}\n"
        f"  Password:   {password}\n\n"
        "To restore on a new server, put both into its inventory (backup_repository, and backup_given_password in the\n"
        "vault), with the keys that the store itself asks for, and run playbooks/restore.yml. Anybody with this sheet\n"
        "and access to the repository can read everything, patients' data included."
    )
    change_state(plan, lambda state: replace(state, password_taken_at=now()))


def _moment(plan: Plan, text: str) -> datetime:
    try:
        return asked_for(text, plan.schedule.get("time_zone", "UTC"))
    except ValueError as error:
        raise BackupError(f"{text!r} is no time such as 2026-03-01T12:00, or with a zone 2026-03-01T12:00Z.") from error


WITHOUT_OPTIONS: Final[dict[str, Callable[[Plan], object]]] = {
    "prepare": _prepare,
    "now": lambda plan: _tell_backup(back_up(plan)),
    "nightly": _nightly,
    "journal": back_up_journal,
    "list": _tell_snapshots,
    "check": _check,
    "verify": _verify,
    "safe": _tell_safe,
}

"""``noctis-release list | switch RELEASE | rollback | dump | prune``."""

from __future__ import annotations

import argparse
import fcntl
import json
import os
import sys
from pathlib import Path

from noctis_release import database, releases, switching
from noctis_release.places import NotDone, Places

NOT_ROOT = 2


def main(places: Places) -> int:
    """Do what the command line asks for."""
    options = _parser().parse_args()
    if os.geteuid() != 0:
        sys.stderr.write("noctis-release: use sudo.\n")
        return NOT_ROOT
    os.umask(0o022)
    try:
        if options.command == "list":
            _list(places, as_json=options.json)
        else:
            with Path(f"{places.record}.lock").open("w", encoding="utf-8") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                _change(places, options)
    except BlockingIOError:
        sys.stderr.write("noctis-release: another change of the release is going on; wait for its end.\n")
        return 1
    except NotDone as error:
        sys.stderr.write(f"noctis-release: {error}\n")
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="noctis-release", description="The releases of the application here.")
    commands = parser.add_subparsers(dest="command", required=True)
    listing = commands.add_parser("list", help="show the releases, the newest first")
    listing.add_argument("--json", action="store_true", help="for programs")
    switching_to = commands.add_parser("switch", help="migrate, change to a release, check it, go back if it fails")
    switching_to.add_argument("release")
    switching_to.add_argument(
        "--interrupt",
        action="store_true",
        help="stop the programs where the running release cannot work with the migrated database",
    )
    back = commands.add_parser("rollback", help="return to the release that was in use before")
    back.add_argument("--restore-database", action="store_true", help="also put back the dump made before the change")
    commands.add_parser("dump", help="write the database to a file, as before a change")
    pruning = commands.add_parser("prune", help="remove old releases; never the one in use nor the one before it")
    pruning.add_argument("--keep", type=int, default=3, help="how many stay (3)")
    return parser


def _change(places: Places, options: argparse.Namespace) -> None:
    match options.command:
        case "switch":
            switching.switch(places, options.release, may_interrupt=options.interrupt)
        case "rollback":
            switching.roll_back(places, restore_database=options.restore_database)
        case "dump":
            sys.stdout.write(f"{database.dump(places, f'of-{releases.in_use(places)}')}\n")
        case "prune":
            for gone in releases.prune(places, options.keep):
                sys.stdout.write(f"Removed {gone}.\n")


def _list(places: Places, *, as_json: bool) -> None:
    record, used = releases.Record.read(places), releases.in_use(places)
    former = record.former if record else ""
    names = releases.known(places)
    if as_json:
        sys.stdout.write(f"{json.dumps({'in_use': used, 'former': former, 'releases': names})}\n")
        return
    for name in names:
        sys.stdout.write(f"{name}{'  in use' if name == used else '  before it' if name == former else ''}\n")

"""The command line of ``noctisctl``."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final, NoReturn

from noctisctl import delegates
from noctisctl.doctor import DOCTOR, STATUS, Check, look
from noctisctl.findings import Finding, Level, lines, worst
from noctisctl.logs import NoSuchLog, show
from noctisctl.server import FACTS_FILE, Server
from noctisctl.support_bundle import make_bundle

USAGE_ERROR, FAILED = 64, 1
EXIT_CODES: Final = "Exit codes: 0 all is well, 1 somebody should look, 2 something is broken, 64 wrong usage."
_VERDICTS: Final = {
    Level.WELL: "All is well.",
    Level.ATTENTION: "It works; somebody should look at what is marked.",
    Level.PROBLEM: "Something is broken: see what is marked.",
}


class Parser(argparse.ArgumentParser):
    """Ends with another code than “broken” where it is used wrongly."""

    def error(self, message: str) -> NoReturn:
        """Say what is wrong and how it is meant."""
        self.print_usage(sys.stderr)
        self.exit(USAGE_ERROR, f"{self.prog}: {message}\n")


def parser() -> Parser:
    """Return what can be asked for."""
    top = Parser(prog="noctisctl", description="Looks after a Noctis server.", epilog=EXIT_CODES)
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND", parser_class=Parser)
    for name, text in (("status", "whether it works, at a glance"), ("doctor", "what is wrong, and what to do")):
        one = commands.add_parser(name, help=text, description=text.capitalize() + ".", epilog=EXIT_CODES)
        one.add_argument("--json", action="store_true", help="print the findings for a program")
        one.add_argument("--quiet", action="store_true", help="print only what is not well")
    logs = commands.add_parser("logs", help="the last lines that a program logged")
    logs.add_argument(
        "program", nargs="?", default="", help="such as web, dicom, worker, nginx, postgresql; default: ours"
    )
    logs.add_argument("--lines", "-n", type=int, default=50, help="how many lines")
    logs.add_argument("--follow", "-f", action="store_true", help="go on with what comes")
    commands.add_parser("backup", help="back up now").add_argument("arguments", nargs=argparse.REMAINDER)
    commands.add_parser("restore", help="what can be restored, and how")
    commands.add_parser("upgrade", help="which releases there are, and how to get another")
    bundle = commands.add_parser("support-bundle", help="gathers what somebody who helps needs, without patients' data")
    bundle.add_argument("--output", type=Path, default=Path("/root"), metavar="FOLDER", help="where to; default: /root")
    return top


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what was asked for and return the exit code."""
    options = parser().parse_args(arguments)
    if os.geteuid() != 0:
        return _fail("use sudo.")
    try:
        server = Server.read(Path(os.environ.get("NOCTISCTL_FACTS", FACTS_FILE)))
        return carry_out(options, server)
    except (NoSuchLog, delegates.Missing) as error:
        return _fail(str(error))
    except (OSError, ValueError) as error:
        return _fail(f"{error}. If {FACTS_FILE} is damaged, run site.yml again with --tags operator_tools.")


def carry_out(options: argparse.Namespace, server: Server) -> int:
    """Carry out one command."""
    if options.command in {"status", "doctor"}:
        return report(look(server, _checks(options.command)), as_json=options.json, quiet=options.quiet)
    if options.command == "logs":
        show(server, options.program, options.lines, follow=options.follow)
    elif options.command == "backup":
        delegates.become(server, "noctis-backup", options.arguments or ["now"], tag="backup")
    elif options.command == "restore":
        _say(delegates.listing(server, "noctis-backup"), delegates.RESTORE.format(host=server.hostname))
    elif options.command == "upgrade":
        _say(delegates.listing(server, "noctis-release"), delegates.UPGRADE.format(host=server.hostname))
    else:
        path = make_bundle(server, options.output, say=_say)
        _say(f"{path} ({path.stat().st_size // 1024} kB, readable by root alone)")
    return 0


def _checks(command: str) -> tuple[Check, ...]:
    return STATUS if command == "status" else DOCTOR


def report(findings: Iterable[Finding], *, as_json: bool, quiet: bool) -> int:
    """Print findings as they come and return the code of the worst."""
    found = []
    for finding in findings:
        found.append(finding)
        if not as_json and not (quiet and finding.level is Level.WELL):
            _say(*lines([finding]))
    level = worst(found)
    if as_json:
        _say(json.dumps({"level": level.name.lower(), "findings": [one.as_json() for one in found]}, indent=2))
    elif not quiet:
        _say("", _VERDICTS[level])
    return int(level)


def _say(*texts: str) -> None:
    sys.stdout.write("\n".join(texts) + "\n")
    sys.stdout.flush()


def _fail(text: str) -> int:
    sys.stderr.write(f"noctisctl: {text}\n")
    return FAILED

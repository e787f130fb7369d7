"""What the application says of itself."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Final

from noctisctl.findings import Finding, Level, attention, problem, well
from noctisctl.server import NOT_FOUND, Server

SECONDS: Final = 90.0


def application(server: Server) -> Iterator[Finding]:
    """Let the application look at its queues, alerts, backups and settings."""
    done = server.run(["noctis-manage", "diagnose"], seconds=SECONDS)
    if done.code == NOT_FOUND:
        yield problem("application", "noctis-manage is missing", "Run site.yml again with --tags noctis")
        return
    try:
        found = [_finding(one) for one in json.loads(done.output)]
    except (ValueError, KeyError, TypeError):
        said = (done.errors or done.output).strip().splitlines()
        yield problem(
            "application",
            f"it cannot look at itself: {said[-1] if said else f'exit code {done.code}'}",
            "Is the database there? sudo systemctl status postgresql; sudo noctis-manage check --deploy",
        )
        return
    yield from found


def _finding(one: dict[str, Any]) -> Finding:
    level = Level[str(one["level"]).upper()]
    return Finding(str(one["subject"]), level, str(one["text"]), str(one.get("advice", "")))


def migrations(server: Server) -> Iterator[Finding]:
    """Look whether the database fits the release."""
    done = server.run(["noctis-manage", "migrate", "--check"], seconds=SECONDS)
    if done.is_good:
        yield well("database", "fits the release")
    elif "unapplied" in done.output + done.errors or done.code == 1:
        yield attention(
            "database",
            "it is not at the release's state, or does not answer",
            "sudo noctis-manage migrate --check shows which; an upgrade that was interrupted is finished by running it"
            " again",
        )

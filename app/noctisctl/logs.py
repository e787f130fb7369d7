"""``noctisctl logs``: the last lines of what a program said, or all of them together."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

from noctisctl.server import Server

# Services of the system and where they write.
FILES: Final = {
    "nginx": Path("/var/log/nginx/error.log"),
    "fail2ban": Path("/var/log/fail2ban.log"),
    "postgresql": Path("/var/log/postgresql"),
    "redis": Path("/var/log/redis/redis-server.log"),
    "supervisor": Path("/var/log/supervisor/supervisord.log"),
}


class NoSuchLog(Exception):
    """There is no such program, or it has not written anything yet; the text says what there is."""


def known(server: Server) -> dict[str, Path]:
    """Return the newest log file of each program."""
    own = {path.stem: path for path in sorted(server.logs.glob("*.log"))}
    others = {name: newest for name, path in FILES.items() if (newest := _newest(path)) is not None}
    return {**own, **others}


def _newest(path: Path) -> Path | None:
    if path.is_dir():
        return max(path.glob("*.log"), key=lambda one: one.stat().st_mtime, default=None)
    return path if path.exists() else None


def command(server: Server, program: str, lines: int, *, follow: bool) -> list[str]:
    """Return the command that shows the log of ``program``, of the application's programs where it is empty."""
    found = known(server)
    if program and program not in found:
        raise NoSuchLog(f"No log of {program!r}. There are: {', '.join(sorted(found)) or 'none'}.")
    paths = [found[program]] if program else sorted(server.logs.glob("*.log"))
    if not paths:
        raise NoSuchLog(f"Nothing was logged in {server.logs} yet. Use sudo.")
    return ["tail", f"--lines={lines}", *(["--follow=name"] if follow else []), *map(str, paths)]


def show(server: Server, program: str, lines: int, *, follow: bool) -> None:
    """Become the command that shows the log; raises NoSuchLog."""
    words = command(server, program, lines, follow=follow)
    os.execvp(words[0], words)  # noqa: S606

"""The machine: disks, memory, clock, and what its administrators should know of."""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from noctisctl.findings import Finding, attention, problem, well
from noctisctl.server import Server

LITTLE, VERY_LITTLE = 0.20, 0.10
LITTLE_INODES: Final = 0.05
LITTLE_MEMORY_MB: Final = 200
GIGABYTE: Final = 10**9
_PURGE: Final = "sudo noctis-manage clear_cache frees what can be made again; the page “Capacity” tells what is needed"


def disks(server: Server) -> Iterator[Finding]:
    """Look how much room each file system of the appliance has."""
    seen: set[int] = set()
    for path in (server.data, Path("/var/lib/postgresql"), server.logs, server.releases, Path("/")):
        try:
            device = path.stat().st_dev
            usage = shutil.disk_usage(path)
        except OSError:
            continue
        if device in seen or not usage.total:
            continue
        seen.add(device)
        share = usage.free / usage.total
        words = f"{share:.0%} free of {usage.total / GIGABYTE:.0f} GB below {path}"
        if share < VERY_LITTLE:
            yield problem("disk", f"{words}; when it is full, no image is taken any more", f"Enlarge it. {_PURGE}")
        elif share < LITTLE:
            yield attention("disk", words, f"Plan a larger one. {_PURGE}")
        else:
            yield well("disk", words)
    yield from _inodes(server.data)


def _inodes(path: Path) -> Iterator[Finding]:
    try:
        answer = os.statvfs(path)
    except OSError:
        return
    if answer.f_files and answer.f_favail / answer.f_files < LITTLE_INODES:
        yield problem("disk", f"the file system below {path} has few inodes left", f"Use a larger one. {_PURGE}")


def memory(server: Server) -> Iterator[Finding]:
    """Look how much memory is left."""
    try:
        text = Path("/proc/meminfo").read_text(encoding="utf-8")
    except OSError:
        return
    figures = {line.split(":")[0]: int(line.split()[1]) // 1024 for line in text.splitlines() if line.endswith("kB")}
    available, total = figures.get("MemAvailable", 0), figures.get("MemTotal", 0)
    words = f"{available} of {total} MB available"
    if available < LITTLE_MEMORY_MB:
        yield problem("memory", words, "Look who takes it: ps aux --sort=-rss | head; give the server more memory")
    else:
        yield well("memory", words)


def clock(server: Server) -> Iterator[Finding]:
    """Look whether the clock is kept right: reports and the audit trail carry its times."""
    done = server.run(["timedatectl", "show", "--property=NTPSynchronized", "--value"])
    answer = done.output.strip()
    if answer == "yes":
        yield well("clock", "is synchronised")
    elif answer == "no":
        yield attention(
            "clock",
            "is not synchronised with a time server",
            "timedatectl timesync-status, or chronyc tracking; port 123/udp to a time server must be open",
        )


def restart(server: Server) -> Iterator[Finding]:
    """Tell of security updates that wait for a restart."""
    if Path("/run/reboot-required").exists():
        yield attention(
            "updates",
            "an installed update takes effect after a restart only",
            "Restart in a quiet hour: sudo systemctl reboot. Modalities send again what was not acknowledged",
        )


def secrets(server: Server) -> Iterator[Finding]:
    """Look whether anybody else may read the secrets."""
    try:
        files = [path for path in server.secrets.rglob("*") if path.is_file()]
        files += (server.configuration / "tls").glob("*.key")
        shown = [path for path in files if path.stat().st_mode & stat.S_IROTH]
    except OSError:
        return
    if shown:
        yield problem(
            "secrets",
            f"everybody on this server may read {', '.join(map(str, shown))}",
            "Run site.yml again, which sets the permissions; then change what was readable: rotate_secrets.yml",
        )
    elif files:
        yield well("secrets", "are readable by root and the application alone")

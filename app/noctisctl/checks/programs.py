"""The programs of the application, and the services that they need."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from noctisctl.findings import Finding, attention, problem, well
from noctisctl.server import Server

MANY_FILES: Final = 0.8
PREFIX: Final = "noctis-"


def program_states(server: Server) -> dict[str, str]:
    """Return the state of each program under supervisor, such as RUNNING; empty where supervisor does not answer."""
    found = {}
    for line in server.run(["supervisorctl", "status"]).output.splitlines():
        words = line.split()
        if len(words) > 1 and words[0].startswith(PREFIX):
            found[words[0]] = words[1]
    return found


def programs(server: Server) -> Iterator[Finding]:
    """Look whether every program runs."""
    states = program_states(server)
    if not states:
        yield problem(
            "programs",
            "supervisor does not tell of any program",
            "sudo systemctl restart supervisor; if that fails: journalctl -u supervisor -n 50",
        )
    for name, state in states.items():
        if state == "RUNNING":
            yield well(name, "runs")
        elif state == "STARTING":
            yield attention(name, "is being started", "Ask again in a few seconds.")
        else:
            yield problem(
                name,
                f"does not run ({state.lower()})",
                f"Read why: sudo noctisctl logs {name.removeprefix(PREFIX)}; then: sudo supervisorctl start {name}",
            )


def services(server: Server) -> Iterator[Finding]:
    """Look whether the services of the system run."""
    for name in server.services:
        state = server.run(["systemctl", "is-active", name]).output.strip() or "unknown"
        if state == "active":
            yield well(name, "is active")
        else:
            yield problem(
                name, f"is {state}", f"sudo systemctl restart {name}; if that fails: journalctl -u {name} -n 50"
            )
    failed = [line.split()[0] for line in _failed_units(server) if line.split()]
    if failed:
        yield attention(
            "systemd",
            f"failed units: {', '.join(failed)}",
            f"systemctl status {failed[0]}; once it is cured: sudo systemctl reset-failed",
        )


def _failed_units(server: Server) -> list[str]:
    command = ["systemctl", "list-units", "--failed", "--plain", "--no-legend", "--no-pager"]
    done = server.run(command)
    return done.output.splitlines() if done.is_good else []


def open_files(server: Server) -> Iterator[Finding]:
    """Look how many of the files that they may open the programs have open."""
    for name in program_states(server):
        number = server.run(["supervisorctl", "pid", name]).output.strip()
        if not number.isdigit() or number == "0":
            continue
        opened, limit = _files(Path("/proc") / number)
        if limit and opened > limit * MANY_FILES:
            yield problem(
                "open files",
                f"{name} has {opened} of {limit} files open",
                f"sudo supervisorctl restart {name}; if it comes back, raise supervisor_open_files in the inventory"
                " and run site.yml",
            )


def _files(process: Path) -> tuple[int, int]:
    """Return how many files a process has open and how many it may have; 0 where it is gone."""
    try:
        limits = (process / "limits").read_text(encoding="utf-8")
        opened = len(list((process / "fd").iterdir()))
    except OSError:
        return 0, 0
    soft = next((line.split()[3] for line in limits.splitlines() if line.startswith("Max open files")), "0")
    return opened, int(soft) if soft.isdigit() else 0


def release(server: Server) -> Iterator[Finding]:
    """Look which release is in use."""
    if not (server.current / "app").is_dir():
        yield problem(
            "release",
            f"{server.current} leads to no release",
            "Run site.yml again from the controller, or switch to an earlier release: sudo noctisctl upgrade",
        )
        return
    yield well("release", server.current.resolve().name)

"""``noctisctl status`` and ``noctisctl doctor``: looking at everything, in a sensible order."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Final

from noctisctl.checks import answers, application, machine, programs
from noctisctl.findings import Finding, attention
from noctisctl.server import Server

Check = Callable[[Server], Iterable[Finding]]

# What answers within a second or two, for a glance and for a monitoring program.
STATUS: Final[tuple[Check, ...]] = (
    programs.release,
    programs.services,
    programs.programs,
    answers.pages,
    answers.dicom,
    answers.certificate,
    machine.disks,
)
DOCTOR: Final[tuple[Check, ...]] = (
    *STATUS,
    answers.echo,
    programs.open_files,
    answers.firewall,
    machine.memory,
    machine.clock,
    machine.restart,
    machine.secrets,
    application.migrations,
    application.application,
)


def look(server: Server, checks: Iterable[Check]) -> Iterator[Finding]:
    """Carry out ``checks``; one that cannot read what it needs says so and does not end the others."""
    for check in checks:
        try:
            yield from check(server)
        except PermissionError as error:
            yield attention(check.__name__, f"{error.filename} may not be read", "Use sudo.")

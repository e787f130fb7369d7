"""``backup``, ``restore`` and ``upgrade``: what other programs do, and what is started from the controller."""

from __future__ import annotations

import os
import shutil
from typing import Final

from noctisctl.server import Server

RESTORE: Final = """\
A restore is carried out from the machine that runs Ansible, because it also prepares a new server:

    ansible-playbook -i inventory/<your site> playbooks/restore.yml --limit {host}

It restores the last snapshot; -e restore_to=2026-03-01T12:00 restores what there was then. Where this server has newer
images or reports it refuses. “Disaster recovery by the clock” in operations.md tells what to do meanwhile.
The snapshots that can be restored: sudo noctis-backup list"""
UPGRADE: Final = """\
An upgrade is carried out from the machine that runs Ansible, with the newer release of this repository or its bundle:

    ansible-playbook -i inventory/<your site> playbooks/upgrade.yml --limit {host}

It backs up, migrates, switches, checks, and goes back by itself where the check fails.
To go back to the release before by hand, on this server: sudo noctis-release rollback"""


class Missing(Exception):
    """The program that would do it is not installed; the text says how it gets here."""


def become(server: Server, program: str, arguments: list[str], *, tag: str) -> None:
    """Become ``program``; raises Missing where it is not installed."""
    path = shutil.which(program, path=server.path)
    if path is None:
        raise Missing(f"{program} is not installed. Run site.yml again with --tags {tag}.")
    os.execv(path, [program, *arguments])  # noqa: S606


def listing(server: Server, program: str) -> str:
    """Return what ``program list`` prints, or why it does not."""
    done = server.run([program, "list"], seconds=120)
    return done.output.rstrip() if done.is_good else f"({(done.errors or done.output).strip()})"

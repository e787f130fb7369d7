#!/usr/bin/env python3
"""Run a program; when it ends, or this one is told to end or is orphaned, end everything that it has started.

    scripts/run_contained.py PROGRAM [ARGUMENT …]

Sessions of their own are no way out: Linux hands the orphans among its descendants to this process. Ends with the
program's exit code.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import sys
import time
from pathlib import Path
from types import FrameType

PR_SET_PDEATHSIG, PR_SET_CHILD_SUBREAPER = 1, 36
PATIENCE_SECONDS = 5.0
PAUSE_SECONDS = 0.05
NOT_STARTED = 127


SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


class Told(Exception):
    """This process was told to end, by a signal."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.exit_code = 128 + number


def main() -> int:
    """Do what the module says."""
    take_orphans()
    try:
        for number in SIGNALS:
            signal.signal(number, _told)
        return wait_for(os.posix_spawnp(sys.argv[1], sys.argv[1:], os.environ))
    except Told as told:
        return told.exit_code
    except OSError as error:
        sys.stderr.write(f"{sys.argv[1]}: {error.strerror}\n")
        return NOT_STARTED
    finally:
        for number in SIGNALS:
            signal.signal(number, signal.SIG_IGN)
        end_descendants()


def take_orphans() -> None:
    """Ask Linux for the orphans among the descendants, and for SIGTERM when the caller is killed."""
    prctl = ctypes.CDLL(None).prctl
    prctl(PR_SET_CHILD_SUBREAPER, 1)
    prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def _told(number: int, _frame: FrameType | None) -> None:
    for later in SIGNALS:  # one that comes with it must not keep the descendants from being ended
        signal.signal(later, signal.SIG_IGN)
    raise Told(number)


def wait_for(program: int) -> int:
    """Return the exit code of a child; orphans that end before it are forgotten."""
    while True:
        pid, status = os.wait()
        if pid == program:
            code = os.waitstatus_to_exitcode(status)
            return 128 - code if code < 0 else code


def end_descendants() -> None:
    """Ask every descendant to end, and kill those that do not within a while."""
    asked: set[int] = set()
    kill_at = time.monotonic() + PATIENCE_SECONDS
    while found := descendants():
        is_late = time.monotonic() > kill_at
        for pid in found if is_late else found - asked:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL if is_late else signal.SIGTERM)
        asked |= found
        time.sleep(PAUSE_SECONDS)
        with contextlib.suppress(ChildProcessError):
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass


def descendants() -> set[int]:
    """Return the process ids of everything below this process."""
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):  # it has ended meanwhile
            # The name, in brackets, may hold anything; the state and the parent follow it.
            parent = int(entry.read_text(errors="replace").rpartition(")")[2].split()[1])
            children.setdefault(parent, []).append(int(entry.parent.name))
    found: set[int] = set()
    new = children.get(os.getpid(), [])
    while new:
        found.update(new)
        new = [child for pid in new for child in children.get(pid, [])]
    return found


if __name__ == "__main__":
    sys.exit(main())

"""Become a program that ends when its parent ends, even when the parent is killed.

Called as ``die_with_parent.py PARENT_PID COMMAND …``. Uses only the standard library: it costs milliseconds.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1


def main() -> None:
    """Ask the kernel (Linux) for SIGTERM at the parent's death, then become the command."""
    parent, command = int(sys.argv[1]), sys.argv[2:]
    prctl = getattr(ctypes.CDLL(None), "prctl", None)
    if prctl is not None:
        prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != parent:  # it died before the kernel was asked
        sys.exit(1)
    os.execv(command[0], command)  # noqa: S606  (the command comes from the parent, no shell is involved)


if __name__ == "__main__":
    main()

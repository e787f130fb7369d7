"""Run a program in a network of its own, in which it reaches itself and nobody else.

    python -m tests.support.own_network COMMAND…

A browser gives up what it is loading when the machine's network changes, as it does whenever a container starts or
stops beside the tests. Only root may do that; for others the program runs in the machine's network.
"""

from __future__ import annotations

import ctypes
import os
import subprocess
import sys

CLONE_NEWNET = 0x40000000  # unshare(2)
# Without an interface beside the loopback one a browser takes itself for offline: this one leads nowhere.
INTERFACES = (
    "link set lo up",
    "link add outside type veth peer name nowhere",
    "address add 192.0.2.2/24 dev outside",
    "link set nowhere up",
    "link set outside up",
)


def leave_network() -> None:
    """Leave the machine's network. Raises OSError where that is not allowed."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(CLONE_NEWNET) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    for command in INTERFACES:
        subprocess.run(["ip", *command.split()], check=False)  # it says what it could not do


def main() -> None:
    """Become the program of the command line."""
    try:
        leave_network()
    except PermissionError as error:
        sys.stderr.write(f"The program stays in the machine's network: {error.strerror}.\n")
    os.execvp(sys.argv[1], sys.argv[1:])  # noqa: S606


if __name__ == "__main__":
    main()

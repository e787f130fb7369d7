"""Run a program in a network of its own that has the loopback interface and nothing else.

    python -m tests.support.loopback_only COMMAND…

A browser gives up what it is loading when the machine's network changes, as it does whenever a container starts or
stops beside the tests. Only root may do that; for others the program runs in the machine's network.
"""

from __future__ import annotations

import ctypes
import fcntl
import os
import socket
import struct
import sys

CLONE_NEWNET = 0x40000000  # unshare(2)
SIOCSIFFLAGS = 0x8914  # netdevice(7)
IFF_UP = 0x1


def leave_network() -> None:
    """Leave the machine's network. Raises OSError where that is not allowed."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(CLONE_NEWNET) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        fcntl.ioctl(any_socket, SIOCSIFFLAGS, struct.pack("16sh14x", b"lo", IFF_UP))


def main() -> None:
    """Become the program of the command line."""
    try:
        leave_network()
    except PermissionError as error:
        sys.stderr.write(f"The program stays in the machine's network: {error.strerror}.\n")
    os.execvp(sys.argv[1], sys.argv[1:])  # noqa: S606


if __name__ == "__main__":
    main()

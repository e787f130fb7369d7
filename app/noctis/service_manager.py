"""What a program and the one that keeps it tell each other: sd_notify(3) and sd_listen_fds(3) of systemd.

A program lets its keeper hold its listening sockets. The one that takes its place is given them, so that who connects
in between waits for an answer instead of being refused. Without a keeper nothing of this happens.
"""

from __future__ import annotations

import array
import os
import socket
from typing import Final

FIRST_DESCRIPTOR: Final = 3


class _Given:
    """The sockets that this process was started with and has not used yet; None before they were looked for."""

    sockets: dict[str, socket.socket] | None = None


def is_kept() -> bool:
    """Whether a keeper listens, which may start another process in the place of this one."""
    return bool(os.environ.get("NOTIFY_SOCKET"))


def takes_over() -> bool:
    """Whether this process was started to take the place of one that still runs. Ask before using its sockets."""
    return bool(_given())


def tell_ready() -> None:
    """Tell the keeper that the work has begun; what was given and is not used, nobody shall connect to any more."""
    for name, unused in _given().items():
        unused.close()
        _notify(f"FDSTOREREMOVE=1\nFDNAME={name}")
    _given().clear()
    _notify("READY=1")


def listening_socket(host: str, port: int, backlog: int) -> socket.socket:
    """Return a socket that listens: the one of the process whose place this one takes, or else a new one.

    Raises OSError where the address is taken or not ours.
    """
    name = f"{host}_{port}".replace(":", "-")  # the protocol keeps the colon for itself
    if (given := _given().pop(name, None)) is not None:
        return given
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.create_server((host, port), family=family, backlog=backlog, dualstack_ipv6=host == "::")
    _notify(f"FDSTORE=1\nFDNAME={name}", listener)
    return listener


def _given() -> dict[str, socket.socket]:
    """Return what was given and is not used yet; the variables are meant for this process, not for its children."""
    if _Given.sockets is None:
        _Given.sockets = {}
        is_for_us = os.environ.pop("LISTEN_PID", "") == str(os.getpid())
        count = int(os.environ.pop("LISTEN_FDS", "0"))
        names = os.environ.pop("LISTEN_FDNAMES", "").split(":")
        if is_for_us:
            for number, name in zip(range(FIRST_DESCRIPTOR, FIRST_DESCRIPTOR + count), names, strict=True):
                os.set_inheritable(number, False)
                _Given.sockets[name] = socket.socket(fileno=number)
    return _Given.sockets


def _notify(message: str, *sockets: socket.socket) -> None:
    """Send a message to the keeper, if there is one."""
    if not is_kept():
        return
    address = os.environ["NOTIFY_SOCKET"]
    descriptors = array.array("i", [one.fileno() for one in sockets])
    ancillary = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, descriptors)] if sockets else []
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
        sender.sendmsg([message.encode()], ancillary, 0, f"\0{address[1:]}" if address.startswith("@") else address)

"""TCP ports that nobody uses."""

from __future__ import annotations

import random
import socket
from typing import Final

# Below those that the system gives to outgoing connections (from 32768), which come and go at any moment.
LOWEST: Final = 15_000
HIGHEST: Final = 32_000

_given: set[int] = set()


def free_ports(count: int) -> list[int]:
    """Return ``count`` ports of the loopback interface that are free, each given only once in this process."""
    found: list[int] = []
    while len(found) < count:
        port = random.randint(LOWEST, HIGHEST)  # noqa: S311  (several processes look for ports at once)
        if port not in _given and _is_free(port):
            _given.add(port)
            found.append(port)
    return found


def _is_free(port: int) -> bool:
    with socket.socket() as one:
        try:
            one.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True

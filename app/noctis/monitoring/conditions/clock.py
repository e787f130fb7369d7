"""Whether the clock is right: study times, audit trail and TLS depend on it (Consistent Time, PS3.15 annex F)."""

from __future__ import annotations

import socket
import struct
import time
from contextlib import closing
from pathlib import Path
from typing import Final

from django.conf import settings

from noctis.monitoring.conditions.finding import Finding, too_much, unwatched

PORT: Final = 123
ANSWER_SECONDS: Final = 3.0
PACKET_BYTES: Final = 48
SECONDS_FROM_1900_TO_1970: Final = 2208988800
CLIENT_REQUEST: Final = bytes([0b00_100_011]) + bytes(PACKET_BYTES - 1)  # version 4, client (RFC 5905)
SERVER: Final = 4
UNSYNCHRONISED: Final = 3
TIMESYNCD: Final = Path("/run/systemd/timesync/synchronized")  # touched at each synchronisation
LONGEST_HOURS: Final = 12.0


class NoTime(Exception):
    """A server gave no time; the text says why."""


def clock() -> Finding:
    """Compare the clock with the time servers of the settings, else look when the system last did so."""
    if not settings.NOCTIS_ALERT_TIME_SERVERS:
        return _last_synchronisation()
    troubles = []
    for server in settings.NOCTIS_ALERT_TIME_SERVERS:
        try:
            milliseconds = abs(offset(server)) * 1000
        except NoTime as error:
            troubles.append(f"{server}: {error}")
            continue
        text = f"the clock is {milliseconds:.0f} ms away from the time server {server}"
        return too_much(milliseconds, settings.NOCTIS_ALERT_CLOCK_MILLISECONDS, text)
    return Finding(is_wrong=None, text=f"no time server answers ({'; '.join(troubles)})")


def offset(server: str) -> float:
    """Return by how many seconds a server's clock is ahead of ours (SNTP, RFC 5905). Raises NoTime.

    ``server`` may end with a port, as in ``time.example:1123``.
    """
    host, _, port = server.partition(":") if server.count(":") == 1 else (server, "", "")
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, int(port or PORT), type=socket.SOCK_DGRAM)[0]
        with closing(socket.socket(family, kind, protocol)) as connection:
            connection.settimeout(ANSWER_SECONDS)
            connection.connect(address)
            sent = time.time()
            connection.send(CLIENT_REQUEST)
            answer = connection.recv(PACKET_BYTES)
            came = time.time()
    except (OSError, ValueError) as error:
        raise NoTime("no answer") from error
    if len(answer) < PACKET_BYTES or answer[0] & 7 != SERVER or answer[0] >> 6 == UNSYNCHRONISED:
        raise NoTime("it does not know the time itself")
    received, transmitted = (_seconds(answer[at : at + 8]) for at in (32, 40))
    return ((received - sent) + (transmitted - came)) / 2


def _seconds(stamp: bytes) -> float:
    whole, fraction = struct.unpack("!II", stamp)
    return float(whole - SECONDS_FROM_1900_TO_1970 + fraction / 2**32)


def _last_synchronisation() -> Finding:
    try:
        hours = (time.time() - TIMESYNCD.stat().st_mtime) / 3600
    except OSError:
        return unwatched("no time server is named in the settings, and systemd-timesyncd has not set the clock")
    return too_much(hours, LONGEST_HOURS, f"the clock was set by a time server {hours:.0f} hours ago")

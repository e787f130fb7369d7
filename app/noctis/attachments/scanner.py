"""Asks clamd, ClamAV's daemon, about a file: its INSTREAM command over a local socket (man 8 clamd)."""

from __future__ import annotations

import socket
import struct
from contextlib import suppress
from pathlib import Path
from typing import Final

_CHUNK: Final = 128 * 1024
_SECONDS: Final = 120
_LONGEST_ANSWER: Final = 4096


class Infected(Exception):
    """The file is malicious; the text is the name of what was found."""


class ScannerFailed(Exception):
    """The file could not be scanned; the text says why."""


def scan(path: Path, socket_path: str) -> None:
    """Return when clamd found nothing. Raises Infected or ScannerFailed."""
    try:
        answer = _ask(path, socket_path)
    except OSError as error:
        raise ScannerFailed("The virus scanner does not answer.") from error
    verdict = answer.removeprefix("stream: ")
    if verdict == "OK":
        return
    if verdict.endswith(" FOUND"):
        raise Infected(verdict.removesuffix(" FOUND"))
    if "size limit exceeded" in verdict:
        raise ScannerFailed("The file is larger than the virus scanner takes (StreamMaxLength of clamd).")
    raise ScannerFailed("The virus scanner could not scan the file.")


def _ask(path: Path, socket_path: str) -> str:
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(_SECONDS)
        connection.connect(socket_path)
        with suppress(BrokenPipeError, ConnectionResetError):  # clamd has heard enough: its answer says why
            _send(path, connection)
        return _answer(connection)


def _send(path: Path, connection: socket.socket) -> None:
    connection.sendall(b"zINSTREAM\0")
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            connection.sendall(struct.pack(">I", len(chunk)) + chunk)
    connection.sendall(struct.pack(">I", 0))


def _answer(connection: socket.socket) -> str:
    answer = b""
    while not answer.endswith(b"\0") and len(answer) < _LONGEST_ANSWER:
        part = connection.recv(_LONGEST_ANSWER)
        if not part:
            break
        answer += part
    return answer.rstrip(b"\0").decode("utf-8", "replace").strip()

"""What must be true before anything starts; each failure is one sentence that says what to do."""

from __future__ import annotations

import errno
import fcntl
import os
import socket
from pathlib import Path
from typing import TextIO

from noctis.data_directory import DataDirectory

LOCK_NAME = "noctis.lock"


class CannotStartError(Exception):
    """The appliance cannot start or go on; the text tells the person at the terminal why and what to do."""


def claim_data_directory(data: DataDirectory) -> TextIO:
    """Make the folders and take the lock that keeps a second appliance out; keep the returned file open."""
    try:
        data.create()
        lock = (data.run / LOCK_NAME).open("a+", encoding="utf-8")
        _require_writable(data.root)
    except OSError as error:
        raise CannotStartError(
            f"The data folder {data.root} cannot be used ({error.strerror}). "
            "Make it writable for this user, or choose another one with NOCTIS_DATA_DIR."
        ) from error
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        lock.seek(0)
        process = lock.read().strip() or "unknown"
        lock.close()
        raise CannotStartError(
            f"Noctis already runs on the data folder {data.root} (process {process}). "
            "Stop it first, or choose another folder with NOCTIS_DATA_DIR."
        ) from error
    lock.truncate(0)
    lock.write(f"{os.getpid()}\n")
    lock.flush()
    return lock


def _require_writable(folder: Path) -> None:
    probe = folder / f".probe.{os.getpid()}"
    probe.write_bytes(b"")
    probe.unlink()


def require_free_port(purpose: str, host: str, port: int, variable: str) -> None:
    """Refuse to start when another program listens on ``port``, or when this user may not."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            reason = "is taken by another program" if error.errno == errno.EADDRINUSE else f"cannot be used ({error})"
            raise CannotStartError(
                f"Port {port} for {purpose} {reason}. Free it, or choose another one: make run {variable}=PORT"
            ) from error

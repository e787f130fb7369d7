"""What the running service tells other programs of itself: a file in the data directory that outlives it."""

from __future__ import annotations

import json
import os
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from noctis.data_directory import DataDirectory
from noctis.network.configuration import ServiceConfiguration

NAME: Final = "dicom_service.json"
START_TIME: Final = 21  # among the fields of /proc/PID/stat, counted from zero, see proc(5)
ALL_ADDRESSES: Final = {"0.0.0.0": "127.0.0.1", "::": "127.0.0.1", "": "127.0.0.1"}  # noqa: S104


@dataclass(frozen=True)
class ServiceRecord:
    """A run of the service: where it listens, which process it is and when it began (seconds since 1970).

    ``boot_ticks`` tells the process from a later one with the same number. ``keeper`` says what starts it again.
    """

    ae_title: str
    host: str
    port: int
    tls_port: int | None
    pid: int
    boot_ticks: int
    started_at: float
    keeper: str = ""

    @classmethod
    def of_this_process(cls, configuration: ServiceConfiguration) -> ServiceRecord:
        """Return the record of the service that this process is about to run."""
        return cls(
            ae_title=configuration.ae_title,
            host=configuration.host,
            port=configuration.port,
            tls_port=configuration.tls.port if configuration.tls is not None else None,
            pid=os.getpid(),
            boot_ticks=_boot_ticks(os.getpid()) or 0,
            started_at=time.time(),
            keeper=_keeper(),
        )

    @classmethod
    def read(cls, data: DataDirectory) -> ServiceRecord | None:
        """Return the record of the service that runs, or ran last, in a data directory; None where none ever did."""
        try:
            return cls(**json.loads((data.run / NAME).read_text(encoding="utf-8")))
        except (FileNotFoundError, NotADirectoryError, ValueError, TypeError):
            return None

    @property
    def is_running(self) -> bool:
        """Whether its process lives."""
        return _boot_ticks(self.pid) == self.boot_ticks

    @property
    def reachable_host(self) -> str:
        """The address at which this machine reaches it."""
        return ALL_ADDRESSES.get(self.host, self.host)

    def write(self, data: DataDirectory) -> None:
        """Replace the record of an earlier run."""
        path = data.run / NAME
        part = path.with_suffix(".part")
        part.write_text(json.dumps(asdict(self)), encoding="utf-8")
        part.chmod(0o600)
        part.replace(path)


def _boot_ticks(pid: int) -> int | None:
    """Return when a process began, in clock ticks after the system's start; None where it has ended."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace")
    except OSError:
        return None
    state, *others = text.rpartition(")")[2].split()  # the name of the program, in parentheses, may hold anything
    return None if state == "Z" else int(others[START_TIME - 3])


def _keeper() -> str:
    """Return what stops the program that starts the service again whenever it ends; empty where nothing does."""
    if keeper := os.environ.get("NOCTIS_KEPT_BY"):
        return keeper
    if program := os.environ.get("SUPERVISOR_PROCESS_NAME"):
        group = os.environ.get("SUPERVISOR_GROUP_NAME", program)
        return f"supervisorctl stop {program if group == program else f'{group}:{program}'}"
    return ""

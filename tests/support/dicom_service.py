"""The DICOM service alone, as ``manage.py start_dicom_service`` runs it, with its own data directory and database."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import sqlite3
import subprocess
import sys
import threading
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from io import StringIO
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from django.core.management import call_command

from tests.support.databases import own_database
from tests.support.in_this_process import application_on
from tests.support.ports import free_ports
from tests.support.waiting import wait_for

ROOT = Path(__file__).resolve().parents[2]
MANAGE = ROOT / "app" / "manage.py"
READY = "DICOM service ready"


@dataclass
class DicomService:
    """A service with the facilities NORTH (the default one) and SOUTH, which admits who calls from this host.

    ``environment`` overrides settings. The database is PostgreSQL where the tests have one, else SQLite.
    """

    data_dir: Path
    environment: dict[str, str] = field(default_factory=dict)
    processes: int = 2
    output: list[str] = field(default_factory=list)
    process: subprocess.Popen[str] | None = None
    _reader: threading.Thread | None = None

    def __post_init__(self) -> None:
        """Choose a port."""
        (self.port,) = free_ports(1)

    @property
    def settings(self) -> dict[str, str]:
        """The environment of the service's processes."""
        return {
            **{name: value for name, value in os.environ.items() if not name.startswith("NOCTIS_")},
            "NOCTIS_DATA_DIR": str(self.data_dir),
            "NOCTIS_DICOM_PORT": str(self.port),
            "NOCTIS_DICOM_PROCESSES": str(self.processes),
            **self.environment,
        }

    def prepare(self) -> None:
        """Make the database and the two facilities."""
        if "NOCTIS_DATABASE_URL" not in self.environment:
            self.environment = {**own_database(self.data_dir), **self.environment}
        self.execute(
            "INSERT INTO accounts_facility (code, name, is_default, created_at) VALUES"
            " ('NORTH', 'North hospital', true, '2024-01-01T00:00:00Z'),"
            " ('SOUTH', 'South clinic', false, '2024-01-01T00:00:00Z')"
        )

    def start(self) -> None:
        """Start the service and wait until it accepts."""
        self.process = subprocess.Popen(
            [sys.executable, str(MANAGE), "start_dicom_service", "--skip-checks"],
            env=self.settings,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        self._reader = threading.Thread(target=self._read, args=(self.process,), daemon=True)
        self._reader.start()
        said_before = len(self.output)
        wait_for(
            lambda: self.process.poll() is not None or any(READY in line for line in self.output[said_before:]),  # type: ignore[union-attr]
            "the service's ready line",
            seconds=60,
        )
        assert self.process.poll() is None, f"the service ended:\n{self.said()}"

    def said(self) -> str:
        """Return everything the service printed."""
        return "\n".join(self.output)

    @property
    def pid(self) -> int:
        """The process id of the parent."""
        assert self.process is not None
        return self.process.pid

    def stop(self) -> int:
        """End the service and return its exit code."""
        assert self.process is not None
        if self.process.poll() is None:
            self.process.terminate()
        return self.wait()

    def wait(self, *, seconds: float = 60.0) -> int:
        """Wait for the end of the service and return its exit code."""
        assert self.process is not None
        try:
            return self.process.wait(timeout=seconds)
        finally:
            if self.process.poll() is None:
                self.process.kill()
                self.process.wait()
            assert self._reader is not None
            self._reader.join(timeout=10)

    def kill(self) -> None:
        """Kill the parent and all children at once, as a power cut would."""
        os.killpg(self.pid, signal.SIGKILL)
        self.wait()

    def children(self) -> list[int]:
        """Return the process ids of the children: indexer first, then the acceptors."""
        return sorted(children_of(self.pid))

    def application(self) -> AbstractContextManager[None]:
        """Let this thread's Django work on the service's database and data directory."""
        return application_on(self.settings)

    def manage(self, *arguments: str) -> None:
        """Run a management command there."""
        with self.application():
            call_command(*arguments, stdout=StringIO())

    def run_program(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a management command as a program."""
        command = [sys.executable, str(MANAGE), *arguments, "--skip-checks"]
        return subprocess.run(command, env=self.settings, capture_output=True, text=True, check=False, timeout=120)

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """Return what a query finds in the service's database."""
        with contextlib.closing(self._connect()) as connection, contextlib.closing(connection.cursor()) as cursor:
            cursor.execute(query)
            return list(cursor.fetchall())

    def execute(self, statement: str) -> None:
        """Change the service's database."""
        with contextlib.closing(self._connect()) as connection, contextlib.closing(connection.cursor()) as cursor:
            cursor.execute(statement)
            connection.commit()

    def audit_entries(self, action: str, ae_title: str) -> list[tuple[str, str, dict[str, Any]]]:
        """Return study, address and detail of the audit entries of an action by an application entity."""
        found = self.rows(  # the values are the tests' own words
            "SELECT study_instance_uid, address, detail FROM audit_auditentry"  # noqa: S608
            f" WHERE action = '{action}' AND ae_title = '{ae_title}' ORDER BY id"
        )
        return [
            (study, str(address), json.loads(detail) if isinstance(detail, str) else detail)
            for study, address, detail in found
        ]

    def wait_until_indexed(self, *, seconds: float = 60.0) -> None:
        """Return once everything that was acknowledged has left the spool."""
        ready = self.data_dir / "spool" / "ready"
        wait_for(lambda: not any(ready.iterdir()), f"an empty spool; the service said:\n{self.said()}", seconds=seconds)

    def stored(self) -> dict[str, bytes]:
        """Return the data set's bytes of every indexed instance by its SOP Instance UID."""
        places = self.rows("SELECT sop_instance_uid, path, data_set_offset FROM archive_instance")
        return {uid: (self.data_dir / "storage" / path).read_bytes()[offset:] for uid, path, offset in places}

    def half_received(self) -> list[Path]:
        """Return the files of the spool that were not received to the end."""
        return list((self.data_dir / "spool" / "incoming").iterdir())

    def _connect(self) -> Any:
        if url := self.environment.get("NOCTIS_DATABASE_URL"):
            import psycopg2

            parts = urlsplit(url)
            return psycopg2.connect(
                host=parse_qs(parts.query)["host"][0], user=parts.username, dbname=parts.path.strip("/")
            )
        return sqlite3.connect(self.data_dir / "noctis.sqlite3", timeout=30)

    def _read(self, process: subprocess.Popen[str]) -> None:
        assert process.stdout is not None
        with process.stdout as lines:
            self.output.extend(line.rstrip("\n") for line in lines)


def children_of(pid: int) -> list[int]:
    """Return the process ids of the living children of ``pid``."""
    text = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii")
    return [int(child) for child in text.split()]

"""A complete appliance in its embedded default, started as ``make run`` starts it."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path

from tests.support.databases import own_database
from tests.support.ports import free_ports
from tests.support.waiting import wait_for

ROOT = Path(__file__).resolve().parents[2]
APP = ROOT / "app"
DIE_WITH_PARENT = APP / "noctis" / "operations" / "embedded" / "die_with_parent.py"
ROLES = ("administrator", "radiologist", "facility_user", "technician")
FACILITIES = ("NORTH", "SOUTH")


@dataclass(frozen=True)
class Account:
    """Somebody who can sign in."""

    username: str
    password: str
    role: str
    facility: str


def _accounts() -> dict[tuple[str, str], Account]:
    wanted = [("administrator", ""), ("radiologist", ""), ("radiologist", "NORTH"), ("", "NORTH")]
    wanted += [(role, facility) for facility in FACILITIES for role in ROLES]
    return {
        (role, facility): Account(
            username="-".join(filter(None, (facility.lower(), role or "roleless"))),
            password=secrets.token_urlsafe(16),
            role=role,
            facility=facility,
        )
        for role, facility in wanted
    }


@dataclass
class Appliance:
    """A running embedded appliance with two facilities, a modality of each, and an account per role and facility.

    Radiologists are two.
    The modalities' AE titles are ``NORTH_CT`` and ``SOUTH_CT``.
    """

    data_dir: Path
    environment: dict[str, str] = field(default_factory=dict)
    ae_title: str = "NOCTIS_PACS"
    output: list[str] = field(default_factory=list)
    users: dict[tuple[str, str], Account] = field(default_factory=_accounts)

    def __post_init__(self) -> None:
        """Choose free ports."""
        self.http_port, self.dicom_port = free_ports(2)
        self.process: subprocess.Popen[str] | None = None
        self._drained: threading.Thread | None = None

    @property
    def base_url(self) -> str:
        """The address of the pages, without a slash at the end."""
        return f"http://127.0.0.1:{self.http_port}"

    @property
    def settings(self) -> dict[str, str]:
        """The whole environment of the appliance's processes."""
        return {
            **{name: value for name, value in os.environ.items() if not name.startswith("NOCTIS_")},
            "NOCTIS_DATA_DIR": str(self.data_dir),
            "NOCTIS_HTTP_PORT": str(self.http_port),
            "NOCTIS_DICOM_PORT": str(self.dicom_port),
            "NOCTIS_AE_TITLE": self.ae_title,
            "NOCTIS_SAMPLES": "none",
            "PYTHONPATH": os.pathsep.join((str(APP), str(ROOT))),
            **self.environment,
        }

    def account(self, role: str, facility: str = "") -> Account:
        """Return the account with ``role``; facility users and technicians need a facility (``NORTH`` or ``SOUTH``)."""
        return self.users[role, facility]

    def start(self, *, seconds: float = 60.0) -> None:
        """Start the appliance and wait until it says that it is ready."""
        self.process = subprocess.Popen(
            [
                sys.executable,
                str(DIE_WITH_PARENT),
                str(os.getpid()),
                sys.executable,
                "-m",
                "noctis.operations.embedded",
            ],
            env=self.settings,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
        )
        self._drained = threading.Thread(target=self._drain, args=(self.process,), daemon=True)
        self._drained.start()
        ready = f"Noctis is ready at {self.base_url}/"
        process = self.process
        try:
            wait_for(lambda: ready in self.output or process.poll() is not None, "the ready line", seconds=seconds)
            assert process.poll() is None, "the appliance ended"
        except AssertionError as error:
            self.stop()
            raise AssertionError(f"{error}; it said:\n{self.said()}") from error

    def _drain(self, process: subprocess.Popen[str]) -> None:
        assert process.stdout is not None
        with process.stdout as lines:
            self.output.extend(line.rstrip("\n") for line in lines)

    def require_running(self) -> None:
        """Fail with everything the appliance said if it has ended."""
        code = self.process.poll() if self.process else None
        assert code is None, f"the appliance ended with exit code {code}; it said:\n{self.said()}"

    def said(self) -> str:
        """Return everything the appliance printed."""
        return "\n".join(self.output)

    def stop(self, number: int = signal.SIGTERM) -> int:
        """Stop the appliance and return its exit code."""
        if self.process is None:
            return 0
        if self.process.poll() is None:
            self.process.send_signal(number)
        try:
            code = self.process.wait(timeout=45)
        except subprocess.TimeoutExpired:
            self.process.kill()
            code = self.process.wait()
        if self._drained is not None:
            self._drained.join(timeout=5)
        return code

    def manage(self, *arguments: str) -> str:
        """Run a management command and return what it printed."""
        command = [sys.executable, str(APP / "manage.py"), *arguments]
        done = subprocess.run(command, env=self.settings, capture_output=True, text=True, check=False, timeout=120)
        assert done.returncode == 0, f"{arguments} failed:\n{done.stdout}{done.stderr}"
        return done.stdout

    def fill(self) -> None:
        """Make the facilities, modalities and accounts."""
        people = json.dumps([asdict(account) for account in self.users.values()])
        command = [sys.executable, "-m", "tests.support.fill_appliance"]
        done = subprocess.run(
            command, env=self.settings, input=people, capture_output=True, text=True, check=False, timeout=120
        )
        assert done.returncode == 0, done.stderr

    def send(self, paths: Iterable[Path], *, calling_ae: str = "NORTH_CT", seconds: float = 60.0) -> None:
        """Send files and whole folders with DCMTK as they are, and wait until all are indexed."""
        dcmsend = shutil.which("dcmsend", path="/usr/bin:/usr/local/bin")
        assert dcmsend, "dcmsend is missing; Debian's package dcmtk brings it"
        options = ["--aetitle", calling_ae, "--call", self.ae_title, "--decompress-never", "--no-uid-checks"]
        where = ["127.0.0.1", str(self.dicom_port)]
        done = subprocess.run(
            [dcmsend, *options, "--scan-directories", "--recurse", *where, *map(str, paths)],
            env={**os.environ, "TCP_NODELAY": "1"},
            capture_output=True,
            text=True,
            check=False,
            timeout=seconds,
        )
        assert done.returncode == 0, f"dcmsend failed:\n{done.stdout}{done.stderr}"
        self.wait_until_indexed(seconds=seconds)

    def wait_until_indexed(self, *, seconds: float = 60.0) -> None:
        """Return once everything that was acknowledged has left the spool."""
        ready = self.data_dir / "spool" / "ready"
        wait_for(lambda: not any(ready.iterdir()), "an empty spool", seconds=seconds)


def server_settings(data_dir: Path) -> dict[str, str]:
    """Make a database for a data directory; return the settings that name it and the run's Redis, if it has one."""
    names = ("NOCTIS_REDIS_URL", "NOCTIS_REDIS_PASSWORD")
    redis = {name: os.environ[name] for name in names if name in os.environ}
    return {**redis, **own_database(data_dir)}

"""The command as people run it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.support.dicom_service import READY, children_of
from tests.support.ports import free_ports
from tests.support.waiting import wait_for

PROGRAM = Path(__file__).resolve().parents[3] / "dicom-server"
Done = subprocess.CompletedProcess


class Server:
    """``dicom-server`` on one data directory, in an environment without settings but ``environment``."""

    def __init__(self, data_dir: Path, environment: Mapping[str, str] | None = None) -> None:
        self.data_dir = data_dir
        (self.port,) = free_ports(1)
        outside = {name: value for name, value in os.environ.items() if not name.startswith("NOCTIS_")}
        self.environment = {**outside, **(environment or {})}
        self.output: list[str] = []
        self.process: subprocess.Popen[str] | None = None
        self._reader: threading.Thread | None = None

    def start(self, *options: str) -> None:
        """Start the service in the background and wait until it is ready."""
        self.output.clear()
        self.process = subprocess.Popen(
            [str(PROGRAM), "start", "--data-dir", str(self.data_dir), "--port", str(self.port), *options],
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        process = self.process
        self._reader = threading.Thread(target=self._read, args=(process,), daemon=True)
        self._reader.start()
        wait_for(lambda: process.poll() is not None or READY in self.said(), "the ready line", seconds=60)
        assert process.poll() is None, self.said()

    def run(self, command: str, *options: str, check: bool = True) -> Done[str]:
        """Run another command on the same data directory."""
        done = self.run_freely(command, "--data-dir", str(self.data_dir), *options)
        assert not check or done.returncode == 0, done.stdout + done.stderr
        return done

    def run_freely(self, *arguments: str) -> Done[str]:
        """Run the command with these arguments alone."""
        return subprocess.run(
            [str(PROGRAM), *arguments],
            env=self.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=90,
        )

    def stats(self) -> dict[str, Any]:
        """Return the form for programs."""
        found: dict[str, Any] = json.loads(self.run("stats", "--json", "--verbose").stdout)
        return found

    def said(self) -> str:
        """Return what the service printed."""
        return "\n".join(self.output)

    def processes(self) -> list[int]:
        """Return the process ids of the service."""
        assert self.process is not None
        return [self.process.pid, *children_of(self.process.pid)]

    def end(self) -> int:
        """End the service, if it runs, and return its exit code."""
        assert self.process is not None
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(timeout=60)
        if self._reader is not None:
            self._reader.join(timeout=10)
        return code

    def _read(self, process: subprocess.Popen[str]) -> None:
        assert process.stdout is not None
        with process.stdout as lines:
            self.output.extend(line.rstrip("\n") for line in lines)

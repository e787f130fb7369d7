"""From started processes to the ready line: prepare, wait for the answers, send the samples once, invite."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

from django.conf import settings

from noctis.archive.models import Study
from noctis.operations.embedded.preconditions import CannotStartError
from noctis.operations.embedded.readiness import dicom_answers, wait_until, web_answers
from noctis.operations.embedded.supervisor import Output, Supervisor, run_with_parent
from noctis.operations.preparation import prepare_appliance, set_up_address

MANAGE = Path(__file__).resolve().parents[3] / "manage.py"
SAMPLES_MARKER = "samples-sent"
INDEXING_SECONDS = 120.0


class Start:
    """One start of the appliance."""

    def __init__(self, supervisor: Supervisor, output: Output) -> None:
        """Prepare to start what ``supervisor`` keeps."""
        self._supervisor = supervisor
        self._output = output

    def run(self, *, samples: bool) -> None:
        """Return once the appliance is ready and said so."""
        for line in prepare_appliance():
            self._output.line(line)
        self._supervisor.start()
        self._wait_for_answers()
        marker = settings.NOCTIS_DATA.root / SAMPLES_MARKER
        if samples and not marker.exists() and self._send_samples():
            marker.touch(mode=0o600)
        if address := set_up_address():
            self._output.line(f"Set up the first administrator (once, within two days): {address}")
        self._output.line(f"DICOM: AE title {settings.NOCTIS_AE_TITLE}, port {settings.NOCTIS_DICOM_PORT}")
        self._output.line("Ctrl-C stops Noctis.")
        self._output.line(f"Noctis is ready at http://127.0.0.1:{settings.NOCTIS_HTTP_PORT}/")

    def _wait_for_answers(self) -> None:
        host = settings.NOCTIS_DICOM_HOST if settings.NOCTIS_DICOM_HOST not in {"", "0.0.0.0", "::"} else "127.0.0.1"  # noqa: S104
        port, title = settings.NOCTIS_DICOM_PORT, settings.NOCTIS_AE_TITLE
        failed, failure = self._supervisor.failed, self._failure
        wait_until(lambda: web_answers(settings.NOCTIS_HTTP_PORT), "The web process", failed, failure)
        wait_until(lambda: dicom_answers(host, port, title), "The DICOM process", failed, failure)

    def _failure(self) -> str:
        return self._supervisor.failure

    def _send_samples(self) -> bool:
        """Send the sample studies through the DICOM port and wait until they are listed; say so when it fails."""
        self._output.line("First start: sending sample studies to the DICOM port (NOCTIS_SAMPLES=none leaves them out)")
        sender = run_with_parent((sys.executable, str(MANAGE), "send_samples"), os.environ)
        assert sender.stdout is not None  # noqa: S101  (run_with_parent opens the pipe)
        with sender.stdout as lines:
            for line in lines:
                self._output.line(line.rstrip("\n"), source="sample")
        if sender.wait() != 0:
            self._output.line("The sample studies could not be sent; the next start tries again.")
            return False
        self._wait_for_index()
        self._output.line(f"{Study.objects.count()} studies are in the worklist.")
        return True

    def _wait_for_index(self) -> None:
        deadline = time.monotonic() + INDEXING_SECONDS
        while any(settings.NOCTIS_DATA.ready.iterdir()):
            if self._supervisor.failed.is_set():
                raise CannotStartError(self._supervisor.failure)
            if time.monotonic() > deadline:
                raise CannotStartError(f"Indexing the sample studies took more than {INDEXING_SECONDS:.0f} seconds.")
            time.sleep(0.1)

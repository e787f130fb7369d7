"""``manage.py send_samples``: show what the appliance does, with synthetic studies that arrive as real ones would."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from noctis.operations.sample_sender import SendingError, send_study
from noctis.operations.samples import sample_studies

_EVERY_ADDRESS = {"", "0.0.0.0", "::"}  # noqa: S104  (what the service binds to, not what is called)


class Command(BaseCommand):
    """Sends the sample studies through the appliance's own DICOM port."""

    help = "Send the synthetic sample studies to the DICOM port, one association for each study."

    def add_arguments(self, parser: CommandParser) -> None:
        own_host = "127.0.0.1" if settings.NOCTIS_DICOM_HOST in _EVERY_ADDRESS else settings.NOCTIS_DICOM_HOST
        parser.add_argument("--host", default=own_host, help="where the DICOM service is (default: %(default)s)")
        parser.add_argument("--port", type=int, default=settings.NOCTIS_DICOM_PORT, help="its port")
        parser.add_argument("--called-ae", default=settings.NOCTIS_AE_TITLE, help="its AE title")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            with tempfile.TemporaryDirectory(prefix="noctis-samples-") as folder:
                for study in sample_studies(Path(folder)):
                    self._send(study, options)
        except SendingError as error:
            raise CommandError(str(error)) from error
        except OSError as error:
            raise CommandError(f"The sample studies cannot be written: {error.strerror}.") from error

    def _send(self, study: Path, options: dict[str, Any]) -> None:
        files = sorted(study.iterdir())
        count = send_study(files, host=options["host"], port=options["port"], called_ae_title=options["called_ae"])
        self.stdout.write(f"{study.name}: {count} {'image' if count == 1 else 'images'} sent")

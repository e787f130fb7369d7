"""``manage.py start_dicom_service``: receive images."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from noctis.network.configuration import ServiceConfiguration
from noctis.network.service import ServiceCannotStart, run_service
from noctis.service_manager import tell_ready


class Command(BaseCommand):
    help = "Accept DICOM associations and index what they bring, until SIGTERM or SIGINT."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--host", help="address to listen on (NOCTIS_DICOM_HOST)")
        parser.add_argument("--port", type=int, help="port to listen on (NOCTIS_DICOM_PORT)")
        parser.add_argument("--processes", type=int, help="number of accepting processes (NOCTIS_DICOM_PROCESSES)")

    def handle(self, *args: Any, **options: Any) -> None:
        given = {name: options[name] for name in ("host", "port", "processes") if options[name] is not None}
        configuration = replace(ServiceConfiguration.from_settings(), **given)
        if not 1 <= configuration.port <= 65535:  # noqa: PLR2004
            raise CommandError(f"--port must be from 1 to 65535, not {configuration.port}.")
        if configuration.processes < 1:
            raise CommandError("--processes must be at least 1.")
        where = f"{configuration.host}:{configuration.port}"
        if configuration.tls is not None:
            where += f", with TLS on {configuration.host}:{configuration.tls.port}"
        try:
            run_service(configuration, lambda: self._say(f"DICOM service ready: {configuration.ae_title} on {where}"))
        except ServiceCannotStart as error:
            raise CommandError(str(error)) from error

    def _say(self, line: str) -> None:
        self.stdout.write(line)
        self.stdout.flush()
        tell_ready()

"""``manage.py start_hl7_listener``: take orders from HL7 systems by MLLP."""

from __future__ import annotations

import asyncio
import signal
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from noctis.modality_worklist.hl7_listener import Hl7Listener, ListenerCannotStart, ListenerConfiguration
from noctis.service_manager import tell_ready


class Command(BaseCommand):
    help = (
        "Take ORM^O01 and OMI^O23 orders by MLLP until SIGTERM or SIGINT. NOCTIS_HL7_ENABLED switches it on, "
        "NOCTIS_HL7_HOST and NOCTIS_HL7_PORT say where, NOCTIS_HL7_PEERS who may send."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.NOCTIS_HL7_ENABLED:
            raise CommandError("The HL7 listener is switched off. Set NOCTIS_HL7_ENABLED=true to use it.")
        try:
            asyncio.run(self._serve(ListenerConfiguration.from_settings()))
        except ListenerCannotStart as error:
            raise CommandError(str(error)) from error

    async def _serve(self, configuration: ListenerConfiguration) -> None:
        stop = asyncio.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, stop.set)
        await Hl7Listener(configuration).serve(stop, lambda port: self._say(configuration.host, port))

    def _say(self, host: str, port: int) -> None:
        self.stdout.write(f"HL7 listener ready on {host}:{port}")
        self.stdout.flush()
        tell_ready()

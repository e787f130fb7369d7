"""``manage.py start_hl7_listener``: take orders from HL7 systems by MLLP."""

from __future__ import annotations

import asyncio
import signal
from typing import Any, Final

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from noctis.modality_worklist.hl7_listener import Hl7Listener, ListenerCannotStart, ListenerConfiguration
from noctis.service_manager import is_kept, tell_ready

SWITCHED_OFF: Final = "The HL7 listener is switched off."


class Command(BaseCommand):
    help = (
        "Take ORM^O01 and OMI^O23 orders by MLLP until SIGTERM or SIGINT. NOCTIS_HL7_ENABLED switches it on, "
        "NOCTIS_HL7_HOST and NOCTIS_HL7_PORT say where, NOCTIS_HL7_PEERS who may send."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        # On a server that switches it off, settings change before the program is taken away; a change of the release in
        # between must not fail for it.
        if not settings.NOCTIS_HL7_ENABLED and not is_kept():
            raise CommandError(f"{SWITCHED_OFF} Set NOCTIS_HL7_ENABLED=true to use it.")
        try:
            asyncio.run(self._run())
        except ListenerCannotStart as error:
            raise CommandError(str(error)) from error

    async def _run(self) -> None:
        stop = asyncio.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, stop.set)
        if settings.NOCTIS_HL7_ENABLED:
            configuration = ListenerConfiguration.from_settings()
            ready = f"HL7 listener ready on {configuration.host}"
            await Hl7Listener(configuration).serve(stop, lambda port: self._say(f"{ready}:{port}"))
        else:
            self._say(SWITCHED_OFF)
            await stop.wait()

    def _say(self, line: str) -> None:
        self.stdout.write(line)
        self.stdout.flush()
        tell_ready()

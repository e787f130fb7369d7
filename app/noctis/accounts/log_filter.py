"""Keeps set-up links and shared links out of the logs: Django names the path of a request that it refuses."""

from __future__ import annotations

import logging
import re
from typing import Final

_SECRET_PATH: Final = re.compile(r"(/(?:set-up|shared)/)[^\s/?'\"]+")


class NoSetUpLinks(logging.Filter):
    """Writes ``/set-up/…`` or ``/shared/…`` in place of a link that may still be valid."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Mask the message of ``record``; it is written in any case."""
        message = record.getMessage()
        if "/set-up/" in message or "/shared/" in message:
            record.msg, record.args = _SECRET_PATH.sub(r"\1…", message), None
        return True

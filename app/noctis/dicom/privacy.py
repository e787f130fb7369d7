"""Keeps attribute values, which may name a patient, out of logs and warnings."""

from __future__ import annotations

import logging
import warnings

import pydicom.config


class NoAttributeValues(logging.Filter):
    """Drops what pydicom says, since it quotes values, and what pynetdicom says below an error."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Tell whether ``record`` may be written."""
        library = record.name.partition(".")[0]
        return library != "pydicom" and (library != "pynetdicom" or record.levelno >= logging.ERROR)


def keep_values_out_of_warnings() -> None:
    """Read invalid values as they are: pydicom would print each of them to the error output.

    Its remaining warnings are attributed to whoever called it, so only their category tells them.
    """
    pydicom.config.settings.reading_validation_mode = pydicom.config.IGNORE
    warnings.filterwarnings("ignore", category=UserWarning)

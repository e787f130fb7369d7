"""How an unexpected error is logged: where it happened, without its text, which may hold values of a data set."""

from __future__ import annotations

import logging
import traceback


def log_defect(logger: logging.Logger, error: BaseException) -> None:
    """Log the type of ``error`` and the lines it came through."""
    places = " < ".join(
        f"{frame.filename.rpartition('/')[2]}:{frame.lineno} {frame.name}"
        for frame in reversed(traceback.extract_tb(error.__traceback__))
    )
    logger.error("unexpected %s at %s", type(error).__name__, places)

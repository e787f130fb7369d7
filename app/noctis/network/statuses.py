"""The status of an answer, as pynetdicom takes it from a handler."""

from __future__ import annotations

from enum import IntEnum
from typing import Final

from pydicom.dataset import Dataset

ERROR_COMMENT_LENGTH: Final = 64


def status_of(status: IntEnum, comment: str = "") -> Dataset:
    """Return the status, with an Error Comment where there is something to say (PS3.7 C.4.2)."""
    answer = Dataset()
    answer.Status = int(status)
    if comment:
        answer.ErrorComment = comment[:ERROR_COMMENT_LENGTH]
    return answer

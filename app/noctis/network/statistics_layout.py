"""Where each figure of the service's statistics stands in a file that its writer maps into memory.

All are 64-bit slots of one writer, so that a reader needs no lock: a header, for each service the requests of the last
seconds and a histogram of how long they took, and a row for each application entity. A change of the layout needs a new
``VERSION``: files of another one are not read.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum
from typing import Final

VERSION: Final = 0x4E4F43544953_0001  # “NOCTIS” and a number


class Service(str, Enum):
    """What is counted; the values are keys of the JSON form and do not change."""

    C_ECHO = "c_echo"
    C_STORE = "c_store"
    C_FIND = "c_find"
    C_FIND_WORKLIST = "c_find_worklist"
    C_GET = "c_get"
    C_MOVE = "c_move"
    N_CREATE = "n_create"
    N_SET = "n_set"
    N_ACTION = "n_action"
    N_EVENT_REPORT = "n_event_report"
    C_STORE_SENT = "c_store_sent"
    OTHER = "other"


SERVICES: Final = tuple(Service)
POSITION: Final = {service: position for position, service in enumerate(SERVICES)}

# The header.
AT_VERSION, AT_ACTIVE, AT_ROWS, AT_TOTAL, AT_REJECTED, AT_ABORTED = range(6)
HEADER: Final = 64

# The requests of each second, as second << COUNT_BITS | count, at the second's place in the ring.
RING: Final = 64
COUNT_BITS: Final = 28
WINDOW_SECONDS: Final = 60
AT_RINGS: Final = HEADER

# Durations in microseconds: exact below 64, then 32 classes for each power of two, so that none is wider than 1/32.
CLASS_BITS: Final = 5
CLASSES: Final = 1 << CLASS_BITS
LONGEST_BITS: Final = 40  # 12 days
BUCKETS: Final = (LONGEST_BITS - CLASS_BITS + 1) * CLASSES
AT_HISTOGRAMS: Final = AT_RINGS + len(SERVICES) * RING

# A row: the AE title's sixteen bytes, associations, bytes, and for each service how often and how long.
AT_ADMITTED, AT_ROW_REJECTED, AT_ROW_ABORTED, AT_BYTES_IN, AT_BYTES_OUT = range(2, 7)
AT_ROW_SERVICES: Final = 8
AT_SUCCESS, AT_WARNING, AT_FAILURE, AT_MICROSECONDS = range(4)
SERVICE_SLOTS: Final = 4
ROW: Final = AT_ROW_SERVICES + len(SERVICES) * SERVICE_SLOTS
ROWS: Final = 256  # the first one is for everybody who has none
AT_ROWS_START: Final = AT_HISTOGRAMS + len(SERVICES) * BUCKETS

SLOTS: Final = AT_ROWS_START + ROWS * ROW
SLOT_BYTES: Final = 8
OTHERS: Final = "(other)"


def bucket_of(microseconds: int) -> int:
    """Return the number of the class that a duration belongs to."""
    shortened = min(microseconds, (1 << LONGEST_BITS) - 1)
    shift = max(0, shortened.bit_length() - CLASS_BITS - 1)
    return shift * CLASSES + (shortened >> shift)


def middle_of(bucket: int) -> float:
    """Return the duration in the middle of a class, in microseconds."""
    shift = max(0, bucket // CLASSES - 1)
    return float(((bucket - shift * CLASSES) << shift) + ((1 << shift) - 1) / 2)


def percentile(histogram: Sequence[int], share: float) -> float | None:
    """Return the duration in microseconds that ``share`` of all did not exceed; None where there was none."""
    total = sum(histogram)
    if not total:
        return None
    wanted = max(1, -int(-share * total // 1))
    seen = 0
    for bucket, count in enumerate(histogram):
        seen += count
        if seen >= wanted:
            return middle_of(bucket)
    return middle_of(len(histogram) - 1)


def row_at(row: int) -> int:
    """Return the first slot of a row."""
    return AT_ROWS_START + row * ROW


def service_in_row(row: int, service: Service) -> int:
    """Return the first slot of a service in a row."""
    return row_at(row) + AT_ROW_SERVICES + POSITION[service] * SERVICE_SLOTS

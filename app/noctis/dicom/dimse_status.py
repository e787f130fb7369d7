"""The DIMSE statuses that Noctis answers with (PS3.7 annex C, PS3.4 B.2.3)."""

from __future__ import annotations

from enum import IntEnum


class DimseStatus(IntEnum):
    """Statuses that every DIMSE-C service shares (PS3.7 C)."""

    SUCCESS = 0x0000
    PROCESSING_FAILURE = 0x0110
    SOP_CLASS_NOT_SUPPORTED = 0x0122


class StoreStatus(IntEnum):
    """Statuses of C-STORE (PS3.7 9.1.1.1.9, PS3.4 table B.2-1)."""

    SUCCESS = 0x0000
    PROCESSING_FAILURE = 0x0110
    INVALID_SOP_INSTANCE = 0x0117
    OUT_OF_RESOURCES = 0xA700
    DATA_SET_DOES_NOT_MATCH_SOP_CLASS = 0xA900
    CANNOT_UNDERSTAND = 0xC000

"""The DIMSE statuses that Noctis answers with (PS3.7 annex C, PS3.4 B.2.3, C.4, K.4.1.1.4, F.7.2)."""

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


class FindStatus(IntEnum):
    """Statuses of C-FIND (PS3.4 tables C.4-1 and K.4-2)."""

    SUCCESS = 0x0000
    OUT_OF_RESOURCES = 0xA700
    IDENTIFIER_DOES_NOT_MATCH = 0xA900
    UNABLE_TO_PROCESS = 0xC000
    CANCEL = 0xFE00
    PENDING = 0xFF00
    PENDING_WITH_UNSUPPORTED_KEYS = 0xFF01


class RetrieveStatus(IntEnum):
    """Statuses of C-GET and C-MOVE (PS3.4 tables C.4-2 and C.4-3)."""

    SUCCESS = 0x0000
    OUT_OF_RESOURCES = 0xA701
    NOTHING_SENT = 0xA702
    DESTINATION_UNKNOWN = 0xA801
    IDENTIFIER_DOES_NOT_MATCH = 0xA900
    SOME_NOT_SENT = 0xB000
    UNABLE_TO_PROCESS = 0xC000
    CANCEL = 0xFE00
    PENDING = 0xFF00


class NormalisedStatus(IntEnum):
    """Statuses of the DIMSE-N services (PS3.7 annex C.5)."""

    SUCCESS = 0x0000
    INVALID_ATTRIBUTE_VALUE = 0x0106
    ATTRIBUTE_LIST_ERROR = 0x0107
    PROCESSING_FAILURE = 0x0110
    DUPLICATE_SOP_INSTANCE = 0x0111
    NO_SUCH_SOP_INSTANCE = 0x0112
    INVALID_ARGUMENT_VALUE = 0x0115
    MISSING_ATTRIBUTE = 0x0120
    NO_SUCH_ACTION = 0x0123
    DUPLICATE_TRANSACTION_UID = 0x0131  # a failure reason of storage commitment (PS3.3 C.14.1.1), used as status too
    RESOURCE_LIMITATION = 0x0213


PERFORMED_STEP_IS_OVER = 0xA710  # an Error ID (PS3.4 F.7.2.2.4)

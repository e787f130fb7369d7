"""What each DIMSE status means that Noctis answers with, for the Conformance Statement (PS3.2)."""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntEnum
from typing import Final

from noctis.dicom.dimse_status import DimseStatus, FindStatus, NormalisedStatus, RetrieveStatus, StoreStatus

Meanings = Mapping[IntEnum, str]

STORE: Final[Meanings] = {
    StoreStatus.SUCCESS: "The instance is on disk and cannot be lost any more. Nothing in it was changed.",
    StoreStatus.PROCESSING_FAILURE: "The archive met with an internal error; the instance is not stored.",
    StoreStatus.INVALID_SOP_INSTANCE: "The SOP Instance UID of the command is not a valid UID.",
    StoreStatus.OUT_OF_RESOURCES: "The disk cannot be written or the database does not answer; try again later.",
    StoreStatus.DATA_SET_DOES_NOT_MATCH_SOP_CLASS: "The data set is not the object that the command announced.",
    StoreStatus.CANNOT_UNDERSTAND: "The data set is missing, cut off, or without the UIDs that filing needs.",
}
FIND: Final[Meanings] = {
    FindStatus.SUCCESS: "All matches were sent.",
    FindStatus.PENDING: "A match follows; every key of the request is supported.",
    FindStatus.PENDING_WITH_UNSUPPORTED_KEYS: "A match follows; keys that are not supported are left out of it.",
    FindStatus.CANCEL: "The peer cancelled; no further matches are sent.",
    FindStatus.OUT_OF_RESOURCES: "The database does not answer; try again later.",
    FindStatus.IDENTIFIER_DOES_NOT_MATCH: "The level is missing or not of the model, or a key cannot be understood; the"
    " Error Comment names the key.",
    FindStatus.UNABLE_TO_PROCESS: "The archive met with an internal error.",
}
RETRIEVE: Final[Meanings] = {
    RetrieveStatus.SUCCESS: "Every instance was sent, or nothing matched.",
    RetrieveStatus.PENDING: "Sub-operations go on; sent about once a second with the counts so far.",
    RetrieveStatus.SOME_NOT_SENT: "Some instances were not sent, or were taken with a warning; those that failed are"
    " listed in Failed SOP Instance UID List.",
    RetrieveStatus.OUT_OF_RESOURCES: "The database does not answer; try again later.",
    RetrieveStatus.NOTHING_SENT: "No instance could be sent; they are listed in Failed SOP Instance UID List.",
    RetrieveStatus.DESTINATION_UNKNOWN: "C-MOVE only: the destination is not registered for the caller's facility, has"
    " no address, or is switched off.",
    RetrieveStatus.IDENTIFIER_DOES_NOT_MATCH: "The level is missing or not of the model, or a unique key is missing or"
    " cannot be understood.",
    RetrieveStatus.CANCEL: "The peer cancelled; the counts say what was sent and what remains.",
    RetrieveStatus.UNABLE_TO_PROCESS: "The archive met with an internal error.",
}
PERFORMED_STEP: Final[Meanings] = {
    NormalisedStatus.SUCCESS: "The report is taken.",
    NormalisedStatus.INVALID_ATTRIBUTE_VALUE: "A value cannot be taken; the Error Comment names the attribute.",
    NormalisedStatus.ATTRIBUTE_LIST_ERROR: "Warning: the report is taken; what may be given only once was left as it"
    " was, or a final report lacks something. The Error Comment names it.",
    NormalisedStatus.PROCESSING_FAILURE: "The step is over (with Error ID A710), or the report cannot be read.",
    NormalisedStatus.DUPLICATE_SOP_INSTANCE: "N-CREATE only: a performed step with this UID exists.",
    NormalisedStatus.NO_SUCH_SOP_INSTANCE: "N-SET only: the caller's facility has no performed step with this UID.",
    NormalisedStatus.MISSING_ATTRIBUTE: "N-CREATE only: an attribute of Type 1 is missing; the Error Comment names it.",
    NormalisedStatus.RESOURCE_LIMITATION: "The database does not answer; try again later.",
}
COMMITMENT: Final[Meanings] = {
    NormalisedStatus.SUCCESS: "The request is written down; a report follows.",
    NormalisedStatus.PROCESSING_FAILURE: "The archive met with an internal error.",
    NormalisedStatus.NO_SUCH_SOP_INSTANCE: "The request was not for the well-known instance 1.2.840.10008.1.20.1.1.",
    NormalisedStatus.INVALID_ARGUMENT_VALUE: "Transaction UID or references are missing or not valid; the Error Comment"
    " says which.",
    NormalisedStatus.NO_SUCH_ACTION: "The Action Type was not 1.",
    NormalisedStatus.DUPLICATE_TRANSACTION_UID: "The caller has used the Transaction UID for other instances, or"
    " has its report.",
    NormalisedStatus.RESOURCE_LIMITATION: "The database does not answer; try again later.",
}
ECHO: Final[Meanings] = {DimseStatus.SUCCESS: "Always."}
EVERY_REQUEST: Final[Meanings] = {
    DimseStatus.SOP_CLASS_NOT_SUPPORTED: "The request is of a kind that was not negotiated for its context, or that the"
    " caller may not use.",
}

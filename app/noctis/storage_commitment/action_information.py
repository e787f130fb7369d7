"""What a request for storage commitment must hold (PS3.4 table J.3-1)."""

from __future__ import annotations

from dataclasses import dataclass

from pydicom.dataset import Dataset

from noctis.dicom.attributes import sequence_items, texts
from noctis.dicom.uids import is_valid_uid, without_padding


class MalformedRequest(Exception):
    """The request lacks something or holds what is no UID; the text says what, without the value."""


@dataclass(frozen=True)
class Reference:
    """An instance that a peer wants committed."""

    sop_class_uid: str
    sop_instance_uid: str


@dataclass(frozen=True)
class ActionInformation:
    """The transaction and its instances, each once and in the peer's order."""

    transaction_uid: str
    references: tuple[Reference, ...]


def read_action_information(dataset: Dataset) -> ActionInformation:
    """Return what a peer asks for. Raises MalformedRequest."""
    items = sequence_items(dataset, "ReferencedSOPSequence")
    if not items:
        raise MalformedRequest("Referenced SOP Sequence is missing or empty.")
    references = [
        Reference(_uid(item, "ReferencedSOPClassUID"), _uid(item, "ReferencedSOPInstanceUID")) for item in items
    ]
    return ActionInformation(_uid(dataset, "TransactionUID"), tuple(dict.fromkeys(references)))


def _uid(dataset: Dataset, keyword: str) -> str:
    values = [without_padding(value) for value in texts(dataset, keyword)]
    if not values or values == [""]:
        raise MalformedRequest(f"{keyword} is missing.")
    if len(values) > 1 or not is_valid_uid(values[0]):
        raise MalformedRequest(f"{keyword} must be one UID.")
    return values[0]

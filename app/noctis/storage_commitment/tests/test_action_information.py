"""What a request for storage commitment must hold."""

from __future__ import annotations

import pytest
from pydicom.dataelem import RawDataElement
from pydicom.dataset import Dataset
from pydicom.tag import Tag
from pydicom.uid import UID

from noctis.storage_commitment.action_information import MalformedRequest, Reference, read_action_information


def item(**attributes: object) -> Dataset:
    dataset = Dataset()
    for keyword, value in {"ReferencedSOPClassUID": "1.2.3", "ReferencedSOPInstanceUID": "1.2.4", **attributes}.items():
        setattr(dataset, keyword, value)
    return dataset


def asked(*items: Dataset, transaction: object = "2.25.1") -> Dataset:
    dataset = Dataset()
    dataset.TransactionUID = transaction
    dataset.ReferencedSOPSequence = list(items)
    return dataset


def test_each_instance_counts_once_in_the_order_of_the_request():
    information = read_action_information(
        asked(item(ReferencedSOPInstanceUID="1.2.9"), item(), item(ReferencedSOPInstanceUID="1.2.9"))
    )
    assert information.transaction_uid == "2.25.1"
    assert information.references == (Reference("1.2.3", "1.2.9"), Reference("1.2.3", "1.2.4"))


def test_padding_is_no_part_of_a_uid():
    dataset = asked(item())
    dataset[Tag("TransactionUID")] = RawDataElement(Tag("TransactionUID"), "UI", 8, b"2.25.1\0\0", 0, False, True)
    assert read_action_information(dataset).transaction_uid == "2.25.1"


@pytest.mark.parametrize(
    ("dataset", "complaint"),
    [
        (Dataset(), "Referenced SOP Sequence is missing or empty."),
        (asked(), "Referenced SOP Sequence is missing or empty."),
        (asked(item(), transaction=""), "TransactionUID is missing."),
        (asked(item(), transaction=["1.2", "1.3"]), "TransactionUID must be one UID."),
        (asked(item(ReferencedSOPClassUID="")), "ReferencedSOPClassUID is missing."),
        (asked(item(ReferencedSOPInstanceUID=UID("1." * 40 + "1"))), "ReferencedSOPInstanceUID must be one UID."),
        (asked(item(ReferencedSOPInstanceUID=UID("../../etc"))), "ReferencedSOPInstanceUID must be one UID."),
    ],
)
@pytest.mark.filterwarnings("ignore::UserWarning:pydicom")
def test_what_is_missing_or_no_uid_is_named_without_its_value(dataset: Dataset, complaint: str):
    with pytest.raises(MalformedRequest) as raised:
        read_action_information(dataset)
    assert str(raised.value) == complaint


def test_a_sequence_that_is_none_is_missing():
    dataset = asked(item())
    dataset[Tag("ReferencedSOPSequence")] = RawDataElement(
        Tag("ReferencedSOPSequence"), "LO", 4, b"none", 0, False, True
    )
    with pytest.raises(MalformedRequest, match="Referenced SOP Sequence"):
        read_action_information(dataset)

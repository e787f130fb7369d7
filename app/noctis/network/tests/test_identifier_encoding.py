"""The short way to write an identifier gives the very bytes that pydicom would write."""

from __future__ import annotations

from typing import Any

import pytest
from pydicom import config
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset
from pydicom.uid import UID, DeflatedExplicitVRLittleEndian, ExplicitVRBigEndian
from pynetdicom.dsutils import encode

from noctis.network import identifier_encoding
from noctis.network.identifier_encoding import encode_identifier

IMPLICIT, EXPLICIT = UID("1.2.840.10008.1.2"), UID("1.2.840.10008.1.2.1")


def plain(**changes: Any) -> Dataset:
    dataset = Dataset()
    dataset.QueryRetrieveLevel, dataset.RetrieveAETitle = "STUDY", "NOCTIS_PACS"
    dataset.StudyDate, dataset.StudyTime, dataset.AccessionNumber = "20240102", "030405.5", ""
    dataset.ModalitiesInStudy, dataset.StudyInstanceUID = ["CT", "SR"], "2.25.123"
    dataset.PatientName, dataset.PatientID = "Bench^Mark^^Dr", "A1"
    dataset.add(DataElement("NumberOfStudyRelatedInstances", "IS", "007", validation_mode=config.IGNORE))
    for keyword, value in changes.items():
        setattr(dataset, keyword, value)
    return dataset


def with_sequence() -> Dataset:
    return plain(RequestAttributesSequence=[plain()])


@pytest.mark.parametrize("syntax", [IMPLICIT, EXPLICIT])
@pytest.mark.parametrize(
    "identifier",
    [
        plain(),
        plain(PatientName="", StudyInstanceUID="2.25.12", StudyDescription=None),
        plain(OtherPatientIDs=["1", "", "3"], SOPClassesInStudy=["1.2.3", "1.2"]),
        plain(PatientName="Müller^Ä", SpecificCharacterSet="ISO_IR 100"),
        plain(PatientName="Yamada^Tarou=山田^太郎", SpecificCharacterSet="ISO_IR 192"),
        plain(PatientWeight="70.50", Rows=512),
        with_sequence(),
    ],
)
def test_the_bytes_are_those_of_pydicom(identifier: Dataset, syntax: UID) -> None:
    expected = encode(identifier, syntax.is_implicit_VR, syntax.is_little_endian)

    assert encode_identifier(identifier, syntax) == expected


@pytest.mark.parametrize("syntax", [ExplicitVRBigEndian, DeflatedExplicitVRLittleEndian])
def test_other_transfer_syntaxes_are_left_to_pydicom(syntax: UID) -> None:
    expected = encode(plain(), syntax.is_implicit_VR, syntax.is_little_endian, syntax.is_deflated)

    assert encode_identifier(plain(), syntax) == expected


def test_most_identifiers_go_the_short_way(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(identifier_encoding, "encode", None)

    assert encode_identifier(plain(), IMPLICIT)


def test_nothing_is_no_identifier() -> None:
    with pytest.raises(ValueError, match="cannot be encoded"):
        encode_identifier(Dataset(), IMPLICIT)

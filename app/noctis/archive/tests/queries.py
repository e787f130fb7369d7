"""Identifiers of C-FIND requests and what the index answers to them."""

from __future__ import annotations

from io import BytesIO
from typing import Any

from pydicom.dataset import Dataset
from pydicom.filebase import DicomBytesIO
from pydicom.filereader import read_dataset
from pydicom.filewriter import write_dataset

from noctis.accounts.models import Facility
from noctis.archive.query import seen_by_facility
from noctis.archive.query_attributes import Level
from noctis.archive.query_identifier import Responses, read_identifier
from noctis.archive.tests.factories import ROOT

SR = "1.2.840.10008.5.1.4.1.1.88.11"
UNIQUE_KEYS = {
    "PATIENT": "PatientID",
    "STUDY": "StudyInstanceUID",
    "SERIES": "SeriesInstanceUID",
    "IMAGE": "SOPInstanceUID",
}


def item(**values: Any) -> Dataset:
    dataset = Dataset()
    for keyword, value in values.items():
        setattr(dataset, keyword, value)
    return dataset


def request(level: str = "STUDY", **keys: Any) -> Dataset:
    return item(QueryRetrieveLevel=level, **keys)


def answers(identifier: Dataset, code: str = "NORTH", *, combine_times: bool = False) -> list[Dataset]:
    query = read_identifier(identifier, Level, combine_times=combine_times)
    responses = Responses(identifier, query, retrieve_ae_title="NOCTIS_PACS")
    scope = seen_by_facility(Facility.objects.get(code=code))
    return [responses.identifier(row) for row in query.rows(scope)]


def found(level: str = "STUDY", *, code: str = "NORTH", combine_times: bool = False, **keys: Any) -> str:
    """Return the ends of the unique keys of what was found, below the root of the tests' UIDs, sorted."""
    unique = UNIQUE_KEYS[level]
    matches = answers(request(level, **{unique: "", **keys}), code, combine_times=combine_times)
    return " ".join(sorted(str(match[unique].value).removeprefix(f"{ROOT}.") for match in matches))


def as_received(identifier: Dataset) -> Dataset:
    """Return an identifier as it comes from the network, its values unread."""
    buffer = DicomBytesIO()
    buffer.is_implicit_VR, buffer.is_little_endian = True, True
    write_dataset(buffer, identifier)
    return read_dataset(BytesIO(buffer.getvalue()), is_implicit_VR=True, is_little_endian=True)

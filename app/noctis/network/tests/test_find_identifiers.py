"""Identifiers with any bytes in them: each is read or refused, and what was read can be asked of the database."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from pydicom.dataset import Dataset
from pydicom.uid import UID, ExplicitVRLittleEndian, ImplicitVRLittleEndian
from pynetdicom import evt
from pynetdicom.dimse_primitives import C_FIND
from pynetdicom.dsutils import encode
from pynetdicom.presentation import PresentationContextTuple

from noctis.accounts.models import Facility
from noctis.archive.query import Query, seen_by_facility
from noctis.archive.query_attributes import ATTRIBUTES_AT, Level
from noctis.archive.query_identifier import LevelNotInModel, Responses
from noctis.archive.query_identifier import read_identifier as read_query
from noctis.dicom.matching import InvalidKey
from noctis.network.find_responses import read_identifier
from noctis.network.services import STUDY_ROOT_FIND
from noctis.network.tests.find_peer import identifier

pytestmark = [pytest.mark.django_db, pytest.mark.filterwarnings("ignore::UserWarning")]

VALUES = st.one_of(
    st.sampled_from(["", "*", "?", "20240101-", "-", "1.2.3", "A\\B", "=x", "\\\\", "0", "-5", "1e9"]),
    st.text(max_size=20),
    st.binary(max_size=20).map(lambda value: value.decode("latin-1")),
)


def event(content: bytes, transfer_syntax: str) -> evt.Event:
    request = C_FIND()
    request.MessageID, request.AffectedSOPClassUID, request.Priority = 1, STUDY_ROOT_FIND, 2
    request.Identifier = BytesIO(content)
    context = PresentationContextTuple(1, UID(STUDY_ROOT_FIND), UID(transfer_syntax))
    return evt.Event(None, evt.EVT_C_FIND, {"request": request, "context": context})  # type: ignore[arg-type]


def asked_of_the_database(content: bytes, transfer_syntax: str = ImplicitVRLittleEndian) -> Query | None:
    """Read an identifier and run its query; None where it is refused."""
    try:
        asked = read_identifier(event(content, transfer_syntax))
        query = read_query(asked, Level, combine_times=True)
    except (InvalidKey, LevelNotInModel):
        return None
    Responses(asked, query, retrieve_ae_title="NOCTIS_PACS")
    assert list(query.rows(seen_by_facility(Facility(pk=1)))) == []
    return query


def keys(level: str = "STUDY", **values: str) -> bytes:
    """Encode keys as a peer would whose values are not what their VR allows."""
    dataset = Dataset()
    dataset.QueryRetrieveLevel = level
    for keyword, value in values.items():
        dataset.add_new(keyword, "UT", value)
    dataset.SpecificCharacterSet = "ISO_IR 192"
    return encode(dataset, is_implicit_vr=True, is_little_endian=True) or b""


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from(Level), st.data())
def test_any_value_of_any_key_is_understood_or_refused(level: Level, data: Any) -> None:
    names = data.draw(st.lists(st.sampled_from(sorted(ATTRIBUTES_AT[level])), max_size=4, unique=True))
    asked_of_the_database(keys(level.name, **{name: data.draw(VALUES) for name in names}))


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(0, 120), st.binary(max_size=12), st.sampled_from([ImplicitVRLittleEndian, ExplicitVRLittleEndian]))
@example(8, b"SQ\0\0\xff\xff\xff\xff", ExplicitVRLittleEndian)
def test_any_bytes_are_understood_or_refused(position: int, replacement: bytes, syntax: str) -> None:
    inner = Dataset()
    inner.RequestedProcedureID = "RP1"
    asked = identifier("SERIES", PatientName="Muller^*", StudyDate="2024-", RequestAttributesSequence=[inner])
    content = encode(asked, is_implicit_vr=syntax == ImplicitVRLittleEndian, is_little_endian=True) or b""
    asked_of_the_database(content[:position] + replacement + content[position + len(replacement) :], syntax)


def test_what_is_sound_is_understood() -> None:
    query = asked_of_the_database(keys(PatientName="Müller^*", StudyDate="20240101-"))
    assert query is not None
    assert set(query.criteria) == {"PatientName", "StudyDate"}

"""Each key that the Conformance Statement lists is matched and returned by a running service, and no other is."""

from __future__ import annotations

from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import pytest
from pydicom.dataset import Dataset
from pydicom.tag import Tag
from pynetdicom.dsutils import decode

from noctis.archive.query_attributes import Level
from noctis.archive.tests.factories import image, write
from noctis.modality_worklist.tests.factories import worklist_file
from noctis.network.query_scp import LEVELS
from noctis.network.services import MODALITY_WORKLIST, PATIENT_ROOT_FIND
from noctis.network.tests.find_peer import asking
from noctis.network.tests.test_conformance_statement import table
from tests.support.dicom_service import DicomService
from tests.support.peers import storescu

pytestmark = pytest.mark.integration

MATCH, MATCH_WITHOUT_SOME_KEYS, END = 0xFF00, 0xFF01, 0x0000
NO_SUCH_KEYS = ["PatientReligiousPreference", "ExposureTime", "PixelSpacing"]
# A value that nothing has, by value representation.
ABSENT = {"DA": "19010101", "TM": "235959", "UI": "2.25.4711", "US": 4711, "IS": "4711", "DS": "4711", "PN": "Nobody"}


@dataclass(frozen=True)
class Key:
    """A row of a table of keys; ``inside`` is the sequence in whose item it stands."""

    level: str
    tag: int
    vr: str
    matching: str
    inside: int | None = None

    def added_to(self, asked: Dataset, value: object) -> Dataset:
        """Put the key with a value into an identifier."""
        place = asked
        if self.inside is not None:
            if self.inside not in asked or not asked[self.inside].value:
                asked.add_new(self.inside, "SQ", [Dataset()])
            place = asked[self.inside].value[0]
        place.add_new(self.tag, self.vr, value)
        return asked

    @property
    def is_matched(self) -> bool:
        return self.matching not in {"returned, not matched", "sequence"}


def keys_of(name: str, *, has_levels: bool) -> list[Key]:
    keys, sequence = [], 0
    for row in table(name):
        level, cells = (row[0], row[1:]) if has_levels else ("", row)
        group, element = cells[1].strip("()").split(",")
        tag = int(Tag(int(group, 16), int(element, 16)))
        inside = sequence if cells[0].startswith(">") else None
        keys.append(Key(level, tag, cells[2], cells[-1], inside))
        if cells[2] == "SQ" and inside is None:
            sequence = tag
    return keys


QUERY_KEYS = keys_of("query-keys", has_levels=True)
WORKLIST_KEYS = keys_of("worklist-keys", has_levels=False)


@pytest.fixture(scope="module")
def hospital(service: DicomService, tmp_path_factory: pytest.TempPathFactory) -> DicomService:
    """Give a service with one image and one scheduled step."""
    folder = tmp_path_factory.mktemp("objects")
    assert storescu(service.port, [write(image(), folder / "image.dcm")]).returncode == 0
    worklist_file(folder / "worklist" / "1.wl")
    service.manage("import_worklist", str(folder / "worklist"), "--facility", "NORTH")
    return service


def query_keys(level: Level) -> list[Key]:
    names = {one.name for one in Level if one <= level}
    return [key for key in QUERY_KEYS if key.level in names]


def asked_for(keys: list[Key], level: Level | None) -> Dataset:
    asked = Dataset()
    if level is not None:
        asked.QueryRetrieveLevel = level.name
    for key in keys:
        if key.vr != "SQ":
            key.added_to(asked, None)
        elif key.tag not in asked:
            asked.add_new(key.tag, "SQ", [])
    return asked


def answers(port: int, model: str, asked: Dataset) -> tuple[list[int], list[Dataset]]:
    """Return the statuses and the identifiers of all answers."""
    with asking(port, model) as asker:
        asker.ask(asked)
        got = list(asker.answers())
    found = [decode(one.Identifier or BytesIO(), True, True) for one in got[:-1]]
    return [one.Status or 0 for one in got], found


def test_the_tables_name_every_level() -> None:
    assert {key.level for key in QUERY_KEYS} == {*Level.__members__, "every"}
    assert len(QUERY_KEYS) > 45
    assert len(WORKLIST_KEYS) > 70


@pytest.mark.parametrize("level", Level)
def test_every_key_of_a_query_is_returned(hospital: DicomService, level: Level) -> None:
    keys = query_keys(level) + [key for key in QUERY_KEYS if key.level == "every"]
    keys = [key for key in keys if key.tag != 0x00080005]  # how the answer is written
    asked = asked_for([key for key in keys if key.tag != 0x00080052], level)

    statuses, (found,) = answers(hospital.port, PATIENT_ROOT_FIND, asked)

    assert statuses == [MATCH, END]
    assert {key.tag for key in keys if key.inside is None} - set(found.keys()) <= {0x00080201}  # at study level only


@pytest.mark.parametrize("level", Level)
def test_every_key_of_a_query_is_matched(hospital: DicomService, level: Level) -> None:
    for key in query_keys(level):
        if key.is_matched:
            asked = key.added_to(asked_for([], level), ABSENT.get(key.vr, "ABSENT"))
            assert answers(hospital.port, PATIENT_ROOT_FIND, asked) == ([END], []), key


@pytest.mark.parametrize("level", Level)
def test_other_keys_are_told_to_be_unsupported(hospital: DicomService, level: Level) -> None:
    lower = {one.name for one in Level if one > level}
    below = [key.tag for key in QUERY_KEYS if key.level in lower and key.inside is None]
    for keyword in NO_SUCH_KEYS:
        asked = asked_for([], level)
        setattr(asked, keyword, None)
        statuses, (found,) = answers(hospital.port, PATIENT_ROOT_FIND, asked)
        assert statuses == [MATCH_WITHOUT_SOME_KEYS, END]
        assert keyword not in found
    for tag in below:
        asked = asked_for([], level)
        asked.add_new(tag, "LO", None)
        statuses, (found,) = answers(hospital.port, PATIENT_ROOT_FIND, asked)
        assert statuses == [MATCH_WITHOUT_SOME_KEYS, END], hex(tag)
        assert tag not in found


def test_the_levels_of_the_tables_are_those_of_the_models(tmp_path: Path) -> None:
    documented = {row[0]: row[1].split(", ") for row in table("query-levels")}
    assert len(documented) == 9
    expected = {tuple(level.name for level in sorted(levels)) for levels in LEVELS.values()}
    assert {tuple(levels) for levels in documented.values()} == expected


def test_every_key_of_the_worklist_is_returned(hospital: DicomService) -> None:
    asked = asked_for([key for key in WORKLIST_KEYS if key.inside is None], None)
    for key in WORKLIST_KEYS:
        if key.inside is not None:
            key.added_to(asked, [] if key.vr == "SQ" else None)

    statuses, (found,) = answers(hospital.port, MODALITY_WORKLIST, asked)

    assert statuses == [MATCH, END]
    step = found.ScheduledProcedureStepSequence[0]
    for key in WORKLIST_KEYS:
        assert key.tag in (found if key.inside is None else step), hex(key.tag)


def test_every_key_of_the_worklist_is_matched(hospital: DicomService) -> None:
    for key in WORKLIST_KEYS:
        if key.is_matched:
            asked = key.added_to(asked_for([], None), ABSENT.get(key.vr, "ABSENT"))
            if key.inside is None:
                asked.PatientID = asked.get("PatientID", "P1")
            assert answers(hospital.port, MODALITY_WORKLIST, asked)[0] == [END], key

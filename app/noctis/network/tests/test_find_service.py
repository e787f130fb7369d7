"""Queries while the archive changes, is large or is away; queries that are cancelled or cannot be understood."""

from __future__ import annotations

import struct
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from pydicom.dataset import Dataset

from noctis.archive.tests.factories import ROOT, image, write
from noctis.network.find_responses import LARGEST_IDENTIFIER
from noctis.network.services import PATIENT_STUDY_ONLY_FIND, STUDY_ROOT_FIND
from noctis.network.tests.find_peer import CANCELLED, asking, findscu, found, identifier, written
from tests.support.dicom_service import DicomService
from tests.support.peers import dcmtk, storescu
from tests.support.waiting import wait_for

pytestmark = pytest.mark.integration

MANY = 20_000  # more than are answered while a loaded machine lets the asker wait
# A study like the one that is there, under another UID; the databases count alike.
COPIES = """
    WITH RECURSIVE number(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM number WHERE n < {count})
    INSERT INTO archive_study (study_instance_uid, {columns})
    SELECT '2.25.' || n, {columns} FROM number, archive_study WHERE study_instance_uid = '{original}'
"""


def store(service: DicomService, folder: Path, *objects: Dataset, calling: str = "SENDER") -> None:
    folder.mkdir(exist_ok=True)
    paths = [write(one, folder / f"{number}.dcm") for number, one in enumerate(objects)]
    done = storescu(service.port, paths, calling=calling)
    assert done.returncode == 0, done.stderr


def multiply(service: DicomService, original: str, count: int) -> None:
    """Add studies to the index, without images."""
    from noctis.archive.models import Study

    columns = [field.column for field in Study._meta.concrete_fields]
    others = ", ".join(f"archive_study.{name}" for name in columns if name not in {"id", "study_instance_uid"})
    statement = COPIES.format(count=count, columns=others, original=original)
    service.execute(statement.replace(f"uid, {others}", f"uid, {others.replace('archive_study.', '')}"))


@pytest.fixture(scope="module")
def archive(service: DicomService, tmp_path_factory: pytest.TempPathFactory) -> DicomService:
    """Give a service that knows many studies."""
    store(service, tmp_path_factory.mktemp("objects"), image(PatientID="MANY"))
    service.wait_until_indexed()
    multiply(service, f"{ROOT}.1", MANY - 1)
    return service


def test_a_sender_finds_at_once_what_it_has_just_stored(service, tmp_path):
    for number in range(10, 15):
        store(service, tmp_path, *(image(number, instance=n, PatientID="OWN") for n in range(1, 9)))
        keys = {"level": "IMAGE", "StudyInstanceUID": f"{ROOT}.{number}"}
        assert len(found(service.port, STUDY_ROOT_FIND, tmp_path, **keys).split()) == 8


def test_a_sequence_is_matched_item_by_item(service, tmp_path):
    requested = Dataset()
    requested.RequestedProcedureID, requested.ScheduledProcedureStepID = "RP1", "SPS1"
    stored = image(8, PatientID="R-1", RequestAttributesSequence=[requested])
    assert storescu(service.port, [write(stored, tmp_path / "requested.dcm")], calling="SEQUENCE").returncode == 0
    for step, statuses in (("SPS1", [0xFF00, 0]), ("SPS2", [0]), ("", [0xFF00, 0])):
        inner = Dataset()
        inner.RequestedProcedureID, inner.ScheduledProcedureStepID = "RP?", step
        with asking(service.port) as asker:
            asked = identifier("SERIES", PatientID="R-1", RequestAttributesSequence=[inner])
            assert asker.statuses(asked) == statuses
    query = written(identifier("SERIES", PatientID="R-1", RequestAttributesSequence=[]), tmp_path / "query.dcm")
    done = dcmtk("findscu", "-S", "-aec", "NOCTIS_PACS", "127.0.0.1", str(service.port), str(query))
    assert "[SPS1" in done.stdout + done.stderr


def test_a_database_that_is_away_is_told_and_survived(new_service: Callable[..., DicomService], tmp_path):
    own = new_service()
    store(own, tmp_path, image())
    own.wait_until_indexed()
    own.execute("ALTER TABLE archive_study RENAME TO archive_away")
    with asking(own.port) as asker:
        assert asker.statuses(identifier(PatientID="")) == [0xA700]
        own.execute("ALTER TABLE archive_away RENAME TO archive_study")
        assert asker.statuses(identifier(PatientID="")) == [0xFF00, 0]


def test_dcmtk_cancels_a_query(archive):
    keys = {"QueryRetrieveLevel": "STUDY", "PatientID": "MANY"}
    done = findscu(archive.port, STUDY_ROOT_FIND, "--cancel", "2", calling="CANCELS", query=None, **keys)
    said = done.stdout + done.stderr
    assert "MatchingTerminatedDueToCancelRequest" in said
    assert said.count("Find Response:") < MANY / 4


def test_a_cancellation_is_seen_within_one_response(archive):
    with asking(archive.port, calling="BRAKE") as asker:
        message = asker.ask(identifier(PatientID="MANY"))
        asker.cancel(message)
        statuses = [answer.Status for answer in asker.answers()]
        assert statuses[-1] == CANCELLED
        assert len(statuses) <= 2


def test_a_cancellation_that_comes_too_late_does_not_reach_the_next_request(archive):
    with asking(archive.port) as asker:
        for _ in range(15):
            asker.ask(identifier(StudyInstanceUID="2.25.7"), message_id=7)
            assert [answer.Status for answer in asker.answers()] == [0xFF00, 0]
            asker.cancel(7)
        for message in range(20, 40):  # more than pynetdicom remembers
            asker.cancel(message)
        assert asker.statuses(identifier(StudyInstanceUID="2.25.7")) == [0xFF00, 0]


def test_a_peer_that_goes_away_ends_its_query(archive):
    with asking(archive.port, calling="GONE") as asker:
        asker.ask(identifier(PatientID="MANY"))
        asker.answer()
        asker.association.abort()
    wait_for(lambda: "query of GONE" in archive.said(), "the end of the query")
    (line,) = [line for line in archive.output if "query of GONE" in line]
    assert int(line.split(": ")[-1].split()[0]) < MANY


def test_memory_stays_flat_however_many_matches_there_are(new_service: Callable[..., DicomService], tmp_path):
    own = new_service(processes=1)
    store(own, tmp_path, image())
    own.wait_until_indexed()
    multiply(own, f"{ROOT}.1", 4000)
    (_, acceptor, _) = own.children()
    with asking(own.port) as asker:
        asker.statuses(identifier(StudyInstanceUID="2.25.7"))
        before = peak_memory(acceptor)
        asker.ask(identifier(PatientName="", StudyDate="", ModalitiesInStudy="", StudyInstanceUID=""))
        time.sleep(1)  # a peer that reads nothing for a while
        assert len(list(asker.answers())) == 4002
        assert peak_memory(acceptor) - before < 8 * 1024


def peak_memory(pid: int) -> int:
    """Return the most memory that a process has used, in KiB."""
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    return int(status.partition("VmHWM:")[2].split()[0])


def nested(depth: int) -> bytes:
    """Return a sequence in a sequence in a sequence …, of undefined length."""
    return (
        struct.pack("<HHL", 0x0040, 0x0275, 0xFFFFFFFF) * 1
        + (struct.pack("<HHL", 0xFFFE, 0xE000, 0xFFFFFFFF) + struct.pack("<HHL", 0x0040, 0x0275, 0xFFFFFFFF)) * depth
    )


def element(tag: int, value: bytes, length: int | None = None) -> bytes:
    return struct.pack("<HHL", tag >> 16, tag & 0xFFFF, len(value) if length is None else length) + value


LEVEL = element(0x00080052, b"STUDY ")


@pytest.mark.parametrize(
    ("asked", "status", "comment"),
    [
        (identifier("INSTANCE"), 0xA900, "Query/Retrieve Level"),
        (identifier("PATIENT"), 0xA900, "Query/Retrieve Level"),
        (None, 0xA900, "Query/Retrieve Level"),
        (LEVEL + element(0x00080020, b"tomorrow"), 0xA900, "StudyDate: a date YYYYMMDD"),
        (LEVEL + element(0x00080030, b"99"), 0xA900, "StudyTime: a time"),
        (LEVEL + element(0x0020000D, b"1.2.3/4 "), 0xA900, "StudyInstanceUID: a UID"),
        (LEVEL + element(0x00201206, b"x1"), 0xA900, "NumberOfStudyRelatedSeries: a whole number"),
        (LEVEL + element(0x00100010, b"Muller", 0xFFFFFFF0), 0xA900, "cut off"),
        (LEVEL + element(0x00100010, b"Muller")[:-3], 0xA900, "cut off"),
        (LEVEL[:5], 0xA900, ""),
        (LEVEL + nested(5000), 0xA900, "cannot be read"),
        (LEVEL + element(0x00104000, bytes(LARGEST_IDENTIFIER)), 0xA900, "too long"),
    ],
)
def test_an_identifier_that_cannot_be_understood_gets_a_status(archive, asked, status, comment):
    with asking(archive.port) as asker:
        asker.ask(asked)
        answer = asker.answer()
        assert answer.Status == status
        assert comment in (answer.ErrorComment or "")
        assert len(answer.ErrorComment or "") <= 64
        assert "uller" not in (answer.ErrorComment or "")
        assert asker.statuses(identifier(StudyInstanceUID="2.25.7")) == [0xFF00, 0]  # the association goes on
    assert "Muller" not in archive.said()
    assert "unexpected" not in archive.said()


@pytest.mark.parametrize(
    ("model", "level", "keys", "status"),
    [
        (STUDY_ROOT_FIND, "STUDY", {"PatientComments": ""}, 0xFF01),
        (STUDY_ROOT_FIND, "STUDY", {"Modality": "MR"}, 0xFF01),
        (STUDY_ROOT_FIND, "STUDY", {"TimezoneOffsetFromUTC": "+0900"}, 0xFF00),
        (PATIENT_STUDY_ONLY_FIND, "PATIENT", {"StudyDate": "20200101"}, 0xFF01),
    ],
)
def test_a_key_that_is_not_supported_gets_the_warning_of_the_standard(archive, model, level, keys, status):
    with asking(archive.port, model) as asker:
        statuses = asker.statuses(identifier(level, PatientID="MANY", StudyInstanceUID="2.25.7", **keys))
        assert (statuses[0], statuses[-1]) == (0xFF01 if level == "PATIENT" else status, 0)


def test_a_message_that_does_not_end_is_ended(archive):
    with asking(archive.port) as asker:
        asker.ask(LEVEL + element(0x00104000, bytes(17 * 1024 * 1024)))
        assert asker.association.dimse.get_msg(block=True) == (None, None)
    with asking(archive.port) as asker:
        assert asker.statuses(identifier(StudyInstanceUID="2.25.7")) == [0xFF00, 0]

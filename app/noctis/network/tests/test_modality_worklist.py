"""The modality worklist asked by real peers: DCMTK's findscu, and pynetdicom for what findscu cannot say."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydicom import dcmread
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.sequence import Sequence
from pydicom.uid import ExplicitVRLittleEndian
from pynetdicom import AE, evt
from pynetdicom.association import Association

from noctis.dicom.attributes import person_name_text
from noctis.modality_worklist.tests.factories import STUDY, worklist_file
from noctis.network.answers import keep_answers
from noctis.network.services import MODALITY_WORKLIST
from tests.support.dicom_service import DicomService
from tests.support.peers import Done, dcmtk
from tests.support.ports import free_ports
from tests.support.waiting import wait_for, wait_until_said

pytestmark = pytest.mark.integration

SAMPLES = Path("/usr/share/doc/dcmtk/examples")
# Character sets and a name that each can write (PS3.3 C.12.1.1.2).
NAMES = {
    "ISO_IR 100": "Äneas^Rüdiger",
    "ISO_IR 101": "Wałęsa^Łódź",
    "ISO_IR 109": "Ħal^Ġorġ",
    "ISO_IR 110": "Ķelle^Ģirts",
    "ISO_IR 126": "Διονυσιος",
    "ISO_IR 127": "قباني^لنزار",
    "ISO_IR 138": "שרון^דבורה",
    "ISO_IR 144": "Люкceмбypг",
    "ISO_IR 166": "ทดสอบ^สมมติ",
    "ISO_IR 192": "Wang^XiaoDong=王^小东",
    "GB18030": "Li^Ming=李^明",
    "ISO_IR 13": "ﾔﾏﾀﾞ^ﾀﾛｳ",
    "\\ISO 2022 IR 87": "Yamada^Tarou=山田^太郎=やまだ^たろう",
    "ISO 2022 IR 13\\ISO 2022 IR 87": "ﾔﾏﾀﾞ^ﾀﾛｳ=山田^太郎=やまだ^たろう",
    "\\ISO 2022 IR 149": "Hong^Gildong=洪^吉洞=홍^길동",
    "\\ISO 2022 IR 58": "Zhang^XiaoDong=张^小东",
}
# pydicom writes this character set without its escape sequences.
ENCODED = {"\\ISO 2022 IR 58": b"Zhang^XiaoDong=\x1b$)A\xd5\xc5^\x1b$)A\xd0\xa1\xb6\xab"}


@pytest.fixture(scope="module")
def folder(service: DicomService, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Schedule a step for each name, and one of the other facility; give the folder of their files."""
    folder = tmp_path_factory.mktemp("worklist")
    for number, name in enumerate(NAMES.values(), start=1):
        scheduled(folder / "NOCTIS_PACS", number, PatientName=name)
    service.manage("import_worklist", str(folder), "--facility", "NORTH")
    south = tmp_path_factory.mktemp("south")
    scheduled(south, 99, PatientName="Southern^Sam")
    service.manage("import_worklist", str(south), "--facility", "SOUTH")
    service.manage("add_ae", "SOUTH_CT", "--facility", "SOUTH")
    return folder


def scheduled(folder: Path, number: int, **changes: str) -> None:
    worklist_file(
        folder / f"{number}.wl",
        **{
            "PatientID": f"W{number:02}",
            "StudyInstanceUID": f"{STUDY}.{number}",
            "AccessionNumber": f"A{number}",
            "ScheduledProcedureStepID": f"S{number}",
            "ScheduledProcedureStepStartTime": f"{8 + number // 4:02}{15 * (number % 4):02}",
            "Modality": "MR" if number % 2 else "CT",
            "ScheduledStationAETitle": "MR1" if number % 2 else "CT1",
            **changes,
        },
    )


def query(**keys: object) -> Dataset:
    """Return an identifier that asks for name and ID; keys of the step go into its sequence."""
    asked, inner = Dataset(), Dataset()
    asked.PatientName, asked.PatientID, inner.Modality = "", "", ""
    for keyword, value in keys.items():
        setattr(inner if keyword.startswith("Scheduled") or keyword == "Modality" else asked, keyword, value)
    asked.ScheduledProcedureStepSequence = Sequence([inner])
    return asked


def findscu(
    port: int, asked: Dataset, folder: Path, *options: str, calling: str = "MR1", encoded: bytes = b""
) -> tuple[Done[str], list[Dataset]]:
    """Ask with DCMTK, ``encoded`` in the place of a name of X; return what it says and the responses it wrote."""
    answers = folder / "answers"
    shutil.rmtree(answers, ignore_errors=True)
    answers.mkdir()
    asked.file_meta = FileMetaDataset()
    asked.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    file = folder / "query.dcm"
    asked.save_as(file, implicit_vr=False, little_endian=True)
    if encoded:
        file.write_bytes(file.read_bytes().replace(b"X" * len(encoded), encoded))
    titles = ("-aet", calling, "-aec", "NOCTIS_PACS")
    place = ("127.0.0.1", str(port), str(file))
    done = dcmtk("findscu", "-v", "-W", *titles, "-X", "-od", str(answers), *options, *place)
    return done, [dcmread(path, force=True) for path in sorted(answers.iterdir())]


def found(port: int, asked: Dataset, folder: Path, *, calling: str = "MR1") -> list[str]:
    done, answers = findscu(port, asked, folder, calling=calling)
    assert done.returncode == 0, done.stderr
    return sorted(str(answer.PatientID) for answer in answers)


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        ({}, [f"W{number:02}" for number in range(1, len(NAMES) + 1)]),
        ({"PatientID": "W0?"}, [f"W{number:02}" for number in range(1, 10)]),
        ({"Modality": "CT", "PatientID": "W0*"}, ["W02", "W04", "W06", "W08"]),
        ({"ScheduledStationAETitle": "CT1", "PatientID": "W0*"}, ["W02", "W04", "W06", "W08"]),
        (
            {"ScheduledProcedureStepStartDate": "20260706", "ScheduledProcedureStepStartTime": "-0845"},
            ["W01", "W02", "W03"],
        ),
        ({"ScheduledProcedureStepStartDate": "20260707-"}, []),
        ({"AccessionNumber": "A4"}, ["W04"]),
        ({"StudyInstanceUID": f"{STUDY}.5"}, ["W05"]),
        ({"PatientName": "yamada*"}, ["W13"]),
    ],
)
def test_findscu_finds_what_it_asks_for(service, folder, tmp_path, keys, expected):
    assert found(service.port, query(**keys), tmp_path) == expected


@pytest.mark.parametrize("transfer_syntax", ["-xe", "-xb", "-xi"])
@pytest.mark.parametrize(("character_set", "name"), NAMES.items())
def test_names_are_asked_for_and_answered_in_every_character_set(
    service, folder, tmp_path, character_set, name, transfer_syntax
):
    encoded = ENCODED.get(character_set, b"")
    asked = query(PatientName="X" * len(encoded) or name)
    asked.SpecificCharacterSet = character_set.split("\\")
    done, answers = findscu(service.port, asked, tmp_path, transfer_syntax, encoded=encoded)
    assert done.returncode == 0, done.stderr
    found = [answer for answer in answers if person_name_text(answer, "PatientName") == name]
    assert [declared(answer) for answer in found] == [character_set]


def declared(answer: Dataset) -> str:
    value = answer.SpecificCharacterSet
    return value if isinstance(value, str) else "\\".join(value)


def test_a_modality_of_another_facility_sees_its_own_worklist(service, folder, tmp_path):
    assert found(service.port, query(), tmp_path, calling="SOUTH_CT") == ["W99"]
    assert found(service.port, query(PatientID="W01"), tmp_path, calling="SOUTH_CT") == []
    assert "W99" not in found(service.port, query(), tmp_path)


def test_each_answer_is_audited_by_its_number_without_names(service, folder, tmp_path):
    found(service.port, query(PatientID="W0*"), tmp_path, calling="AUDITED")
    found(service.port, query(PatientID="nobody"), tmp_path, calling="AUDITED")
    assert service.audit_entries("worklist_queried", "AUDITED") == [("", "127.0.0.1", {"steps": 9})]
    wait_until_said(service, "worklist query of AUDITED: 9 steps")
    assert not [name for name in NAMES.values() if name in service.said()]


def test_a_query_is_cancelled_between_two_responses(service, folder, tmp_path):
    done, _ = findscu(service.port, query(), tmp_path, "--cancel", "1")
    assert done.returncode == 0, done.stderr
    assert "Cancel" in done.stderr + done.stdout


@pytest.mark.skipif(not SAMPLES.exists(), reason="Debian's examples of DCMTK are not unpacked here")
def test_wlmscpfs_and_noctis_answer_alike(new_service, tmp_path):
    database = tmp_path / "database" / "NOCTIS_PACS"
    database.mkdir(parents=True)
    shutil.copy(SAMPLES / "wlistdb" / "OFFIS" / "lockfile", database)
    for dump in (SAMPLES / "wlistdb" / "OFFIS").glob("*.dump"):
        dcmtk("dump2dcm", "-g", str(dump), str(database / f"{dump.stem}.wl"))
    noctis = new_service()
    noctis.manage("import_worklist", str(database.parent), "--facility", "NORTH")
    (port,) = free_ports(1)
    command = ["/usr/bin/wlmscpfs", "--data-files-path", str(database.parent), str(port)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as reference:
        try:
            wait_for(
                lambda: dcmtk("echoscu", "-aec", "NOCTIS_PACS", "127.0.0.1", str(port)).returncode == 0, "wlmscpfs"
            )
            asked = sorted((SAMPLES / "wlistqry").glob("*.dump"))
            assert len(asked) > 10
            for dump in asked:
                dcmtk("dump2dcm", "-g", str(dump), str(tmp_path / "query"))
                keys = dcmread(tmp_path / "query", force=True)
                theirs, ours = (answered(one, keys, tmp_path) for one in (port, noctis.port))
                assert differences(ours, theirs) == [], dump.name
        finally:
            reference.terminate()


def answered(port: int, asked: Dataset, folder: Path) -> list[dict[str, str]]:
    """Return the values that answers have, but for the character set and the status, which files lack."""
    done, answers = findscu(port, asked, folder)
    assert done.returncode == 0, done.stderr
    return sorted((values_of(answer) for answer in answers), key=str)


def differences(ours: list[dict[str, str]], theirs: list[dict[str, str]]) -> list[object]:
    """Return what the answers differ in."""
    if len(ours) != len(theirs):
        return [f"{len(ours)} answers, not {len(theirs)}"]
    return [sorted(our.items() ^ their.items()) for our, their in zip(ours, theirs, strict=True) if our != their]


def values_of(item: Dataset, prefix: str = "") -> dict[str, str]:
    values: dict[str, str] = {}
    for element in item:
        name = prefix + element.keyword
        if element.VR == "SQ":
            for inner in element.value or ():
                values |= values_of(inner, f"{name}.")
        elif element.keyword not in {"SpecificCharacterSet", "ScheduledProcedureStepStatus"} and element.value not in (
            None,
            "",
        ):
            values[name] = str(element.value)
    return values


@pytest.fixture
def association(service: DicomService) -> Iterator[Association]:
    entity = AE("MR1")
    entity.add_requested_context(MODALITY_WORKLIST)
    association = entity.associate(
        "127.0.0.1", service.port, ae_title="NOCTIS_PACS", evt_handlers=[(evt.EVT_CONN_OPEN, keep_answers)]
    )
    assert association.is_established
    yield association
    if association.is_established:
        association.release()


def statuses(association: Association, asked: Dataset) -> list[int]:
    return [status.Status for status, _ in association.send_c_find(asked, MODALITY_WORKLIST)]


def test_a_malformed_query_gets_a_status_and_the_association_goes_on(service, folder, association):
    bad = query(ScheduledProcedureStepStartDate="20260706")
    bad.ScheduledProcedureStepSequence[0]["ScheduledProcedureStepStartDate"]._value = "tomorrow"
    (answer,) = association.send_c_find(bad, MODALITY_WORKLIST)
    assert answer[0].Status == 0xA900
    assert answer[0].ErrorComment.startswith("ScheduledProcedureStepStartDate: a date YYYYMMDD")
    two = query()
    two.ScheduledProcedureStepSequence.append(Dataset())
    assert statuses(association, two) == [0xA900]
    assert statuses(association, query(PatientID="W01")) == [0xFF00, 0x0000]


def test_an_unsupported_key_gets_the_warning_of_the_standard(service, folder, association):
    assert statuses(association, query(PatientID="W01", PatientReligiousPreference="")) == [0xFF01, 0x0000]


def test_a_database_that_is_away_is_told_and_survived(new_service, tmp_path):
    own = new_service()
    own.execute("ALTER TABLE modality_worklist_scheduledprocedurestep RENAME TO away")
    done, _ = findscu(own.port, query(), tmp_path)
    assert "Refused: OutOfResources" in done.stderr + done.stdout
    own.execute("ALTER TABLE away RENAME TO modality_worklist_scheduledprocedurestep")
    assert found(own.port, query(), tmp_path) == []

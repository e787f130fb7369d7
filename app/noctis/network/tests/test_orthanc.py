"""Orthanc and Noctis: it sends to us and asks us, and what we answer is what it would answer itself."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from pydicom import dcmread
from pydicom.dataset import Dataset

from noctis.modality_worklist.tests.factories import worklist_file
from noctis.network.tests.retrieve_peers import final_response, movescu
from tests.data.folder import write_mixed_folder
from tests.data.names import NAMED_PATIENTS
from tests.support.dicom_service import DicomService
from tests.support.orthanc import Modality, Orthanc, OrthancRefused, running_orthanc
from tests.support.peers import SentObject, send_raw
from tests.support.waiting import wait_for

pytestmark = [pytest.mark.integration, pytest.mark.filterwarnings("ignore::UserWarning:pydicom")]

# Orthanc's names for what it asks in, and the patients whose names it can then write.
ENCODINGS = {
    "Latin1": "latin-1",
    "Latin2": "latin-2",
    "Cyrillic": "cyrillic",
    "Arabic": "arabic",
    "Greek": "greek",
    "Hebrew": "hebrew",
    "Thai": "thai",
    "Chinese": "gb18030",
    "Korean": "korean",
    "SimplifiedChinese": "chinese",
    "Utf8": "utf-8",
}
QUERIES: dict[str, tuple[str, dict[str, str]]] = {
    "every patient": ("Patient", {"PatientID": "", "PatientSex": "", "PatientBirthDate": ""}),
    "names": ("Patient", {"PatientID": "", "PatientName": "*"}),
    "a name": ("Patient", {"PatientName": "PHANTOM^*"}),
    "every study": ("Study", {"StudyDate": "", "StudyTime": "", "StudyDescription": "", "AccessionNumber": "*"}),
    "two dates": ("Study", {"StudyDate": "20250311-20250315", "PatientName": ""}),
    "until a date": ("Study", {"StudyDate": "-20250312"}),
    "from a date on": ("Study", {"StudyDate": "20250313-"}),
    "a modality": ("Study", {"ModalitiesInStudy": "CT", "NumberOfStudyRelatedInstances": ""}),
    "two modalities": ("Study", {"ModalitiesInStudy": "MR\\US", "NumberOfStudyRelatedSeries": ""}),
    "a question mark": ("Study", {"PatientID": "SYN-000?"}),
    "the series of a patient": ("Series", {"PatientID": "SYN-0001", "Modality": "", "SeriesNumber": ""}),
    "series of a modality": ("Series", {"Modality": "CT", "NumberOfSeriesRelatedInstances": ""}),
    "the instances of a patient": ("Instance", {"PatientID": "SYN-0001", "InstanceNumber": "", "SOPClassUID": ""}),
    "nobody": ("Study", {"PatientID": "NOBODY"}),
}


@pytest.fixture(scope="module")
def orthanc(service: DicomService, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Orthanc]:
    """Give an Orthanc that knows the service and itself."""
    with running_orthanc(tmp_path_factory.mktemp("orthanc") / "files") as orthanc:
        orthanc.know("noctis", Modality("NOCTIS_PACS", service.port))
        orthanc.know("itself", Modality("ORTHANC", orthanc.port))
        address = ("--host", "127.0.0.1", "--port", str(orthanc.port))
        service.manage("add_ae", "ORTHANC", "--facility", "NORTH", *address)
        yield orthanc


@pytest.fixture(scope="module")
def sent(orthanc: Orthanc, service: DicomService, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Let Orthanc send objects of every kind; give the original files by their SOP Instance UID."""
    originals = write_mixed_folder(tmp_path_factory.mktemp("originals"), ct_slices=3)
    orthanc.store("noctis", *[orthanc.upload(path) for path in originals])
    service.wait_until_indexed()
    return {SentObject.read(path).sop_instance_uid: path for path in originals}


@pytest.fixture
def full(orthanc: Orthanc, sent: dict[str, Path]) -> Orthanc:
    """Give an Orthanc that holds everything again, whatever the test before has left."""
    missing = sent.keys() - orthanc.instances().keys()
    for uid in missing:
        orthanc.upload(sent[uid])
    return orthanc


def elements(content: bytes | Path) -> Dataset:
    """Return a data set without what its encoding brings: group lengths and file meta information."""
    dataset = dcmread(BytesIO(content) if isinstance(content, bytes) else content)
    plain = Dataset()
    plain.update({tag: dataset[tag] for tag in dataset.keys() if tag.element})  # noqa: SIM118
    return plain


def stored(service: DicomService) -> dict[str, Path]:
    places = service.rows("SELECT sop_instance_uid, path FROM archive_instance")
    return {uid: service.data_dir / "storage" / path for uid, path in places}


def test_orthanc_is_answered_when_it_echoes(orthanc: Orthanc) -> None:
    orthanc.post("/modalities/noctis/echo")


def test_what_orthanc_sends_is_stored_unchanged(sent: dict[str, Path], service: DicomService) -> None:
    files = stored(service)
    assert files.keys() == sent.keys()
    character_sets = {patient.character_set for patient in NAMED_PATIENTS}
    for uid, original in sent.items():
        ours, theirs = elements(files[uid]), elements(original)
        assert ours == theirs, original.name
        assert dcmread(files[uid]).file_meta.TransferSyntaxUID == dcmread(original).file_meta.TransferSyntaxUID
        character_sets.discard("\\".join(_listed(theirs.get("SpecificCharacterSet", ""))))
    assert not character_sets


def _listed(value: Any) -> list[str]:
    return [value] if isinstance(value, str) else list(value)


@pytest.mark.parametrize("name", QUERIES)
def test_noctis_answers_orthanc_as_it_answers_itself(full: Orthanc, name: str) -> None:
    level, keys = QUERIES[name]
    full.put("/tools/default-encoding", b"Utf8")

    ours, theirs = (comparable(full.find(whom, level, **keys)) for whom in ("noctis", "itself"))

    assert ours == theirs
    assert bool(ours) == (name != "nobody")


# Orthanc reads their names without ISO 2022 IR 87.
MISREAD_BY_ORTHANC = {"SYN-N014"}


def comparable(answers: list[dict[str, Any]]) -> list[list[tuple[str, Any]]]:
    """Return answers in a fixed order, without what says who answers and how it is written."""
    left_out = {"RetrieveAETitle", "SpecificCharacterSet", "QueryRetrieveLevel"}
    texts = [{key: _in_order(key, value) for key, value in one.items() if key not in left_out} for one in answers]
    return sorted(sorted(one.items()) for one in texts if one.get("PatientID") not in MISREAD_BY_ORTHANC)


def _in_order(keyword: str, value: str) -> str:
    if keyword == "PatientName":
        return value.rstrip("=")
    return "\\".join(sorted(value.split("\\"))) if keyword == "ModalitiesInStudy" else value


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_orthanc_asks_in_its_encoding_and_reads_the_name(full: Orthanc, encoding: str) -> None:
    (patient,) = [one for one in NAMED_PATIENTS if one.key == ENCODINGS[encoding]]
    full.put("/tools/default-encoding", encoding.encode())
    family = patient.name.rstrip("=").split("=")[-1].split("^")[0]
    try:
        answers = full.find("noctis", "Study", PatientName=f"{family}*")
    finally:
        full.put("/tools/default-encoding", b"Utf8")

    assert patient.name.rstrip("=") in names_in(answers)


def names_in(answers: list[dict[str, Any]]) -> set[str]:
    return {answer["PatientName"].rstrip("=") for answer in answers}


def test_a_date_that_is_none_is_refused_with_the_status_of_the_standard(full: Orthanc) -> None:
    with pytest.raises(OrthancRefused, match="DIMSE status 0xA900"):
        full.find("noctis", "Study", StudyDate="2025-")


def test_orthanc_moves_the_answers_of_its_query_to_itself(full: Orthanc, sent: dict[str, Path]) -> None:
    answers = full.query("noctis", "Study", ModalitiesInStudy="CT", PatientID="SYN-000*")
    full.clear()
    full.retrieve(answers)

    originals = {uid: dcmread(path, stop_before_pixels=True) for uid, path in sent.items()}
    studies = {one.StudyInstanceUID for one in originals.values() if one.get("Modality") == "CT"}
    expected = {uid for uid, one in originals.items() if one.StudyInstanceUID in studies}
    assert full.instances().keys() == expected
    assert all(elements(full.file_of(uid)) == elements(sent[uid]) for uid in expected)


@pytest.mark.parametrize(
    ("level", "keywords"),
    [
        ("Study", ["StudyInstanceUID"]),
        ("Series", ["StudyInstanceUID", "SeriesInstanceUID"]),
        ("Instance", ["StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID"]),
    ],
)
def test_orthanc_moves_at_every_level(full: Orthanc, sent: dict[str, Path], level: str, keywords: list[str]) -> None:
    originals = [dcmread(path, stop_before_pixels=True) for path in sent.values()]
    wanted = next(one for one in originals if one.Modality == "MR")
    keys = {keyword: str(wanted[keyword].value) for keyword in keywords}
    full.clear()

    full.move("noctis", level, "ORTHANC", keys)

    expected = {str(one.SOPInstanceUID) for one in originals if {k: str(one.get(k)) for k in keys} == keys}
    assert full.instances().keys() == expected


def test_a_level_that_the_study_root_model_lacks_is_refused(full: Orthanc) -> None:
    with pytest.raises(OrthancRefused, match="DIMSE status 0xA900"):  # Orthanc moves patients in that model
        full.move("noctis", "Patient", "ORTHANC", {"PatientID": "SYN-0001"})


def test_a_destination_that_nobody_knows_is_told(full: Orthanc, service: DicomService) -> None:
    with pytest.raises(OrthancRefused, match="DIMSE status 0xA801"):
        full.move("noctis", "Study", "NOWHERE", {"StudyInstanceUID": "2.25.1"})
    wait_for(lambda: service.rows("SELECT 1 FROM network_unknowndestination WHERE ae_title = 'NOWHERE'"), "the title")


def test_orthanc_reads_the_worklist(orthanc: Orthanc, service: DicomService, tmp_path: Path) -> None:
    names = [patient.name.rstrip("=") for patient in NAMED_PATIENTS]
    for number, name in enumerate(names):
        steps = {"PatientID": f"W{number}", "PatientName": name, "StudyInstanceUID": f"2.25.7.{number}"}
        worklist_file(tmp_path / "NOCTIS_PACS" / f"{number}.wl", **steps, ScheduledProcedureStepID=f"S{number}")
    service.manage("import_worklist", str(tmp_path), "--facility", "NORTH")
    orthanc.put("/tools/default-encoding", b"Utf8")

    def ask(**keys: str) -> list[dict[str, Any]]:
        step = [{"Modality": keys.pop("Modality", ""), "ScheduledProcedureStepStartDate": ""}]
        asked = {"PatientID": "", "PatientName": "", "ScheduledProcedureStepSequence": step, **keys}
        answers: list[dict[str, Any]] = orthanc.post("/modalities/noctis/find-worklist", asked)
        return answers

    assert sorted(answer["PatientName"].rstrip("=") for answer in ask()) == sorted(names)
    assert [answer["PatientID"] for answer in ask(PatientName="übungs*")] == ["W1"]
    for encoding, key in ENCODINGS.items():
        (number,) = [number for number, one in enumerate(NAMED_PATIENTS) if one.key == key]
        orthanc.put("/tools/default-encoding", encoding.encode())
        found = ask(PatientName=f"{names[number].split('=')[-1].split('^')[0]}*")
        assert f"W{number}" in {answer["PatientID"] for answer in found}, encoding
        assert names[number] in names_in(found), encoding
    orthanc.put("/tools/default-encoding", b"Utf8")
    (step,) = ask(PatientID="W2")[0]["ScheduledProcedureStepSequence"]
    assert (step["Modality"], step["ScheduledProcedureStepStartDate"]) == ("CT", "20260706")
    assert ask(Modality="XA") == []


def test_dcmtk_has_a_study_moved_to_orthanc(full: Orthanc, service: DicomService, sent: dict[str, Path]) -> None:
    full.clear()
    done = movescu(service, "ORTHANC", "QueryRetrieveLevel=PATIENT", "PatientID=SYN-0001", options=("-P",))

    answer = final_response(done)
    assert (answer["Status"], answer["Failed"], answer["Completed"]) == (0, 0, len(full.instances()))
    assert answer["Completed"] > 0
    assert all(elements(full.file_of(uid)) == elements(sent[uid]) for uid in full.instances())


def test_what_orthanc_sends_twice_changes_nothing(full: Orthanc, service: DicomService, sent: dict[str, Path]) -> None:
    before = service.stored()
    full.store("noctis", *full.instances().values())
    service.wait_until_indexed()
    assert service.stored() == before
    assert not list((service.data_dir / "quarantine").iterdir())


MakeImages = Callable[..., list[SentObject]]


def test_a_large_study_goes_to_orthanc_and_back(full: Orthanc, service: DicomService, make_images: MakeImages) -> None:
    images = make_images(40, padding=300_000)
    assert set(send_raw(service.port, images).values()) == {0}
    full.move("noctis", "Study", "ORTHANC", {"StudyInstanceUID": "2.25.1"})

    held = full.instances()
    assert {image.sop_instance_uid for image in images} <= held.keys()
    full.store("noctis", *(held[image.sop_instance_uid] for image in images))
    service.wait_until_indexed()
    assert {uid: service.stored()[uid] for uid in (one.sop_instance_uid for one in images)} == {
        one.sop_instance_uid: one.data_set for one in images
    }

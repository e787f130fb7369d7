"""C-MOVE asked by DCMTK: what arrives at the destination, what is answered, and who gets nothing."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from pydicom import dcmread
from pydicom.uid import ExplicitVRLittleEndian, ImplicitVRLittleEndian
from pynetdicom.events import Event

from noctis.network.tests.retrieve_peers import Receiver, counts_of, data_sets, final_response, movescu, storescp
from tests.support.dicom_service import DicomService
from tests.support.peers import SentObject, send_raw
from tests.support.ports import free_ports
from tests.support.waiting import wait_for

pytestmark = [pytest.mark.integration]

MakeImages = Callable[..., list[SentObject]]
STUDY = ("QueryRetrieveLevel=STUDY", "StudyInstanceUID=2.25.1")
SERIES = ("QueryRetrieveLevel=SERIES", "StudyInstanceUID=2.25.1", "SeriesInstanceUID=2.25.2")
COUNT = 12
BIG = 150_000_000


@pytest.fixture(scope="module")
def filled(service: DicomService) -> DicomService:
    """Give a service that knows who may be sent to."""
    service.manage("add_ae", "STORE", "--facility", "NORTH", "--host", "127.0.0.1", "--port", "1")
    service.manage("add_ae", "SOUTH_WS", "--facility", "SOUTH", "--host", "127.0.0.1", "--port", "1")
    service.manage("add_ae", "NO_ADDRESS", "--facility", "NORTH")
    return service


@pytest.fixture
def images(filled: DicomService, make_images: MakeImages) -> list[SentObject]:
    """Store a study of one series."""
    images = make_images(COUNT)
    assert set(send_raw(filled.port, images).values()) == {0}
    return images


def listens_at(service: DicomService, port: int, title: str = "STORE") -> None:
    service.execute(f"UPDATE network_remoteapplicationentity SET port = {port} WHERE ae_title = '{title}'")  # noqa: S608


def of(images: list[SentObject]) -> dict[str, bytes]:
    return {image.sop_instance_uid: image.data_set for image in images}


def accept(_event: Event, _number: int) -> int:
    return 0


def test_a_study_a_series_and_images_arrive_as_they_are_stored(
    filled: DicomService, images: list[SentObject], tmp_path: Path
) -> None:
    some = images[3:5]
    asked = {
        "study": STUDY,
        "series": SERIES,
        "some": ("QueryRetrieveLevel=IMAGE", "SOPInstanceUID=" + "\\".join(one.sop_instance_uid for one in some)),
    }
    for name, keys in asked.items():
        with storescp(tmp_path / name, "+xa") as port:
            listens_at(filled, port)
            done = movescu(filled, "STORE", *keys, calling="MOVER")
        expected = of(some if name == "some" else images)
        assert final_response(done) == {"Status": 0, "Completed": len(expected), "Failed": 0, "Warning": 0}
        assert data_sets(tmp_path / name) == expected

    wait_for(lambda: len(filled.audit_entries("instances_sent", "MOVER")) == len(asked), "the audit trail")
    entries = filled.audit_entries("instances_sent", "MOVER")
    assert [(study, detail["destination"], detail["instances"]) for study, _, detail in entries] == [
        ("2.25.1", "STORE", COUNT),
        ("2.25.1", "STORE", COUNT),
        ("2.25.1", "STORE", 2),
    ]


def test_movescu_moves_several_studies_to_itself(
    filled: DicomService, images: list[SentObject], samples: list[SentObject], tmp_path: Path
) -> None:
    other = next(one for one in samples if one.transfer_syntax_uid == ExplicitVRLittleEndian)
    assert set(send_raw(filled.port, [other]).values()) == {0}
    study = str(dcmread(other.path, stop_before_pixels=True).StudyInstanceUID)
    (port,) = free_ports(1)
    listens_at(filled, port)
    folder = tmp_path / "got"
    folder.mkdir()

    done = movescu(
        filled,
        "STORE",
        "QueryRetrieveLevel=STUDY",
        f"StudyInstanceUID=2.25.1\\{study}",
        calling="STORE",
        options=("-S", "--port", str(port), "-od", str(folder)),
    )

    assert final_response(done)["Status"] == 0
    assert {str(dcmread(path).SOPInstanceUID) for path in folder.iterdir()} == set(of([*images, other]))


@pytest.mark.filterwarnings("ignore::UserWarning:pydicom")  # some samples are odd on purpose
def test_a_receiver_of_implicit_vr_gets_every_pixel_decoded(
    filled: DicomService, samples: list[SentObject], tmp_path: Path
) -> None:
    by_syntax = {one.transfer_syntax_uid: one for one in reversed(samples) if has_pixels(one)}
    assert set(send_raw(filled.port, by_syntax.values()).values()) == {0}
    keys = "SOPInstanceUID=" + "\\".join(one.sop_instance_uid for one in by_syntax.values())

    with storescp(tmp_path / "got", "+xi") as port:
        listens_at(filled, port)
        done = movescu(filled, "STORE", "QueryRetrieveLevel=IMAGE", keys)

    assert final_response(done) == {"Status": 0, "Completed": len(by_syntax), "Failed": 0, "Warning": 0}
    got = {str(one.SOPInstanceUID): one for one in map(dcmread, (tmp_path / "got").iterdir())}
    for syntax, sent in by_syntax.items():
        received, original = got[sent.sop_instance_uid], dcmread(sent.path)
        assert received.file_meta.TransferSyntaxUID == ImplicitVRLittleEndian
        assert np.array_equal(received.pixel_array, original.pixel_array), syntax
        assert received.get("PatientName") == original.get("PatientName")


def has_pixels(one: SentObject) -> bool:
    dataset = dcmread(one.path)
    try:
        return dataset.pixel_array is not None
    except Exception:  # noqa: BLE001  (a sample that nothing here can decode)
        return False


def test_a_cancelled_move_says_what_remains(filled: DicomService, images: list[SentObject]) -> None:
    def slowly(_event: Event, _number: int) -> int:
        time.sleep(0.2)
        return 0

    receiver = Receiver(slowly)
    with receiver.listening(ExplicitVRLittleEndian) as port:
        listens_at(filled, port)
        done = movescu(filled, "STORE", *STUDY, options=("-S", "--cancel", "1"))

    counts = final_response(done)
    assert counts["Status"] == 0xFE00
    assert 0 < counts["Completed"] < COUNT
    assert counts["Completed"] + counts["Remaining"] == COUNT
    assert len(receiver.received) == counts["Completed"]


def test_pending_responses_count_and_say_who_asked(filled: DicomService, images: list[SentObject]) -> None:
    receiver = Receiver(accept)
    with receiver.listening(ExplicitVRLittleEndian) as port:
        listens_at(filled, port)
        done = movescu(filled, "STORE", *STUDY, calling="ORIGIN")

    said = done.stdout + done.stderr
    first = counts_of(said[said.index("C-MOVE RSP") :])
    assert first == {"Status": 0xFF00, "Remaining": COUNT - 1, "Completed": 1, "Failed": 0, "Warning": 0}
    assert said.count("C-MOVE RSP") < COUNT
    assert receiver.originators == {("ORIGIN", 1)}
    assert receiver.received == [image.sop_instance_uid for image in images]


@pytest.mark.parametrize(
    ("refuses", "status", "failed", "warned"),
    [
        (lambda _number: 0xA700, 0xA702, COUNT, 0),
        (lambda number: 0xA700 if number == 2 else 0, 0xB000, 1, 0),
        (lambda _number: 0xB000, 0xB000, 0, COUNT),
    ],
)
def test_what_the_destination_answers_is_counted(
    filled: DicomService, images: list[SentObject], refuses: Callable[[int], int], status: int, failed: int, warned: int
) -> None:
    with Receiver(lambda _event, number: refuses(number)).listening(ExplicitVRLittleEndian) as port:
        listens_at(filled, port)
        done = movescu(filled, "STORE", *STUDY)

    completed = COUNT - failed - warned
    assert final_response(done) == {"Status": status, "Completed": completed, "Failed": failed, "Warning": warned}
    if failed == 1:
        assert f"[{images[1].sop_instance_uid}]" in done.stdout + done.stderr


def test_a_destination_that_breaks_off_is_called_again(filled: DicomService, images: list[SentObject]) -> None:
    def die_once(event: Event, number: int) -> int:
        if number == 3:
            event.assoc.abort()
        return 0

    receiver = Receiver(die_once)
    with receiver.listening(ExplicitVRLittleEndian) as port:
        listens_at(filled, port)
        done = movescu(filled, "STORE", *STUDY)

    assert final_response(done) == {"Status": 0, "Completed": COUNT, "Failed": 0, "Warning": 0}
    assert receiver.associations == 2
    assert set(receiver.received) == set(of(images))


def test_a_destination_that_is_dead_fails_what_is_left(filled: DicomService, images: list[SentObject]) -> None:
    def die(event: Event, number: int) -> int:
        if number >= 3:
            event.assoc.abort()
        return 0

    with Receiver(die).listening(ExplicitVRLittleEndian) as port:
        listens_at(filled, port)
        done = movescu(filled, "STORE", *STUDY)

    assert final_response(done) == {"Status": 0xB000, "Completed": 2, "Failed": COUNT - 2, "Warning": 0}


def test_a_destination_that_cannot_be_reached_gets_nothing(filled: DicomService, images: list[SentObject]) -> None:
    (port,) = free_ports(1)
    listens_at(filled, port)

    done = movescu(filled, "STORE", *STUDY)

    assert final_response(done) == {"Status": 0xA702, "Completed": 0, "Failed": COUNT, "Warning": 0}
    assert "cannot be reached" in done.stdout + done.stderr


def test_an_unknown_destination_is_refused_and_remembered(filled: DicomService, images: list[SentObject]) -> None:
    for _ in range(2):
        assert final_response(movescu(filled, "NOBODY", *STUDY, calling="ASKER"))["Status"] == 0xA801
    assert final_response(movescu(filled, "NO_ADDRESS", *STUDY, calling="ASKER"))["Status"] == 0xA801

    found = filled.rows("SELECT ae_title, requested_by, count FROM network_unknowndestination ORDER BY ae_title")
    assert found == [("NOBODY", "ASKER", 2), ("NO_ADDRESS", "ASKER", 1)]
    filled.manage("add_ae", "NOBODY", "--facility", "NORTH", "--host", "127.0.0.1", "--port", "1")
    assert filled.rows("SELECT ae_title FROM network_unknowndestination") == [("NO_ADDRESS",)]


def test_facilities_move_nothing_to_or_from_each_other(filled: DicomService, images: list[SentObject]) -> None:
    receiver = Receiver(accept)
    with receiver.listening(ExplicitVRLittleEndian) as port:
        listens_at(filled, port, "SOUTH_WS")
        to_south = movescu(filled, "SOUTH_WS", *STUDY)
        by_south = movescu(filled, "SOUTH_WS", *STUDY, calling="SOUTH_WS")
        south_to_north = movescu(filled, "STORE", *STUDY, calling="SOUTH_WS")

    assert final_response(to_south)["Status"] == 0xA801
    assert final_response(south_to_north)["Status"] == 0xA801
    assert final_response(by_south) == {"Status": 0, "Completed": 0, "Failed": 0, "Warning": 0}
    assert receiver.received == []
    assert not filled.audit_entries("instances_sent", "SOUTH_WS")


def test_a_big_instance_takes_no_memory(filled: DicomService, make_images: MakeImages, tmp_path: Path) -> None:
    (big,) = make_images(1, padding=BIG)
    assert set(send_raw(filled.port, [big], calling="BIG").values()) <= {0}
    filled.wait_until_indexed()
    with storescp(tmp_path / "got", "+xa") as port:
        listens_at(filled, port)
        done = movescu(filled, "STORE", *STUDY)

    assert final_response(done)["Failed"] == 0
    assert max(peak_memory(pid) for pid in filled.children()) < BIG


def peak_memory(pid: int) -> int:
    """Return the most memory that a process ever had, in bytes."""
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    return int(status.split("VmHWM:")[1].split()[0]) * 1024

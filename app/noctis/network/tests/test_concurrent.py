"""Fifty associations at once, as a busy hospital has them: DCMTK stores, finds, gets and moves, and nothing is lost."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest
from pydicom import dcmread
from pydicom.uid import UID

from noctis.network.services import STUDY_ROOT_FIND
from noctis.network.tests.find_peer import MODELS
from noctis.network.tests.retrieve_peers import TITLES, data_sets, final_response
from tests.support.dicom_service import DicomService
from tests.support.footprint import MEGABYTE, footprint
from tests.support.peers import Done, SentObject, bit_preserving_storescp, dcmtk
from tests.support.raw_peer import IMPLICIT, VERIFICATION, RawPeer

pytestmark = [pytest.mark.integration, pytest.mark.sqlite]

AT_ONCE = 50
ROUNDS = 3
IMAGES = 4
STUDIES = 10  # those of the first round; each session of a later round retrieves one of them and stores one of its own
TIMEOUT = 600.0
MOST_WAKINGS = 10  # of an association's two threads in a second
LARGEST_GROWTH = 160 * MEGABYTE


@dataclass(frozen=True)
class Study:
    """A study as it is sent, and its data sets as another receiver gets them."""

    uid: str
    paths: list[Path]
    data_sets: dict[str, bytes]


@pytest.fixture
def studies(ct: SentObject, tmp_path: Path) -> list[Study]:
    """Give a study for each session; storescu writes lengths anew, so DCMTK's own receiver says what it sends."""
    made = [new_study(ct, tmp_path / "made", number) for number in range(ROUNDS * AT_ONCE + STUDIES)]
    with bit_preserving_storescp(tmp_path) as port:
        done = dcmtk("storescu", "+sd", "127.0.0.1", str(port), str(tmp_path / "made"), "+r", timeout=TIMEOUT)
        assert done.returncode == 0, done.stderr
    received = {one.sop_instance_uid: one.data_set for one in map(SentObject.read, received_files(tmp_path))}
    return [Study(uid, paths, {uid_of(path): received[uid_of(path)] for path in paths}) for uid, paths in made]


def new_study(ct: SentObject, folder: Path, number: int) -> tuple[str, list[Path]]:
    """Write the images of a study."""
    dataset = dcmread(ct.path)
    dataset.PatientID = f"BUSY{number}"
    dataset.StudyInstanceUID, dataset.SeriesInstanceUID = UID(f"2.25.70{number}"), UID(f"2.25.71{number}")
    paths = []
    (folder / str(number)).mkdir(parents=True)
    for image in range(IMAGES):
        dataset.SOPInstanceUID = dataset.file_meta.MediaStorageSOPInstanceUID = UID(f"2.25.72{number}.{image}")
        dataset.InstanceNumber = image
        paths.append(folder / str(number) / f"{image}.dcm")
        dataset.save_as(paths[-1])
    return dataset.StudyInstanceUID, paths


def received_files(folder: Path) -> Iterator[Path]:
    return (path for path in folder.iterdir() if path.is_file() and path.name != "log")


def uid_of(path: Path) -> str:
    return str(dcmread(path, specific_tags=["SOPInstanceUID"]).SOPInstanceUID)


@dataclass
class Sessions:
    """What a peer does in one association each; every method raises AssertionError where something is amiss."""

    service: DicomService
    folder: Path

    def run(self, program: str, *arguments: str) -> Done[str]:
        done = dcmtk(program, *TITLES, *arguments, timeout=TIMEOUT)
        assert done.returncode == 0, f"{program} ended with {done.returncode}:\n{done.stdout}{done.stderr}"
        return done

    @property
    def place(self) -> tuple[str, str]:
        return "127.0.0.1", str(self.service.port)

    def store(self, study: Study) -> None:
        self.run("storescu", "--propose-little", *self.place, *map(str, study.paths))

    def find(self, study: Study) -> None:
        keys = ("-k", "QueryRetrieveLevel=IMAGE", "-k", f"StudyInstanceUID={study.uid}", "-k", "SOPInstanceUID")
        done = self.run("findscu", "-v", MODELS[STUDY_ROOT_FIND], *keys, *self.place)
        said = done.stdout + done.stderr
        assert all(f"[{uid}" in said for uid in study.data_sets), f"a query found less than there is:\n{said}"

    def get(self, study: Study, name: str) -> None:
        folder = self.folder / name
        folder.mkdir()
        keys = ("-k", "QueryRetrieveLevel=STUDY", "-k", f"StudyInstanceUID={study.uid}")
        done = self.run("getscu", "-d", "+B", "-S", *keys, "-od", str(folder), *self.place)
        assert final_response(done) == {"Status": 0, "Completed": IMAGES, "Failed": 0, "Warning": 0}
        assert data_sets(folder) == study.data_sets

    def move(self, study: Study) -> None:
        keys = ("-k", "QueryRetrieveLevel=STUDY", "-k", f"StudyInstanceUID={study.uid}")
        done = self.run("movescu", "-d", "-S", "-aem", "BUSY_WS", *keys, *self.place)
        assert final_response(done) == {"Status": 0, "Completed": IMAGES, "Failed": 0, "Warning": 0}


def all_at_once(work: list[Callable[[], None]]) -> None:
    """Do everything in threads that begin together; the first error of any is raised."""
    start = threading.Barrier(len(work))

    def begin(one: Callable[[], None]) -> None:
        start.wait(timeout=60)
        one()

    with ThreadPoolExecutor(len(work)) as pool:
        for future in [pool.submit(begin, one) for one in work]:
            future.result(timeout=TIMEOUT)


def test_fifty_associations_that_store_find_get_and_move_lose_nothing(
    new_service, studies: list[Study], tmp_path: Path
) -> None:
    service: DicomService = new_service()
    sessions = Sessions(service, tmp_path)
    known, fresh = studies[:STUDIES], studies[STUDIES:]
    for study in known:
        sessions.store(study)
    (tmp_path / "moved").mkdir()
    with bit_preserving_storescp(tmp_path / "moved", "--fork", log=tmp_path / "moved.log") as port:
        service.manage("add_ae", "BUSY_WS", "--facility", "NORTH", "--host", "127.0.0.1", "--port", str(port))
        children = service.children()
        before = {pid: footprint(pid) for pid in children}
        for turn in range(ROUNDS):
            part = fresh[turn * AT_ONCE : (turn + 1) * AT_ONCE]
            all_at_once([one_session(sessions, number, turn, part, known) for number in range(AT_ONCE)])
        moved = [SentObject.read(path) for path in (tmp_path / "moved").iterdir()]

    assert service.children() == children, "no process had to be replaced"
    service.wait_until_indexed()
    sent = {
        uid: data
        for number, study in enumerate(fresh)
        if kind_of(number % AT_ONCE) == "store"
        for uid, data in study.data_sets.items()
    }
    sent |= {uid: data for study in known for uid, data in study.data_sets.items()}
    assert service.stored() == sent
    expected = {uid: data for study in known for uid, data in study.data_sets.items()}
    assert moved, "moves are among the sessions"
    assert all(one.data_set == expected[one.sop_instance_uid] for one in moved)
    assert service.rows("SELECT count(*) FROM archive_quarantinedobject") == [(0,)]
    assert not service.half_received()
    for pid, was in before.items():
        assert footprint(pid).peak - was.resident <= LARGEST_GROWTH


def kind_of(number: int) -> str:
    return ("store", "find", "store", "get", "move")[number % 5]


def one_session(
    sessions: Sessions, number: int, turn: int, fresh: list[Study], known: list[Study]
) -> Callable[[], None]:
    study = known[number % len(known)]
    kind = kind_of(number)
    if kind == "store":
        return lambda: sessions.store(fresh[number])
    if kind == "get":
        return lambda: sessions.get(study, f"got-{turn}-{number}")
    return lambda: sessions.find(study) if kind == "find" else sessions.move(study)


def wakings_per_second(service: DicomService) -> float:
    """Return how often the threads of the service look for something to do while nobody sends anything."""

    def wakings() -> int:
        files = [path for pid in service.children() for path in Path(f"/proc/{pid}/task").glob("*/status")]
        lines = [line for path in files for line in path.read_text(encoding="ascii").splitlines()]
        return sum(int(line.split()[1]) for line in lines if line.startswith("voluntary_ctxt_switches"))

    before, began = wakings(), time.monotonic()
    time.sleep(3)
    return (wakings() - before) / (time.monotonic() - began)


def test_a_hundred_associations_that_stay_open_are_served_by_turns(service: DicomService) -> None:
    with ExitStack() as stack:
        peers = [stack.enter_context(RawPeer(service.port)) for _ in range(2 * AT_ONCE)]
        for peer in peers:
            peer.associate([(1, VERIFICATION, [IMPLICIT])])
        for _ in range(3):
            assert [peer.echo() for peer in peers] == [0] * len(peers)
        assert wakings_per_second(service) < MOST_WAKINGS * len(peers)
        for peer in peers:
            peer.release()

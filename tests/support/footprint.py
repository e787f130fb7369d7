"""What the processes of a service use, and the proof that an attack leaves them as they were."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from noctis.network.database import MOST_KEPT
from tests.support.dicom_service import DicomService
from tests.support.peers import SentObject
from tests.support.raw_peer import IMPLICIT, STUDY_ROOT_FIND, VERIFICATION, RawPeer, study_identifier
from tests.support.waiting import wait_for

MEGABYTE = 1024 * 1024
LARGEST_PEAK = 96 * MEGABYTE
LARGEST_REST = 48 * MEGABYTE
LASTING_THREADS = 3  # which a process starts when it first needs them, once for all associations
IDLE_FILES = 2 * MOST_KEPT + 1  # of connections that may be kept: SQLite has two files for each and one for all
SETTLING_SECONDS = 60.0


@dataclass(frozen=True)
class Footprint:
    """Memory in bytes, threads and open files of one process; ``peak`` since ``forget_peak``."""

    resident: int
    peak: int
    threads: int
    files: int


def footprint(pid: int) -> Footprint:
    """Return what a process uses now."""
    fields = dict(
        line.split(":", 1)
        for line in Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines()
        if ":" in line
    )
    return Footprint(
        resident=int(fields["VmRSS"].split()[0]) * 1024,
        peak=int(fields["VmHWM"].split()[0]) * 1024,
        threads=int(fields["Threads"]),
        files=len(list(Path(f"/proc/{pid}/fd").iterdir())),
    )


def steady_footprints(pids: list[int]) -> dict[int, Footprint]:
    """Return what processes use once they have started all that they start and have ended what came before."""
    were: dict[int, tuple[int, int]] = {}
    for _ in range(30):
        now = {pid: footprint(pid) for pid in pids}
        are = {pid: (one.threads, one.files) for pid, one in now.items()}
        if are == were:
            return now
        were = are
        time.sleep(0.5)
    raise AssertionError(f"the processes of the service do not come to rest: {were}")


def forget_peak(pid: int) -> None:
    """Let the peak begin at what the process uses now."""
    with suppress(OSError):  # the peak is then that of its whole life: a stricter bound
        Path(f"/proc/{pid}/clear_refs").write_text("5", encoding="ascii")


@contextmanager
def unharmed(
    service: DicomService, one: SentObject, *, peak: int = LARGEST_PEAK, rest: int = LARGEST_REST
) -> Iterator[Bystander]:
    """Check that what happens within costs the service no process, no memory and no other association.

    No process may have used more than ``peak`` bytes more than before at any time, and ``rest`` afterwards; threads and
    files are as before, and nothing that was half received stays.
    """
    with Bystander(service, one).at_work():
        pass  # the first association of a process loads what it needs
    children = service.children()
    before = steady_footprints(children)
    for pid in children:
        forget_peak(pid)
    bystander = Bystander(service, one)
    with bystander.at_work():
        yield bystander
    assert service.children() == children, f"a process was lost:\n{service.said()}"
    wait_for(lambda: not service.half_received(), "an empty incoming folder", seconds=SETTLING_SECONDS)
    for pid, was in before.items():
        _wait_until_as_before(pid, was)
        now = footprint(pid)
        assert now.peak - was.resident <= peak, f"{(now.peak - was.resident) / MEGABYTE:.0f} MB were used meanwhile"
        assert now.resident - was.resident <= rest, f"{(now.resident - was.resident) / MEGABYTE:.0f} MB stayed in use"


def _wait_until_as_before(pid: int, was: Footprint) -> None:
    def is_as_before() -> bool:
        now = footprint(pid)
        return now.threads <= was.threads + LASTING_THREADS and now.files <= was.files + IDLE_FILES

    try:
        wait_for(is_as_before, "threads and files as before", seconds=SETTLING_SECONDS)
    except AssertionError as error:
        files = "\n".join(sorted(str(path.readlink()) for path in Path(f"/proc/{pid}/fd").iterdir()))
        raise AssertionError(f"{footprint(pid)} instead of {was}, open are:\n{files}") from error


@dataclass
class Bystander:
    """A modality that goes on with its work whatever others do: it echoes, stores and queries, again and again."""

    service: DicomService
    one: SentObject
    rounds: int = 0
    failure: BaseException | None = None

    @contextmanager
    def at_work(self) -> Iterator[None]:
        """Let it work; it must have met with no error, and a round must have been done after what happens within."""
        stop = threading.Event()
        thread = threading.Thread(target=self._work, args=(stop,), daemon=True)
        thread.start()
        try:
            yield
            self.wait_for_a_round()
        finally:
            stop.set()
            thread.join(timeout=300)
        if self.failure is not None:
            raise AssertionError(f"another association was harmed:\n{self.service.said()}") from self.failure

    def wait_for_a_round(self) -> None:
        """Return once a round has begun and ended after this call."""
        wanted = self.rounds + 2
        wait_for(lambda: self.rounds >= wanted or self.failure, "the other association", seconds=300)

    def _work(self, stop: threading.Event) -> None:
        try:
            while not stop.is_set():
                self._round()
                self.rounds += 1
                stop.wait(0.05)
        except BaseException as error:  # noqa: BLE001  (told by the thread of the test)
            self.failure = error

    def _round(self) -> None:
        with RawPeer(self.service.port) as peer:
            peer.associate(
                [
                    (1, VERIFICATION, [IMPLICIT]),
                    (3, self.one.sop_class_uid, [self.one.transfer_syntax_uid]),
                    (5, STUDY_ROOT_FIND, [IMPLICIT]),
                ],
                calling="BYSTANDER",
            )
            assert peer.echo() == 0
            assert peer.store(3, self.one) == 0
            assert peer.find(5, study_identifier()), "what is stored is found"
            peer.release()

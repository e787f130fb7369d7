"""The service counts what it does: connections, requests, bytes and how long things took.

Each process writes to a file of its own that it maps into memory: counting costs microseconds, and what a process has
counted outlives it. ``statistics_report`` adds the files up.
"""

from __future__ import annotations

import fcntl
import mmap
import os
import threading
import time
from array import array
from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar, Final, TypeAlias
from weakref import WeakKeyDictionary

from pynetdicom import evt
from pynetdicom.association import Association
from pynetdicom.dimse_messages import DIMSEMessage
from pynetdicom.events import Event

from noctis.network import statistics_layout as layout
from noctis.network.statistics_layout import Service

Slots: TypeAlias = "memoryview[int] | array[int]"

SUFFIX: Final = ".counters"
ROWS_FOR_REFUSED: Final = layout.ROWS // 2
MOST_OPEN: Final = 1000

MODALITY_WORKLIST: Final = "1.2.840.10008.5.1.4.31"  # (network.services needs settings, which readers do without)

_RECEIVED: Final = {
    "C_ECHO": Service.C_ECHO,
    "C_STORE": Service.C_STORE,
    "C_FIND": Service.C_FIND,
    "C_GET": Service.C_GET,
    "C_MOVE": Service.C_MOVE,
    "N_CREATE": Service.N_CREATE,
    "N_SET": Service.N_SET,
    "N_ACTION": Service.N_ACTION,
}
_PENDING: Final = frozenset({0xFF00, 0xFF01})
_SUCCESS: Final = frozenset({0x0000, 0xFE00})  # a request that the peer itself cancelled did not fail
_WARNING: Final = frozenset({0x0001, 0x0107, 0x0116})
_WARNINGS_BEGIN_WITH: Final = 0xB
_SENT: Final = {"C_STORE": Service.C_STORE_SENT, "N_EVENT_REPORT": Service.N_EVENT_REPORT}


class Recorder:
    """The figures of one process; may be used by all of its threads."""

    def __init__(self, slots: Slots, descriptor: int | None = None) -> None:
        """Count in ``slots``, going on from what stands there; ``descriptor`` holds the lock of their file."""
        self._slots = slots
        self._lock = threading.Lock()
        self._descriptor = descriptor
        if slots[layout.AT_VERSION] != layout.VERSION:
            slots[layout.AT_ROWS] = 1
            slots[layout.AT_VERSION] = layout.VERSION
        slots[layout.AT_ACTIVE] = 0
        self._rows = {read_title(slots, row): row for row in range(1, slots[layout.AT_ROWS])}

    @classmethod
    def in_memory(cls) -> Recorder:
        """Return one whose figures nobody else sees."""
        return cls(array("Q", bytes(layout.SLOTS * layout.SLOT_BYTES)))

    @classmethod
    def in_file(cls, path: Path) -> Recorder:
        """Return one that goes on with the figures in ``path``; the lock tells readers that this process lives."""
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        os.ftruncate(descriptor, layout.SLOTS * layout.SLOT_BYTES)
        return cls(memoryview(mmap.mmap(descriptor, 0)).cast("Q"), descriptor)

    def release(self) -> None:
        """Let another process go on with the file; the kernel does so too when this one ends."""
        if self._descriptor is not None:
            fcntl.flock(self._descriptor, fcntl.LOCK_UN)
            os.close(self._descriptor)
            self._descriptor = None

    def value(self, position: int) -> int:
        """Return what a slot holds."""
        return self._slots[position]

    def connected(self) -> None:
        """Count a connection."""
        self._add(layout.AT_TOTAL, 1)

    def set_active(self, count: int) -> None:
        """Note how many associations run at this moment."""
        self._slots[layout.AT_ACTIVE] = count

    def row_of(self, ae_title: str, *, is_admitted: bool) -> int:
        """Return the row of an AE title, made if there is room; who is always refused may take half of it."""
        with self._lock:
            row = self._rows.get(ae_title)
            if row is None:
                row = self._slots[layout.AT_ROWS]
                if not ae_title or row >= (layout.ROWS if is_admitted else ROWS_FOR_REFUSED):
                    return 0
                _set_title(self._slots, row, ae_title)
                self._slots[layout.AT_ROWS] = row + 1
                self._rows[ae_title] = row
            return row

    def count(self, row: int, position: int, number: int = 1) -> None:
        """Add to a slot of a row."""
        self._add(layout.row_at(row) + position, number)

    def rejected(self, row: int) -> None:
        """Count a connection that was not let in."""
        self._add(layout.AT_REJECTED, 1)
        self.count(row, layout.AT_ROW_REJECTED)

    def aborted(self, row: int) -> None:
        """Count an association that did not end with a release."""
        self._add(layout.AT_ABORTED, 1)
        self.count(row, layout.AT_ROW_ABORTED)

    def done(self, row: int, service: Service, outcome: int, seconds: float) -> None:
        """Count a request that was answered, ``outcome`` one of AT_SUCCESS, AT_WARNING and AT_FAILURE."""
        microseconds = max(0, int(seconds * 1_000_000))
        slots, position = self._slots, layout.POSITION[service]
        bucket = layout.AT_HISTOGRAMS + position * layout.BUCKETS + layout.bucket_of(microseconds)
        now = int(time.time())
        second = layout.AT_RINGS + position * layout.RING + now % layout.RING
        first = layout.service_in_row(row, service)
        with self._lock:
            slots[bucket] += 1
            if slots[second] >> layout.COUNT_BITS != now:
                slots[second] = now << layout.COUNT_BITS
            slots[second] += 1
            slots[first + outcome] += 1
            slots[first + layout.AT_MICROSECONDS] += microseconds

    def _add(self, position: int, number: int) -> None:
        with self._lock:
            self._slots[position] += number


class Meter:
    """Counts what happens in one association; threads may use it at once.

    A request counts when it is answered for good, or as a failure when the association ends before.
    """

    def __init__(self, recorder: Recorder) -> None:
        """Begin; until it is known whom it is about, bytes are kept back."""
        self.recorder = recorder
        self.row = 0
        self._is_identified = False
        self._is_admitted = False
        self._bytes_in = 0
        self._bytes_out = 0
        self._open: dict[tuple[bool, int], tuple[Service, float]] = {}

    def admitted(self, ae_title: str) -> None:
        """Count for this peer from now on."""
        self._is_admitted = True
        self.take_part(ae_title)
        self.recorder.count(self.row, layout.AT_ADMITTED)

    def take_part(self, ae_title: str) -> None:
        """Count for the peer of an association that we opened: none of its own."""
        self._take_over(self.recorder.row_of(ae_title, is_admitted=True))

    def rejected(self, ae_title: str) -> None:
        """Count that this peer was not let in."""
        self._take_over(self.recorder.row_of(ae_title, is_admitted=False))
        self.recorder.rejected(self.row)

    def bytes_in(self, count: int) -> None:
        """Count what came over the connection."""
        if self._is_identified:
            self.recorder.count(self.row, layout.AT_BYTES_IN, count)
        else:
            self._bytes_in += count

    def bytes_out(self, count: int) -> None:
        """Count what went out."""
        if self._is_identified:
            self.recorder.count(self.row, layout.AT_BYTES_OUT, count)
        else:
            self._bytes_out += count

    def asked(self, message_id: int, name: str, sop_class_uid: str = "", *, by_us: bool) -> None:
        """Note that a request came completely or is about to be sent; ``name`` is that of its primitive."""
        service = (_SENT if by_us else _RECEIVED).get(name, Service.OTHER)
        if service is Service.C_FIND and sop_class_uid == MODALITY_WORKLIST:
            service = Service.C_FIND_WORKLIST
        if len(self._open) < MOST_OPEN:
            self._open[by_us, message_id] = service, time.monotonic()

    def answered(self, message_id: int, status: int | None, *, by_us: bool) -> None:
        """Count the request that a response belongs to, unless more responses follow; ``by_us``: we answered."""
        if status in _PENDING or (begun := self._open.pop((not by_us, message_id), None)) is None:
            return
        service, at = begun
        self.recorder.done(self.row, service, _outcome(status), time.monotonic() - at)

    def ended(self, *, is_released: bool) -> None:
        """Count what was never answered as failed, and the association too if it was not released."""
        if not self._is_identified:
            self._take_over(0)
        while self._open:
            service, at = self._open.popitem()[1]
            self.recorder.done(self.row, service, layout.AT_FAILURE, time.monotonic() - at)
        if self._is_admitted and not is_released:
            self.recorder.aborted(self.row)

    def _take_over(self, row: int) -> None:
        """Count for a row, and what was kept back."""
        self.row = row
        self._is_identified = True
        if self._bytes_in:
            self.recorder.count(row, layout.AT_BYTES_IN, self._bytes_in)
        if self._bytes_out:
            self.recorder.count(row, layout.AT_BYTES_OUT, self._bytes_out)


class _Process:
    """Where this process counts; nobody sees what a process counts that records nowhere."""

    recorder: Recorder | None = None
    meters: ClassVar[WeakKeyDictionary[Association, Meter]] = WeakKeyDictionary()


def record_to(folder: Path, name: str) -> None:
    """Let this process count in the file of ``name``, which one process at a time may use."""
    _Process.recorder = Recorder.in_file(folder / f"{name}{SUFFIX}")


def begin_anew(folder: Path) -> None:
    """Forget what an earlier run of the service has counted."""
    folder.mkdir(mode=0o700, exist_ok=True)
    for path in folder.glob(f"*{SUFFIX}"):
        path.unlink()


def recorder() -> Recorder:
    """Return where this process counts."""
    if _Process.recorder is None:
        _Process.recorder = Recorder.in_memory()
    return _Process.recorder


def meter_for(association: Association) -> Meter:
    """Return the meter of an association, a new one where it has none."""
    meter = _Process.meters.get(association)
    if meter is None:
        meter = _Process.meters[association] = Meter(recorder())
    return meter


def count_messages(association: Association) -> None:
    """Count the requests of an association, in both directions."""
    meter = meter_for(association)
    association.bind(evt.EVT_DIMSE_RECV, lambda event: _note(meter, event.message, by_us=False))
    association.bind(evt.EVT_DIMSE_SENT, lambda event: _note(meter, event.message, by_us=True))


def count_requests(event: Event) -> None:
    """Count what we ask for over an association that we open; a handler of EVT_CONN_OPEN.

    The bytes of data sets that we write to the connection ourselves are counted where that is done.
    """
    association = event.assoc
    if _Process.recorder is None or association in _Process.meters:
        return
    meter = meter_for(association)
    meter.take_part(association.acceptor.ae_title.strip())
    count_messages(association)
    association.bind(evt.EVT_DATA_RECV, lambda event: meter.bytes_in(len(event.data)))
    association.bind(evt.EVT_DATA_SENT, lambda event: meter.bytes_out(len(event.data)))
    association.bind(evt.EVT_CONN_CLOSE, lambda _event: meter.ended(is_released=True))


def _note(meter: Meter, message: DIMSEMessage, *, by_us: bool) -> None:
    name, _, kind = type(message).__name__.rpartition("_")
    command = message.command_set
    if kind == "RSP":
        meter.answered(command.get("MessageIDBeingRespondedTo", 0), command.get("Status"), by_us=by_us)
    elif name != "C_CANCEL":
        meter.asked(command.get("MessageID", 0), name, str(command.get("AffectedSOPClassUID", "")), by_us=by_us)


def _outcome(status: int | None) -> int:
    if status in _SUCCESS:
        return layout.AT_SUCCESS
    is_warning = status is not None and (status in _WARNING or status >> 12 == _WARNINGS_BEGIN_WITH)
    return layout.AT_WARNING if is_warning else layout.AT_FAILURE


def read_title(slots: Sequence[int], row: int) -> str:
    """Return the AE title of a row."""
    at = layout.row_at(row)
    return b"".join(slot.to_bytes(8, "little") for slot in slots[at : at + 2]).rstrip(b"\0").decode("ascii", "replace")


def _set_title(slots: Slots, row: int, ae_title: str) -> None:
    encoded = ae_title.encode("ascii", "replace")[:16].ljust(16, b"\0")
    at = layout.row_at(row)
    slots[at], slots[at + 1] = (int.from_bytes(encoded[half : half + 8], "little") for half in (0, 8))

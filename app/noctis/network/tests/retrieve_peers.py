"""Peers of C-GET and C-MOVE: DCMTK's programs, and a receiver that does what a test wants."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

from pydicom.uid import UID
from pynetdicom import AE, evt
from pynetdicom.dimse_primitives import C_STORE
from pynetdicom.sop_class import _STORAGE_CLASSES

from tests.support.dicom_service import DicomService
from tests.support.peers import Done, data_set_bytes, dcmtk, echoscu
from tests.support.ports import free_ports
from tests.support.waiting import wait_for

TITLES = ("-aec", "NOCTIS_PACS")


def movescu(
    service: DicomService, destination: str, *keys: str, calling: str = "MOVESCU", options: tuple[str, ...] = ("-S",)
) -> Done[str]:
    """Ask with DCMTK to move what ``keys`` say to ``destination``."""
    asked = [word for key in keys for word in ("-k", key)]
    place = ("127.0.0.1", str(service.port))
    return dcmtk("movescu", "-d", *options, "-aet", calling, *TITLES, "-aem", destination, *asked, *place)


def getscu(
    service: DicomService, folder: Path, *keys: str, calling: str = "GETSCU", options: tuple[str, ...] = ("-S",)
) -> Done[str]:
    """Get with DCMTK what ``keys`` say; bytes are written as they come."""
    folder.mkdir(exist_ok=True)
    asked = [word for key in keys for word in ("-k", key)]
    place = ("127.0.0.1", str(service.port))
    return dcmtk("getscu", "-d", "+B", *options, "-aet", calling, *TITLES, *asked, "-od", str(folder), *place)


def final_response(done: Done[str]) -> dict[str, int]:
    """Return status and counts of the last response that DCMTK shows."""
    said = done.stdout + done.stderr
    last = max(
        said.rfind("Message Type                  : C-MOVE RSP"),
        said.rfind("Message Type                  : C-GET RSP"),
    )
    assert last >= 0, said
    counts = counts_of(said[last:])
    if not counts.get("Remaining"):  # DCMTK shows 0 where there is none
        counts.pop("Remaining", None)
    return counts


def counts_of(said: str) -> dict[str, int]:
    """Return status and counts of the first response in what DCMTK shows."""
    counts = {
        name: int(value)
        for name, value in re.findall(r"(Remaining|Completed|Failed|Warning) Suboperations\s*: (\d+)", said)[:4][::-1]
    }
    status = re.search(r"DIMSE Status\s*: 0x([0-9a-f]{4})", said)
    assert status, said
    return {"Status": int(status[1], 16), **counts}


def data_sets(folder: Path) -> dict[str, bytes]:
    """Return the data set's bytes of every file in a folder by its SOP Instance UID."""
    found = {}
    for path in folder.iterdir():
        if path.read_bytes()[128:132] == b"DICM":
            meta = _meta(path)
            found[meta] = data_set_bytes(path)
    return found


def _meta(path: Path) -> str:
    from pydicom.filereader import read_file_meta_info

    return str(read_file_meta_info(path).MediaStorageSOPInstanceUID)


@contextmanager
def storescp(folder: Path, *options: str) -> Iterator[int]:
    """Run DCMTK's receiver, which keeps data sets as they come, with options; gives its port."""
    (port,) = free_ports(1)
    folder.mkdir(exist_ok=True)
    command = ["/usr/bin/storescp", "--bit-preserving", *options, "--output-directory", str(folder), str(port)]
    with (
        (folder.parent / f"{folder.name}.log").open("wb") as log,
        subprocess.Popen(command, env={**os.environ, "TCP_NODELAY": "1"}, stdout=log, stderr=log) as receiver,
    ):
        try:
            wait_for(lambda: echoscu(port).returncode == 0, "DCMTK's storescp")
            yield port
        finally:
            receiver.terminate()


@dataclass
class Receiver:
    """A destination that answers each C-STORE by what ``answer`` says of its number, and notes what came."""

    answer: Callable[[evt.Event, int], int]
    received: list[str] = field(default_factory=list)
    associations: int = 0
    originators: set[tuple[str, int]] = field(default_factory=set)

    @contextmanager
    def listening(self, *syntaxes: str) -> Iterator[int]:
        """Accept every storage class in ``syntaxes``; gives the port."""
        (port,) = free_ports(1)
        entity = AE("RECEIVER")
        for uid in _STORAGE_CLASSES.values():
            entity.add_supported_context(UID(uid), list(syntaxes))
        entity.add_supported_context("1.2.840.10008.1.1")
        handlers: Any = [(evt.EVT_C_STORE, self._take), (evt.EVT_ESTABLISHED, self._count)]
        server: Any = entity.start_server(("127.0.0.1", port), block=False, evt_handlers=handlers)
        try:
            yield port
        finally:
            server.shutdown()

    def _count(self, event: evt.Event) -> None:
        self.associations += 1

    def _take(self, event: evt.Event) -> int:
        request = cast("C_STORE", event.request)
        self.received.append(str(request.AffectedSOPInstanceUID))
        if request.MoveOriginatorApplicationEntityTitle:
            originator = request.MoveOriginatorApplicationEntityTitle.strip()
            self.originators.add((originator, request.MoveOriginatorMessageID or 0))
        return self.answer(event, len(self.received))

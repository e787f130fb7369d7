"""Who is compared: an appliance, Orthanc and DCMTK's receiver, each with an empty archive in a folder of its own."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from tests.bench.figures import NOCTIS
from tests.support.appliance import Appliance, server_settings
from tests.support.http_session import HttpSession
from tests.support.orthanc import Orthanc
from tests.support.peers import echoscu
from tests.support.ports import free_ports
from tests.support.waiting import wait_for

ORTHANC = "Orthanc"
STORESCP = "DCMTK storescp"
CALLING = "NORTH_CT"
ATTEMPTS = 3
FRAME = "multipart/related; type=application/octet-stream"


class Contender(Protocol):
    """Somebody who takes images."""

    @property
    def name(self) -> str:
        """What it is called."""

    @property
    def ae_title(self) -> str:
        """Its AE title."""

    @property
    def port(self) -> int:
        """Its port for DICOM."""

    def settle(self) -> None:
        """Return when nothing is left to do of what was stored, so that it does not burden the next contender."""


class Archive(Contender, Protocol):
    """A contender that has a web interface too."""

    def search(self, patient_id: str) -> int:
        """Return how many studies are found."""

    def series(self, study_uid: str, series_uid: str) -> tuple[int, str]:
        """Return how many instances the metadata of a series tell of, and the address of the first frame."""

    def frame(self, address: str) -> bytes:
        """Return the pixels of a frame."""


@dataclass
class Noctis:
    """The appliance as ``make run`` starts it, on the databases of this run."""

    appliance: Appliance
    web: HttpSession
    name: str = NOCTIS

    @property
    def ae_title(self) -> str:
        return self.appliance.ae_title

    @property
    def port(self) -> int:
        return self.appliance.dicom_port

    def settle(self) -> None:
        self.appliance.wait_until_indexed(seconds=600)

    def search(self, patient_id: str) -> int:
        return len(json.loads(self.web.get(f"/dicom-web/studies?PatientID={patient_id}&limit=1000")))

    def series(self, study_uid: str, series_uid: str) -> tuple[int, str]:
        address = f"/dicom-web/studies/{study_uid}/series/{series_uid}"
        metadata = json.loads(self.web.get(f"{address}/metadata"))
        return len(metadata), f"{address}/instances/{metadata[0]['00080018']['Value'][0]}/frames/1"

    def frame(self, address: str) -> bytes:
        return self.web.get(address, FRAME)


@dataclass
class OrthancArchive:
    """Orthanc as its package configures it, data written to the disk before it answers, with SQLite as its index."""

    orthanc: Orthanc
    name: str = ORTHANC

    @property
    def ae_title(self) -> str:
        return self.orthanc.ae_title

    @property
    def port(self) -> int:
        return self.orthanc.port

    def settle(self) -> None:
        pass

    def search(self, patient_id: str) -> int:
        asked = {"Level": "Study", "Query": {"PatientID": patient_id}, "Expand": True}
        return len(self.orthanc.post("/tools/find", asked))

    def series(self, study_uid: str, series_uid: str) -> tuple[int, str]:
        (found,) = self.orthanc.post("/tools/lookup", series_uid.encode())
        instances = self.orthanc.get(f"/series/{found['ID']}/instances-tags")
        return len(instances), f"/instances/{next(iter(instances))}/frames/0/raw"

    def frame(self, address: str) -> bytes:
        return self.orthanc.request("GET", address)


@dataclass
class StoreScp:
    """DCMTK's receiver with a process for each association; it neither syncs nor indexes."""

    folder: Path
    port: int
    name: str = STORESCP
    ae_title: str = "STORESCP"

    def settle(self) -> None:
        """Give the disk space back."""
        for path in self.folder.iterdir():
            path.unlink()


@contextmanager
def noctis(folder: Path) -> Iterator[Noctis]:
    """Give a running appliance."""
    appliance = Appliance(folder / "noctis", server_settings(folder / "noctis"))
    try:
        appliance.start()
        appliance.fill()
        with closing(HttpSession(appliance.http_port)) as web:
            web.sign_in(appliance.account("radiologist", "NORTH"))
            yield Noctis(appliance, web)
    finally:
        appliance.stop()


@contextmanager
def orthanc(folder: Path) -> Iterator[OrthancArchive]:
    """Give a running Orthanc."""
    settings = {"SyncStorageArea": True, "HttpThreadsCount": 50, "StableAge": 60}
    with _started(lambda: Orthanc(folder / "orthanc", settings=settings, program_options=())) as running:
        yield OrthancArchive(running)


@contextmanager
def _started(new: Callable[[], Orthanc]) -> Iterator[Orthanc]:
    """Give a running Orthanc; another one is tried where somebody was faster to take one of its ports."""
    for attempt in range(ATTEMPTS):
        running = new()
        try:
            running.start()
            break
        except AssertionError:
            running.stop()
            if attempt + 1 == ATTEMPTS:
                raise
    try:
        yield running
    finally:
        running.stop()


@contextmanager
def storescp(folder: Path) -> Iterator[StoreScp]:
    """Give a running storescp."""
    (port,) = free_ports(1)
    received = folder / "storescp"
    received.mkdir()
    options = ["--fork", "--bit-preserving", "--accept-all", "--output-directory", str(received)]
    with subprocess.Popen(
        ["/usr/bin/storescp", *options, str(port)],
        env={**os.environ, "TCP_NODELAY": "1"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:
        try:
            wait_for(lambda: echoscu(port).returncode == 0, "DCMTK's storescp")
            yield StoreScp(received, port)
        finally:
            process.terminate()

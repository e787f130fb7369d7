"""Orthanc, the DICOM server of Debian's package ``orthanc``, as a peer: it asks what it is told to by its REST API."""

from __future__ import annotations

import json
import os
import subprocess
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.support.certificates import Certificate
from tests.support.ports import free_ports
from tests.support.waiting import wait_for

PROGRAM = Path("/usr/sbin/Orthanc")
_SMALL: dict[str, Any] = {
    "ConcurrentJobs": 2,
    "DicomAssociationCloseDelay": 0,
    "DicomScuTimeout": 30,
    "DicomThreadsCount": 4,
    "HttpThreadsCount": 4,
    "LuaScripts": [],
    "Plugins": [],
    "SaveJobs": False,
    "StableAge": 1,
    "SyncStorageArea": False,
    "WebDavEnabled": False,
}
_TRUSTING: dict[str, Any] = {
    "AuthenticationEnabled": False,
    "RemoteAccessAllowed": False,
    "DicomAlwaysAllowEcho": True,
    "DicomAlwaysAllowStore": True,
    "DicomAlwaysAllowFind": True,
    "DicomAlwaysAllowFindWorklist": True,
    "DicomAlwaysAllowGet": True,
    "DicomAlwaysAllowMove": True,
    "DicomCheckModalityHost": False,
    "UnknownSopClassAccepted": True,
    "DeidentifyLogs": False,
}


class OrthancRefused(Exception):
    """Orthanc answered a REST request with an error."""

    def __init__(self, status: int, answer: dict[str, Any]) -> None:
        """Keep the HTTP status and what Orthanc says."""
        super().__init__(f"{status}: {answer}")
        self.status = status
        self.answer = answer


@dataclass(frozen=True)
class Modality:
    """An application entity that Orthanc knows; ``options`` such as ``AllowTranscoding`` or ``LocalAet``."""

    ae_title: str
    port: int
    use_tls: bool = False
    options: Mapping[str, Any] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """Return it as Orthanc's configuration has it."""
        place = {"AET": self.ae_title, "Host": "127.0.0.1", "Port": self.port, "UseDicomTls": self.use_tls}
        return {**place, **self.options}


@dataclass(frozen=True)
class OrthancTls:
    """How Orthanc speaks TLS: what it shows as client and as server, and whom it trusts.

    With ``own_port`` its own port takes nothing else, and with ``demands_certificate`` callers must show one.
    """

    trusted: Path
    own: Certificate
    own_port: bool = True
    demands_certificate: bool = True

    def as_json(self) -> dict[str, Any]:
        """Return it as Orthanc's configuration has it."""
        return {
            "DicomTlsEnabled": self.own_port,
            "DicomTlsCertificate": str(self.own.certificate),
            "DicomTlsPrivateKey": str(self.own.key),
            "DicomTlsTrustedCertificates": str(self.trusted),
            "DicomTlsRemoteCertificateRequired": self.demands_certificate,
        }


@dataclass
class Orthanc:
    """An Orthanc with an empty archive in ``folder``, which ``settings`` of its configuration file may change.

    It knows ``modalities`` by their names; ``know`` tells it of one when it is running.
    """

    folder: Path
    ae_title: str = "ORTHANC"
    modalities: Mapping[str, Modality] = field(default_factory=dict)
    settings: Mapping[str, Any] = field(default_factory=dict)
    tls: OrthancTls | None = None
    program_options: tuple[str, ...] = ("--verbose-dicom",)
    _process: subprocess.Popen[bytes] | None = None

    def __post_init__(self) -> None:
        """Choose ports."""
        self.port, self.http_port = free_ports(2)

    def configuration(self) -> dict[str, Any]:
        """Return the content of its configuration file."""
        return {
            **_SMALL,
            **_TRUSTING,
            "Name": self.ae_title,
            "StorageDirectory": str(self.folder / "storage"),
            "IndexDirectory": str(self.folder / "index"),
            "HttpPort": self.http_port,
            "DicomAet": self.ae_title,
            "DicomPort": self.port,
            "DicomModalities": {name: one.as_json() for name, one in self.modalities.items()},
            **(self.tls.as_json() if self.tls else {}),
            **self.settings,
        }

    def start(self) -> None:
        """Start it and wait until both of its servers answer; on other ports where somebody was faster."""
        for attempts_left in (2, 1, 0):
            self._launch()
            try:
                wait_for(self._is_ready, "Orthanc", seconds=60)
            except AssertionError:
                if not attempts_left or "already in use" not in self.said():
                    raise
                self.stop()
                self.port, self.http_port = free_ports(2)
            else:
                return

    def _launch(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        file = self.folder / "orthanc.json"
        file.write_text(json.dumps(self.configuration(), indent=2), encoding="utf-8")
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                [str(PROGRAM), *self.program_options, str(file)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self.folder,
                env={**os.environ, "TCP_NODELAY": "1"},
            )

    def stop(self) -> None:
        """End it, if it runs."""
        process, self._process = self._process, None
        if process is None:
            return
        process.terminate()
        try:
            process.wait(timeout=30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def __enter__(self) -> Orthanc:  # noqa: PYI034  (typing.Self needs Python 3.11)
        try:
            self.start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_error: object) -> None:
        self.stop()

    def said(self) -> str:
        """Return its log."""
        return self._log.read_text(encoding="utf-8", errors="replace")

    def know(self, name: str, modality: Modality) -> None:
        """Let it know an application entity under a name, or replace what it knew under it."""
        self.put(f"/modalities/{name}", modality.as_json())

    def get(self, path: str) -> Any:
        """GET what is JSON."""
        return json.loads(self.request("GET", path))

    def post(self, path: str, body: Any = None) -> Any:
        """POST ``body`` as JSON, or bytes as they are, and return the JSON that comes back. Raises OrthancRefused."""
        answer = self.request("POST", path, {} if body is None else body)
        return json.loads(answer) if answer else None

    def put(self, path: str, body: Any) -> None:
        """PUT ``body`` as JSON."""
        self.request("PUT", path, body)

    def delete(self, path: str) -> None:
        """DELETE a resource."""
        self.request("DELETE", path)

    def request(self, method: str, path: str, body: Any = None, *, timeout: float = 60.0) -> bytes:
        """Return what a REST request is answered with. Raises OrthancRefused."""
        data = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
        request = urllib.request.Request(f"http://127.0.0.1:{self.http_port}{path}", data, method=method)
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(request, timeout=timeout) as answer:
                return bytes(answer.read())
        except urllib.error.HTTPError as error:
            text = error.read()
            raise OrthancRefused(error.code, json.loads(text) if text.startswith(b"{") else {}) from error

    def upload(self, path: Path) -> str:
        """Give it a file and return its own name for the instance."""
        return str(self.post("/instances", path.read_bytes())["ID"])

    def instances(self) -> dict[str, str]:
        """Return its own name for each of its instances by their SOP Instance UID."""
        return {
            self.get(f"/instances/{name}/simplified-tags")["SOPInstanceUID"]: name for name in self.get("/instances")
        }

    def file_of(self, sop_instance_uid: str) -> bytes:
        """Return the DICOM file of an instance."""
        return self.request("GET", f"/instances/{self.instances()[sop_instance_uid]}/file")

    def store(self, modality: str, *resources: str) -> None:
        """Send patients, studies, series or instances, by its own names for them. Raises OrthancRefused."""
        self.post(f"/modalities/{modality}/store", {"Resources": resources, "Synchronous": True})

    def query(self, modality: str, level: str, **keys: str) -> str:
        """Ask by C-FIND at a level such as ``Study``; return the path of the query's answers. Raises OrthancRefused."""
        path = self.post(f"/modalities/{modality}/query", {"Level": level, "Query": keys})["Path"]
        return f"{path}/answers"

    def find(self, modality: str, level: str, **keys: str) -> list[dict[str, Any]]:
        """Ask by C-FIND and return the values of the answers by keyword. Raises OrthancRefused."""
        answers = self.query(modality, level, **keys)
        return [self.get(f"{answers}/{number}/content?simplify") for number in self.get(answers)]

    def retrieve(self, answers: str, *numbers: int) -> None:
        """Have the answers of a query moved to itself, all of them where no ``numbers`` are given."""
        body = {"TargetAet": self.ae_title, "Synchronous": True}
        for place in [f"{answers}/{number}" for number in numbers] or [answers.removesuffix("/answers")]:
            self.post(f"{place}/retrieve", body)

    def move(self, modality: str, level: str, destination: str, *resources: Mapping[str, str]) -> None:
        """Have what the modality holds moved to ``destination``. Raises OrthancRefused."""
        body = {"Level": level, "TargetAet": destination, "Resources": resources, "Synchronous": True}
        self.post(f"/modalities/{modality}/move", body)

    def clear(self) -> None:
        """Delete all of its patients."""
        for patient in self.get("/patients"):
            self.delete(f"/patients/{patient}")

    @property
    def _log(self) -> Path:
        return self.folder / "orthanc.log"

    def _is_ready(self) -> bool:
        if self._process is None or self._process.poll() is not None:
            raise AssertionError(f"Orthanc ended:\n{self.said()}")
        return "Orthanc has started" in self.said()  # after both of its servers


@contextmanager
def running_orthanc(folder: Path, *, ae_title: str = "ORTHANC", **options: Any) -> Iterator[Orthanc]:
    """Give a running Orthanc that is stopped afterwards; ``options`` as of ``Orthanc``."""
    with Orthanc(folder, ae_title, **options) as orthanc:
        yield orthanc

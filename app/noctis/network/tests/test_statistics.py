"""What the running service counts is what its peers did."""

from __future__ import annotations

import os
import signal
import socket
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pydicom.dataset import Dataset
from pynetdicom import AE, evt

from noctis.data_directory import DataDirectory
from noctis.network.answers import keep_answers
from noctis.network.services import MODALITY_PERFORMED_PROCEDURE_STEP
from noctis.network.statistics_report import read_report
from noctis.network.tests.commitment_peers import ReportTaker, associated, information
from tests.support.dicom_service import DicomService
from tests.support.peers import RawSender, SentObject, bit_preserving_storescp, dcmtk, send_raw
from tests.support.waiting import wait_for

pytestmark = pytest.mark.integration

NewService = Callable[..., DicomService]


def figures(service: DicomService) -> dict[str, Any]:
    """Return the form for programs, once every association is over."""
    data = DataDirectory(service.data_dir)
    wait_for(lambda: read_report(data).active == 0, "the end of every association")
    return read_report(data).as_json(per_peer=True)


def of_peer(found: dict[str, Any], ae_title: str) -> dict[str, Any]:
    """Return the figures of one application entity."""
    return next(peer for peer in found["application_entities"] if peer["ae_title"] == ae_title)


def tool(program: str, *arguments: str, title: str = "CT1", check: bool = True) -> None:
    """Run a DCMTK tool under a title of its own."""
    done = dcmtk(program, "-aet", title, "-aec", "NOCTIS_PACS", *arguments)
    assert not check or done.returncode == 0, done.stdout + done.stderr


def address(service: DicomService) -> list[str]:
    """Return host and port as DCMTK takes them."""
    return ["127.0.0.1", str(service.port)]


def test_the_counts_are_what_dcmtk_did(
    new_service: NewService, make_images: Callable[..., list[SentObject]], tmp_path: Path
) -> None:
    service = new_service(processes=3)
    images = make_images(12)
    with bit_preserving_storescp(tmp_path) as port:
        service.manage("add_ae", "WS1", "--facility", "NORTH", "--host", "127.0.0.1", "--port", str(port))
        for _ in range(3):
            tool("echoscu", *address(service))
        tool("storescu", *address(service), *[str(image.path) for image in images[:7]])
        tool("storescu", *address(service), *[str(image.path) for image in images[7:]], title="CT2")
        for _ in range(4):
            keys = ["-k", "QueryRetrieveLevel=STUDY", "-k", "StudyInstanceUID=2.25.1"]
            tool("findscu", "-S", *keys, *address(service))
        tool("findscu", "-W", "-k", "PatientName=*", *address(service))
        tool("movescu", "-S", "-aem", "WS1", *keys, *address(service))
        tool("movescu", "-S", "-aem", "NOBODY", *keys, *address(service), check=False)
        got = tmp_path / "got"
        got.mkdir()
        tool("getscu", "-S", "-od", str(got), *keys, *address(service))
    found = figures(service)
    services = found["services"]
    counted = {name: (one["requests"], one["success"], one["failure"]) for name, one in services.items()}
    assert counted == {
        "c_echo": (3, 3, 0),
        "c_store": (12, 12, 0),
        "c_find": (4, 4, 0),
        "c_find_worklist": (1, 1, 0),
        "c_move": (2, 1, 1),
        "c_get": (1, 1, 0),
        "c_store_sent": (24, 24, 0),
        "n_create": (0, 0, 0),
        "n_set": (0, 0, 0),
        "n_action": (0, 0, 0),
        "n_event_report": (0, 0, 0),
        "other": (0, 0, 0),
    }
    assert found["instances"] == {"received": 12, "sent": 24}
    assert found["connections"] == {"total": 13, "active": 0, "failed": 0, "rejected": 0, "aborted": 0}
    assert services["c_store"]["last_minute"] == 12
    assert services["c_store"]["latency_ms"]["p50"] <= services["c_store"]["latency_ms"]["p99"]
    assert of_peer(found, "CT1")["instances"] == {"received": 7, "sent": 12}
    assert of_peer(found, "CT2")["services"]["c_store"]["success"] == 5
    assert of_peer(found, "WS1")["instances"] == {"received": 0, "sent": 12}
    assert len(list(got.iterdir())) == 12


def test_reports_of_both_kinds_count_over_whichever_association_they_go(
    new_service: NewService, make_images: Callable[..., list[SentObject]]
) -> None:
    service, taker, images = new_service(), ReportTaker(), make_images(2)
    service.manage("add_ae", "CT1", "--facility", "NORTH", "--host", "127.0.0.1", "--port", str(taker.port))
    send_raw(service.port, images, calling="CT1")
    with taker.listening():
        with associated(service) as modality:
            assert modality.ask(information("2.25.100", images))[0] == 0
            modality.hear()
        with associated(service) as modality:
            assert modality.ask(information("2.25.200", images))[0] == 0
        wait_for(lambda: taker.reports, "a report over a new association")
    steps = AE("CT1")
    steps.add_requested_context(MODALITY_PERFORMED_PROCEDURE_STEP)
    handlers: list[Any] = [(evt.EVT_CONN_OPEN, keep_answers)]
    association = steps.associate("127.0.0.1", service.port, ae_title="NOCTIS_PACS", evt_handlers=handlers)
    incomplete = Dataset()
    incomplete.PerformedProcedureStepStatus = "IN PROGRESS"
    association.send_n_create(incomplete, MODALITY_PERFORMED_PROCEDURE_STEP, "2.25.7")
    association.send_n_set(incomplete, MODALITY_PERFORMED_PROCEDURE_STEP, "2.25.7")
    association.release()
    wait_for(lambda: figures(service)["services"]["n_event_report"]["requests"] == 2, "both reports in the figures")
    services = of_peer(figures(service), "CT1")["services"]
    assert {name: (one["success"], one["failure"]) for name, one in services.items()} == {
        "c_store": (2, 0),
        "n_action": (2, 0),
        "n_event_report": (2, 0),
        "n_create": (0, 1),
        "n_set": (0, 1),
    }


def test_the_bytes_are_those_on_the_wire(new_service: NewService, make_images: Callable[..., list[SentObject]]) -> None:
    service = new_service()
    (image,) = make_images(1, padding=3_000_000)
    size = image.path.stat().st_size
    with Relay(service.port) as relay:
        tool("storescu", "127.0.0.1", str(relay.port), str(image.path))
        keys = ["-k", "QueryRetrieveLevel=STUDY", "-k", "StudyInstanceUID=2.25.1"]
        tool("getscu", "-S", "--ignore", *keys, "127.0.0.1", str(relay.port))
    found = figures(service)
    assert size < relay.received < size + 100_000
    assert found["bytes"] == {"received": relay.received, "sent": relay.sent}
    assert of_peer(found, "CT1")["bytes"] == found["bytes"]


def test_who_is_refused_or_breaks_off_counts_as_failed(new_service: NewService, ct: SentObject) -> None:
    service = new_service(NOCTIS_DICOM_BLOCKED_CALLING_AE_TITLES="OLD")
    tool("echoscu", *address(service), title="OLD", check=False)
    tool("echoscu", "--abort", *address(service))
    with socket.create_connection(("127.0.0.1", service.port)) as connection:
        connection.sendall(b"\x16\x03\x01\x00\x05hello")
        assert connection.recv(1) == b""
    found = figures(service)
    assert found["connections"] == {"total": 3, "active": 0, "failed": 3, "rejected": 2, "aborted": 1}
    assert of_peer(found, "OLD")["connections"] == {"total": 1, "failed": 1, "rejected": 1, "aborted": 0}
    assert of_peer(found, "CT1")["connections"] == {"total": 1, "failed": 1, "rejected": 0, "aborted": 1}


def test_a_refused_instance_counts_as_a_failure(new_service: NewService, ct: SentObject) -> None:
    service = new_service()
    with RawSender(service.port, [ct]) as sender:
        assert sender.send(ct, announce="2.25.4711")[0] != 0
    stored = figures(service)["services"]["c_store"]
    assert (stored["requests"], stored["failure"]) == (1, 1)


def test_running_associations_are_counted_and_those_of_a_killed_process_are_not(
    new_service: NewService, ct: SentObject
) -> None:
    service = new_service(processes=1)
    data = DataDirectory(service.data_dir)
    tool("echoscu", *address(service), "--repeat", "4")
    (acceptor,) = [pid for pid in service.children() if "acceptor-1" in mapped_files(pid)]
    with RawSender(service.port, [ct]):
        wait_for(lambda: read_report(data).active == 1, "a running association")
        os.kill(acceptor, signal.SIGKILL)
        wait_for(lambda: read_report(data).active == 0, "the end of the process")
    echoed = read_report(data).as_json()["services"]["c_echo"]
    assert echoed["requests"] == 4, "what a killed process counted is lost"
    wait_for(lambda: "acceptor-1" in "".join(map(mapped_files, service.children())), "another acceptor")
    tool("echoscu", *address(service))
    assert figures(service)["services"]["c_echo"]["requests"] == 5


def test_figures_begin_anew_with_the_service_and_outlive_it(new_service: NewService) -> None:
    service = new_service()
    data = DataDirectory(service.data_dir)
    tool("echoscu", *address(service))
    service.stop()
    report = read_report(data)
    assert not report.is_running
    assert report.uptime is None
    assert report.as_json()["services"]["c_echo"]["requests"] == 1
    service.start()
    assert read_report(data).is_running
    assert read_report(data).as_json()["services"]["c_echo"]["requests"] == 0


def mapped_files(pid: int) -> str:
    """Return the memory map of a process."""
    return Path(f"/proc/{pid}/maps").read_text(encoding="utf-8")


class Relay:
    """Passes connections on to a port, one after the other, and counts the bytes."""

    def __init__(self, target: int) -> None:
        self.received = 0
        self.sent = 0
        self._target = target
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]

    def __enter__(self) -> Relay:  # noqa: PYI034  (typing.Self needs Python 3.11)
        threading.Thread(target=self._serve, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.close()

    def _serve(self) -> None:
        while True:
            try:
                client = self._listener.accept()[0]
            except OSError:
                return
            server = socket.create_connection(("127.0.0.1", self._target))
            back = threading.Thread(target=self._pass_on, args=(server, client, "sent"))
            back.start()
            self._pass_on(client, server, "received")
            back.join()
            client.close()
            server.close()

    def _pass_on(self, source: socket.socket, target: socket.socket, name: str) -> None:
        try:
            while data := source.recv(65536):
                setattr(self, name, getattr(self, name) + len(data))
                target.sendall(data)
            target.shutdown(socket.SHUT_WR)
        except OSError:
            return

"""The HL7 listener with real peers, also bad ones."""

from __future__ import annotations

import os
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from io import StringIO
from pathlib import Path

import hl7
import pytest
from django.core.management import CommandError, call_command
from hl7.client import MLLPClient

from noctis.modality_worklist.hl7_listener import ListenerCannotStart, ListenerConfiguration
from noctis.modality_worklist.models import ScheduledProcedureStep
from noctis.modality_worklist.tests.hl7_messages import header, order
from tests.support.appliance import server_settings
from tests.support.in_this_process import application_on
from tests.support.ports import free_ports
from tests.support.waiting import wait_for, wait_until_said

MANAGE = [sys.executable, str(Path(__file__).resolve().parents[3] / "manage.py")]


@dataclass
class Listener:
    """A listener in a process of its own."""

    port: int
    log: Path
    environment: dict[str, str]
    process: subprocess.Popen[bytes]

    def said(self) -> str:
        return self.log.read_text()

    def code(self, message: bytes) -> str:
        with MLLPClient("127.0.0.1", self.port) as client:
            client.socket.settimeout(20)
            return acknowledged(client.send_message(message))

    def connect(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), timeout=20)

    def steps(self) -> int:
        with application_on(self.environment):
            return ScheduledProcedureStep.objects.count()


def acknowledged(block: bytes) -> str:
    return str(hl7.parse(block.strip(b"\x0b\x1c\r").decode()).segment("MSA")[1])


def until_closed(peer: socket.socket) -> bytes:
    received = b""
    try:
        while chunk := peer.recv(65536):
            received += chunk
    except ConnectionResetError:
        pass
    return received


@pytest.fixture(scope="module")
def start(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Listener]]:
    """Give a function that starts a listener with further settings."""
    folder = tmp_path_factory.mktemp("hl7")
    environment = {
        **os.environ,
        "NOCTIS_DATA_DIR": str(folder / "data"),
        "NOCTIS_HL7_ENABLED": "true",
        **server_settings(folder / "data"),
    }
    with application_on(environment):
        call_command("add_facility", "NORTH", "North", stdout=StringIO())
    running: list[subprocess.Popen[bytes]] = []

    def starter(**settings: str) -> Listener:
        (port,) = free_ports(1)
        log = folder / f"log-{port}"
        own = {**environment, "NOCTIS_HL7_PORT": str(port), **settings}
        with log.open("wb") as output:
            process = subprocess.Popen([*MANAGE, "start_hl7_listener"], env=own, stdout=output, stderr=output)
        running.append(process)
        wait_for(lambda: "HL7 listener" in log.read_text() or process.poll(), "the listener", seconds=60)
        return Listener(port, log, own, process)

    yield starter
    for process in running:
        process.kill()
        process.wait()


@pytest.fixture(scope="module")
def listener(start: Callable[..., Listener]) -> Listener:
    """Run a strict listener: 8 kB a message, one second for it, five of silence, four connections."""
    return start(
        NOCTIS_HL7_MAX_MESSAGE_BYTES="8192",
        NOCTIS_HL7_MESSAGE_SECONDS="1",
        NOCTIS_HL7_IDLE_SECONDS="5",
        NOCTIS_HL7_MAX_CONNECTIONS="4",
    )


@pytest.mark.integration
@pytest.mark.sqlite
def test_orders_are_taken_over_one_connection_and_over_several(listener):
    with MLLPClient("127.0.0.1", listener.port) as client:
        for number in (1, 2, 2):
            message = order(common={2: f"PL{number}"}, details={18: f"A{number}"}, control_id=f"C{number}")
            assert acknowledged(client.send_message(message)) == "AA"
    codes: list[str] = []
    senders = [
        threading.Thread(
            target=lambda n=n: codes.append(listener.code(order(common={2: f"P{n}"}, details={18: f"B{n}"})))
        )
        for n in range(3)
    ]
    for sender in senders:
        sender.start()
    for sender in senders:
        sender.join()
    assert codes == ["AA"] * 3
    assert listener.steps() == 5
    wait_until_said(listener, "HL7 ORM^O01 C2 from 127.0.0.1: AA")
    assert "Phantom" not in listener.said()


@pytest.mark.integration
def test_a_refused_message_leaves_the_connection_usable(listener):
    with MLLPClient("127.0.0.1", listener.port) as client:
        assert acknowledged(client.send_message(header("ADT^A01"))) == "AR"
        assert acknowledged(client.send_message(order(common={2: "PL5"}, details={18: "A5"}))) == "AA"


@pytest.mark.integration
def test_messages_may_come_in_pieces_and_with_line_ends_between(listener):
    with listener.connect() as peer:
        peer.sendall(b"\r\n\x0b" + order()[:50])
        time.sleep(0.2)
        peer.sendall(order()[50:] + b"\x1c\r\r\n\x0b" + header("ADT^A01").encode() + b"\x1c\r")
        wanted, received = 2, b""
        while received.count(b"\x1c\r") < wanted:
            received += peer.recv(65536)
    assert [acknowledged(block) for block in received.split(b"\x1c\r")[:2]] == ["AA", "AR"]


@pytest.mark.integration
@pytest.mark.parametrize("garbage", [b"GET / HTTP/1.1\r\n\r\n", b"\x16\x03\x01\x02\x00\x01", b"\x00" * 100])
def test_what_is_no_mllp_is_cut_off(listener, garbage):
    with listener.connect() as peer:
        peer.sendall(garbage)
        assert until_closed(peer) == b""
    assert listener.code(order()) == "AA"


@pytest.mark.integration
def test_an_endless_message_is_refused_and_cut_off(listener):
    with listener.connect() as peer:
        with suppress(ConnectionError):
            peer.sendall(b"\x0b" + b"A" * 100_000)
        received = until_closed(peer)
    assert received == b"" or acknowledged(received) == "AR"
    wait_for(lambda: "a message of more than 8192 bytes" in listener.said(), "the warning")
    assert listener.code(order()) == "AA"


@pytest.mark.integration
def test_a_peer_that_drips_is_cut_off(listener):
    with listener.connect() as peer:
        began = time.monotonic()
        try:
            for byte in b"\x0b" + order():
                peer.sendall(bytes([byte]))
                time.sleep(0.05)
                if time.monotonic() - began > 10:
                    break
        except ConnectionError:
            pass
        assert time.monotonic() - began < 5
    assert listener.code(order()) == "AA"


@pytest.mark.integration
def test_a_silent_peer_is_cut_off_and_a_crowd_kept_out(listener):
    silent = [listener.connect() for _ in range(4)]
    with listener.connect() as surplus:
        assert until_closed(surplus) == b""
    began = time.monotonic()
    assert [until_closed(peer) for peer in silent] == [b""] * 4
    assert time.monotonic() - began < 15
    for peer in silent:
        peer.close()
    assert listener.code(order()) == "AA"


@pytest.mark.integration
def test_a_peer_that_goes_away_harms_nobody(listener):
    for _ in range(3):
        with listener.connect() as peer:
            peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
            peer.sendall(b"\x0b" + order() + b"\x1c\r")
    wait_for(lambda: answers(listener), "an answer once the places of those peers are free again")
    assert "Traceback" not in listener.said()
    assert "never retrieved" not in listener.said()


def answers(listener) -> bool:
    try:
        return bool(listener.code(order()) == "AA")
    except ConnectionError:  # the limit of connections is reached
        return False


@pytest.mark.integration
def test_only_listed_peers_are_heard(start):
    closed = start(NOCTIS_HL7_PEERS="10.1.2.0/24")
    with closed.connect() as peer:
        assert until_closed(peer) == b""
    wait_until_said(closed, "no rule in NOCTIS_HL7_PEERS lets it in")


@pytest.mark.integration
@pytest.mark.sqlite
def test_sigterm_ends_it_after_the_message_in_work(start):
    busy = start()
    if "NOCTIS_DATABASE_URL" in busy.environment:
        pytest.skip("the database is held up by a lock of SQLite")
    with busy.connect() as idle, busy.connect() as peer:
        database = sqlite3.connect(Path(busy.environment["NOCTIS_DATA_DIR"]) / "noctis.sqlite3")
        database.execute("BEGIN IMMEDIATE")  # holds the message up until it is rolled back
        peer.sendall(b"\x0b" + order(common={2: "PL8"}, details={18: "A8"}) + b"\x1c\r")
        time.sleep(1)
        busy.process.send_signal(signal.SIGTERM)
        assert until_closed(idle) == b""
        assert busy.process.poll() is None
        database.rollback()
        database.close()
        assert acknowledged(until_closed(peer)) == "AA"
    assert busy.process.wait(timeout=20) == 0
    with pytest.raises(ConnectionRefusedError):
        busy.connect()


@pytest.mark.integration
def test_a_port_in_use_is_named(start, listener):
    second = start(NOCTIS_HL7_PORT=str(listener.port))
    assert second.process.wait(timeout=60) == 1
    wait_until_said(second, f"cannot listen on 127.0.0.1 port {listener.port}")
    assert "Traceback" not in second.said()


def test_the_listener_is_off_unless_switched_on():
    with pytest.raises(CommandError, match="switched off"):
        call_command("start_hl7_listener")


@pytest.mark.integration
@pytest.mark.sqlite
def test_one_that_a_keeper_starts_while_it_is_switched_off_rests(start, tmp_path):
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as keeper:
        keeper.bind(str(tmp_path / "keeper"))
        keeper.settimeout(60)
        off = start(NOCTIS_HL7_ENABLED="false", NOTIFY_SOCKET=str(tmp_path / "keeper"))
        assert keeper.recv(100) == b"READY=1"
    with pytest.raises(ConnectionRefusedError):
        off.connect()
    off.process.send_signal(signal.SIGTERM)
    assert off.process.wait(timeout=20) == 0


def test_a_peer_that_is_no_network_is_named(settings):
    settings.NOCTIS_HL7_PEERS = ["10.1.2.0/24", "hospital"]
    with pytest.raises(ListenerCannotStart, match=r"NOCTIS_HL7_PEERS .*hospital"):
        ListenerConfiguration.from_settings()

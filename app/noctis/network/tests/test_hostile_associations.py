"""Peers that ask for too much, say nothing, or go away at any moment: nobody else notices them."""

from __future__ import annotations

import socket
import ssl
import struct
import time
from collections.abc import Callable
from contextlib import ExitStack, suppress
from functools import partial
from itertools import product

import pytest

from noctis.network.tests.test_tls import tls_port, tls_settings
from tests.support.certificates import Authority
from tests.support.dicom_service import DicomService
from tests.support.footprint import unharmed
from tests.support.peers import SentObject
from tests.support.raw_peer import (
    ASSOCIATE_AC,
    C_ECHO,
    C_FIND,
    C_GET,
    COMMAND,
    DATA_SET,
    IMPLICIT,
    LAST,
    RELEASE_RQ,
    STUDY_ROOT_FIND,
    STUDY_ROOT_GET,
    VERIFICATION,
    RawPeer,
    associate_rq,
    command,
    context_item,
    item,
    p_data,
    pdu,
    role_item,
    store_command,
    study_identifier,
)

pytestmark = pytest.mark.integration

ECHO = (1, VERIFICATION, (IMPLICIT,))
MOST_CONTEXTS = 128
ATTACKER = "127.0.0.66"
PATIENCE = {"NOCTIS_DICOM_ARTIM_SECONDS": "5", "NOCTIS_DICOM_PDU_SECONDS": "5", "NOCTIS_DICOM_IDLE_SECONDS": "15"}
ABORT_PDU = pdu(0x07, bytes((0, 0, 0, 0)))


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority.make(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="module")
def service(new_module_service, authority: Authority) -> DicomService:
    """Give a service with both ports, which loses its patience soon."""
    started: DicomService = new_module_service(**PATIENCE, **tls_settings(authority.sign("service")))
    return started


def answer_to(port: int, request: bytes) -> tuple[int, bytes] | None:
    """Return the first PDU that comes back, None where the connection is closed instead."""
    with RawPeer(port, source=ATTACKER) as peer:
        with suppress(ConnectionError):
            peer.send(request)
        return peer.read()


def user_item(kind: int, count: int, body: bytes) -> bytes:
    return associate_rq([ECHO], user_items=item(kind, body) * count)


def with_items(*items: bytes) -> bytes:
    """Return a request with items before the user information."""
    whole = associate_rq([ECHO])
    start = whole.index(item(0x50, b"")[:2] + b"\0", 74)
    return pdu(0x01, whole[6:start] + b"".join(items) + whole[start:])


OVERSIZED: dict[str, bytes] = {
    "10,000 contexts": associate_rq([(2 * (n % 128) + 1, VERIFICATION, (IMPLICIT,)) for n in range(10_000)]),
    "10,000 unknown contexts": associate_rq([(1, f"1.2.{n}", (f"1.3.{n}",)) for n in range(10_000)]),
    "10,000 transfer syntaxes": with_items(*(context_item(3, VERIFICATION, [f"1.2.{n}" for n in range(2000)]),) * 4),
    "10,000 unknown items": with_items(item(0x77, b"abcd") * 10_000),
    "10,000 application contexts": with_items(item(0x10, b"1.2.840.10008.3.1.1.1") * 10_000),
    "1,000 roles": associate_rq([ECHO], user_items=role_item(VERIFICATION, scu=True, scp=True) * 1000),
    "extended negotiation": user_item(0x56, 500, struct.pack(">H", 17) + VERIFICATION.encode() + bytes(80)),
    "an identity of 60 kB": user_item(0x58, 1, bytes((1, 0)) + struct.pack(">H", 60_000) + b"u" * 60_000 + bytes(2)),
    "a long name of the implementation": user_item(0x55, 1, b"N" * 60_000),
    "an item that ends beyond the PDU": pdu(0x01, associate_rq([ECHO])[6:-4] + b"\xff\xff\xff\xff"),
    "a context without a number": with_items(item(0x20, b"")),
    "4 GB announced": pdu(0x01, associate_rq([ECHO])[6:], length=0xFFFFFFFF),
    "2 MB announced": pdu(0x01, associate_rq([ECHO])[6:], length=2 * 1024 * 1024),
    "no length": pdu(0x01, associate_rq([ECHO])[6:], length=0),
    "zeros": bytes(100_000),
    "another protocol": b"GET / HTTP/1.1\r\nHost: pacs\r\n\r\n",
}


def test_association_requests_that_are_too_much_cost_nothing(service: DicomService, ct: SentObject) -> None:
    with unharmed(service, ct):
        for what, request in OVERSIZED.items():
            for _ in range(5):
                received = answer_to(service.port, request)
                assert received is None or len(received[1]) < 20_000, f"{what}: the answer is short"


@pytest.mark.parametrize("what", ["10,000 contexts", "10,000 unknown contexts"])
def test_more_contexts_than_there_are_numbers_for_are_rejected(service: DicomService, what: str) -> None:
    received = answer_to(service.port, OVERSIZED[what])
    assert received is None or received[0] != ASSOCIATE_AC


def test_as_many_contexts_as_there_are_numbers_for_are_accepted(service: DicomService) -> None:
    contexts = [(2 * n + 1, VERIFICATION, (IMPLICIT,)) for n in range(MOST_CONTEXTS)]
    with RawPeer(service.port) as peer:
        peer.associate(contexts)
        assert peer.echo(255) == 0
        peer.release()


def test_thousands_of_connections_that_are_closed_at_once_leave_nothing(service: DicomService, ct: SentObject) -> None:
    with unharmed(service, ct):
        for number in range(2000):
            peer = RawPeer(service.port, source=ATTACKER)
            if number % 3 == 1:
                peer.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))  # a reset
            if number % 3 == 2:
                peer.send(associate_rq([ECHO]))
            peer.close()


def part_of_a_request(peer: RawPeer) -> None:
    peer.send(associate_rq([ECHO])[:40])


def one_byte(peer: RawPeer) -> None:
    peer.send(b"\x01")


def nothing(peer: RawPeer) -> None:
    pass


def part_of_a_header(peer: RawPeer) -> None:
    peer.associate([ECHO])
    peer.send(b"\x04\x00\x00")


def part_of_a_command(peer: RawPeer) -> None:
    peer.associate([ECHO])
    peer.send(p_data(1, COMMAND, command(C_ECHO, sop_class=VERIFICATION)[:20]))


def part_of_a_fragment(peer: RawPeer) -> None:
    peer.associate([ECHO])
    peer.send(p_data(1, COMMAND | LAST, command(C_ECHO, sop_class=VERIFICATION))[:-7])


def part_of_a_data_set(ct: SentObject, peer: RawPeer, cut: int) -> None:
    peer.associate([(3, ct.sop_class_uid, [ct.transfer_syntax_uid])])
    start = p_data(3, COMMAND | LAST, store_command(ct)) + p_data(3, 0, ct.data_set[:9000])
    peer.send(start[: len(start) - cut])


def a_release_that_is_not_closed(peer: RawPeer) -> None:
    peer.associate([ECHO])
    peer.send(pdu(RELEASE_RQ, bytes(4)))


def test_peers_that_go_no_further_are_let_go(service: DicomService, ct: SentObject) -> None:
    beginnings: list[Callable[[RawPeer], None]] = [
        nothing,
        one_byte,
        part_of_a_request,
        part_of_a_header,
        part_of_a_command,
        part_of_a_fragment,
        a_release_that_is_not_closed,
        partial(part_of_a_data_set, ct, cut=0),
        partial(part_of_a_data_set, ct, cut=1),
    ]
    with unharmed(service, ct) as bystander, ExitStack() as stack:
        peers = []
        for beginning in beginnings * 5:
            peers.append(stack.enter_context(RawPeer(service.port, source=ATTACKER)))
            beginning(peers[-1])
        bystander.wait_for_a_round()
        assert all(peer.was_ended() for peer in peers)


def test_peers_that_send_a_byte_now_and_then_do_not_keep_the_service(service: DicomService, ct: SentObject) -> None:
    request = associate_rq([ECHO])
    with unharmed(service, ct) as bystander, ExitStack() as stack:
        peers = [stack.enter_context(RawPeer(service.port, source=ATTACKER)) for _ in range(20)]
        for start in range(12):
            for peer in peers:
                with suppress(ConnectionError):
                    peer.send(request[start : start + 1])
            time.sleep(1)
        bystander.wait_for_a_round()
        assert all(peer.was_ended() for peer in peers)


def test_tls_handshakes_that_go_no_further_are_let_go(service: DicomService, ct: SentObject) -> None:
    hello = ssl.MemoryBIO()
    with suppress(ssl.SSLWantReadError):
        ssl.create_default_context().wrap_bio(ssl.MemoryBIO(), hello, server_hostname="pacs").do_handshake()
    greeting = hello.read()
    with unharmed(service, ct) as bystander, ExitStack() as stack:
        peers = [stack.enter_context(RawPeer(tls_port(service), source=ATTACKER)) for _ in range(40)]
        for number, peer in enumerate(peers):
            peer.send((b"", greeting[:1], greeting[:50], greeting)[number % 4])
        bystander.wait_for_a_round()
        assert all(ends(peer) for peer in peers)


def ends(peer: RawPeer) -> bool:
    with suppress(ConnectionError):
        while peer.connection.recv(4096):
            pass
    return True


def test_a_crowd_that_says_nothing_does_not_keep_others_out(new_service, ct: SentObject) -> None:
    service: DicomService = new_service(NOCTIS_DICOM_MAX_ASSOCIATIONS="20", NOCTIS_DICOM_ARTIM_SECONDS="600")
    with unharmed(service, ct) as bystander, ExitStack() as stack:
        for number in range(300):
            peer = stack.enter_context(RawPeer(service.port, source=ATTACKER))
            peer.send((b"", b"\x01", associate_rq([ECHO])[:60])[number % 3])
        bystander.wait_for_a_round()


def steps_of_an_association(ct: SentObject) -> list[bytes]:
    """Return what a peer sends in the course of an association that uses every service, in pieces."""
    store = store_command(ct)
    find = command(C_FIND, sop_class=STUDY_ROOT_FIND, data_set=DATA_SET)
    get = command(C_GET, sop_class=STUDY_ROOT_GET, data_set=DATA_SET)
    contexts = [
        ECHO,
        (3, ct.sop_class_uid, (ct.transfer_syntax_uid,)),
        (5, STUDY_ROOT_FIND, (IMPLICIT,)),
        (7, STUDY_ROOT_GET, (IMPLICIT,)),
    ]
    return [
        associate_rq(contexts, user_items=role_item(ct.sop_class_uid, scu=True, scp=True)),
        p_data(1, COMMAND | LAST, command(C_ECHO, sop_class=VERIFICATION)),
        p_data(3, COMMAND, store[:30]),
        p_data(3, COMMAND | LAST, store[30:]),
        p_data(3, 0, ct.data_set[:10_000]),
        p_data(3, LAST, ct.data_set[10_000:]),
        p_data(5, COMMAND | LAST, find),
        p_data(5, LAST, study_identifier()),
        p_data(7, COMMAND | LAST, get),
        p_data(7, LAST, study_identifier("1.2.3")),
        pdu(RELEASE_RQ, bytes(4)),
    ]


@pytest.mark.parametrize("waits", [False, True])
def test_an_end_in_any_state_leaves_nothing(service: DicomService, ct: SentObject, *, waits: bool) -> None:
    steps = steps_of_an_association(ct)
    with unharmed(service, ct):
        for last, end in product(range(len(steps) + 1), ("abort", "half-closed", "closed", "reset")):
            with RawPeer(service.port, source=ATTACKER) as peer:
                for step in steps[:last]:
                    try:
                        peer.send(step)
                    except ConnectionError:
                        assert not waits, "who waits for the answer to its request may say the rest"
                        break
                    if waits and step[0] == 1:
                        assert peer.read()
                if waits:
                    time.sleep(0.05)
                finish(peer, end)


def finish(peer: RawPeer, end: str) -> None:
    """End a connection in the way ``end``."""
    if end == "abort":
        with suppress(ConnectionError):
            peer.send(ABORT_PDU)
        assert peer.was_ended()
    elif end == "half-closed":
        with suppress(OSError):
            peer.connection.shutdown(socket.SHUT_WR)
        assert peer.was_ended()
    elif end == "reset":
        peer.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

"""Messages that no library would send: damaged at random, in fragments of a byte, out of order, without an end."""

from __future__ import annotations

import logging
import os
import random
import socket
import struct
import threading
from collections.abc import Callable
from contextlib import suppress

import pytest

from noctis.network.services import MODALITY_PERFORMED_PROCEDURE_STEP, MODALITY_WORKLIST, STORAGE_COMMITMENT_PUSH_MODEL
from tests.support.dicom_service import DicomService
from tests.support.footprint import MEGABYTE, unharmed
from tests.support.peers import SentObject
from tests.support.raw_peer import (
    C_ECHO,
    C_FIND,
    C_GET,
    C_MOVE,
    COMMAND,
    DATA_SET,
    EXPLICIT,
    IMPLICIT,
    LAST,
    NO_DATA_SET,
    STUDY_ROOT_FIND,
    STUDY_ROOT_GET,
    STUDY_ROOT_MOVE,
    VERIFICATION,
    RawPeer,
    associate_rq,
    command,
    element,
    fragments,
    p_data,
    pdu,
    role_item,
    store_answer,
    store_command,
    study_identifier,
    us,
)

pytestmark = pytest.mark.integration
logger = logging.getLogger(__name__)
logger.setLevel(logging.INFO)

N_EVENT_REPORT, N_GET, N_SET, N_ACTION, N_CREATE, N_DELETE = 0x0100, 0x0110, 0x0120, 0x0130, 0x0140, 0x0150
MUTATIONS = int(os.environ.get("FUZZ_ROUNDS", "80"))
ATTACKER = "127.0.0.66"
DIMSE_FIELDS = [0x0001, 0x0010, 0x0020, 0x0021, 0x0030, 0x0100, 0x0110, 0x0120, 0x0130, 0x0140, 0x0150, 0x0FFF]
SERVICES = {
    3: "1.2.840.10008.5.1.4.1.1.2",
    5: STUDY_ROOT_FIND,
    7: STUDY_ROOT_GET,
    9: STUDY_ROOT_MOVE,
    11: MODALITY_WORKLIST,
    13: MODALITY_PERFORMED_PROCEDURE_STEP,
    15: STORAGE_COMMITMENT_PUSH_MODEL,
}


@pytest.fixture(scope="module")
def service(new_module_service) -> DicomService:
    started: DicomService = new_module_service(
        NOCTIS_DICOM_ARTIM_SECONDS="10", NOCTIS_DICOM_PDU_SECONDS="10", NOCTIS_DICOM_IDLE_SECONDS="20"
    )
    return started


def request_of_all(ct: SentObject) -> bytes:
    """Return a request for every service, with the right to get the image too."""
    contexts = [(1, VERIFICATION, [IMPLICIT]), (3, ct.sop_class_uid, [ct.transfer_syntax_uid, EXPLICIT])]
    contexts += [(number, uid, [IMPLICIT]) for number, uid in SERVICES.items() if number != 3]
    return associate_rq(contexts, user_items=role_item(ct.sop_class_uid, scu=True, scp=True))


def streams(ct: SentObject) -> dict[str, list[bytes]]:
    """Return the PDUs that a well-behaved peer sends, by service; what follows a request is sent at once."""
    study = study_identifier("1.3.6.1.4.1.5962.1.2.1.20040119072730.12322")
    image = element(0x00080052, b"IMAGE ") + element(0x00080018, ct.sop_instance_uid.encode()) + study[14:]
    step = element(0x00400252, b"IN PROGRESS") + element(0x00400253, b"S1") + element(0x00080060, b"CT")
    uid = element(0x1000, b"2.25.900")
    item = element(0x00081199, b"") + element(0x00081195, b"2.25.901")

    def with_data(number: int, field: int, data: bytes, more: bytes = b"", answers: bytes = b"") -> list[bytes]:
        encoded = command(field, sop_class=SERVICES[number], data_set=DATA_SET, more=more)
        return [p_data(number, COMMAND | LAST, encoded), p_data(number, LAST, data), *([answers] if answers else [])]

    return {
        "C-ECHO": [p_data(1, COMMAND | LAST, command(C_ECHO, sop_class=VERIFICATION))] * 3,
        "C-STORE": [
            *fragments(3, COMMAND, store_command(ct), 60),
            *fragments(3, 0, ct.data_set, 9000),
            *fragments(3, COMMAND, store_command(ct, 2), 16000),
            *fragments(3, 0, ct.data_set, 16000),
        ],
        "C-FIND": with_data(5, C_FIND, study),
        "C-GET": with_data(7, C_GET, image, answers=p_data(3, COMMAND | LAST, store_answer(ct))),
        "C-MOVE": with_data(9, C_MOVE, image),
        "worklist": with_data(11, C_FIND, element(0x00100010, b"*") + element(0x00400100, b"")),
        "MPPS": with_data(13, N_CREATE, step, uid) + with_data(13, N_SET, step, uid),
        "commitment": with_data(15, N_ACTION, item, uid + element(0x1008, us(1))),
    }


def mutated(random_: random.Random, pdus: list[bytes]) -> bytes:
    """Return the stream with one to four things wrong."""
    pdus = list(pdus)
    for _ in range(random_.randint(1, 4)):
        index = random_.randrange(len(pdus))
        pdus[index] = random_.choice(MUTATORS)(random_, pdus[index])
        kind = random_.randrange(8)
        if kind == 0:
            random_.shuffle(pdus)
        elif kind == 1:
            pdus.insert(index, pdus[random_.randrange(len(pdus))])
        elif kind == 2 and len(pdus) > 1:
            del pdus[index]
    return b"".join(pdus)


def flip_bits(random_: random.Random, data: bytes) -> bytes:
    changed = bytearray(data)
    for _ in range(random_.choice((1, 1, 3, 20))):
        if changed:
            changed[random_.randrange(min(len(changed), random_.choice((12, 60, 400, 10**6))))] ^= (
                1 << random_.randrange(8)
            )
    return bytes(changed)


def truncate(random_: random.Random, data: bytes) -> bytes:
    return data[: random_.randrange(len(data) + 1)]


def lie_about_the_length(random_: random.Random, data: bytes) -> bytes:
    at = random_.choice((2, 6))
    return (
        data[:at]
        + struct.pack(">L", random_.choice((0, 1, 3, 0x7FFFFFFF, 0xFFFFFFFF, len(data), 65536)))
        + data[at + 4 :]
    )


def lie_about_an_element(random_: random.Random, data: bytes) -> bytes:
    """Put a length where an element of the command or the data set may have one."""
    at = 12 + 8 * random_.randrange(max(1, (len(data) - 12) // 8)) + 4
    return data[:at] + struct.pack("<L", random_.choice((0, 1, 0xFFFFFFFF, 0xFFFFFFFE, 0x10000))) + data[at + 4 :]


def another_context(random_: random.Random, data: bytes) -> bytes:
    return data[:10] + bytes([random_.randrange(256)]) + data[11:]


def another_control(random_: random.Random, data: bytes) -> bytes:
    return data[:11] + bytes([random_.randrange(256)]) + data[12:]


def another_kind(random_: random.Random, data: bytes) -> bytes:
    return bytes([random_.choice((0, 1, 2, 3, 4, 5, 6, 7, 8, 255))]) + data[1:]


def another_command(random_: random.Random, data: bytes) -> bytes:
    field = random_.choice(DIMSE_FIELDS) | random_.choice((0, 0x8000))
    marker = struct.pack("<HHL", 0, 0x0100, 2)
    at = data.find(marker)
    return data[: at + 8] + us(field) + data[at + 10 :] if at >= 0 else data


def garbage(random_: random.Random, data: bytes) -> bytes:
    return random_.randbytes(random_.randrange(200)) + data


MUTATORS: list[Callable[[random.Random, bytes], bytes]] = [
    flip_bits,
    truncate,
    lie_about_the_length,
    lie_about_an_element,
    another_context,
    another_control,
    another_kind,
    another_command,
    garbage,
]


@pytest.mark.parametrize("what", ["request", *streams(SentObject(None, "1.2", "1.2", "1.2", b""))])  # type: ignore[arg-type]
def test_damaged_streams_harm_nobody(service: DicomService, ct: SentObject, what: str) -> None:
    seed = int(os.environ.get("FUZZ_SEED", "0")) or random.SystemRandom().randrange(1, 2**31)
    logger.info("FUZZ_SEED=%d repeats this", seed)  # pytest shows it where the test fails
    random_ = random.Random(seed)  # noqa: S311  (a test)
    request = request_of_all(ct)
    with unharmed(service, ct, peak=160 * MEGABYTE):
        for _ in range(MUTATIONS):
            if what == "request":
                send_and_leave(service, mutated(random_, [request]), waits=False)
            else:
                send_and_leave(service, mutated(random_, streams(ct)[what]), request)
    assert "RecursionError" not in service.said()


def send_and_leave(service: DicomService, data: bytes, request: bytes = b"", *, waits: bool = True) -> None:
    """Send bytes, say that these were all, and read until the service closes the connection too."""
    with RawPeer(service.port, source=ATTACKER) as peer, suppress(ConnectionError):
        if waits:
            peer.send(request)
            peer.read()
        peer.send(data)
        with suppress(OSError):
            peer.connection.shutdown(socket.SHUT_WR)
        while peer.connection.recv(65536):
            pass


def test_fragments_of_one_byte_make_a_whole(service: DicomService, ct: SentObject) -> None:
    with unharmed(service, ct), RawPeer(service.port) as peer:
        peer.associate([(3, ct.sop_class_uid, [ct.transfer_syntax_uid])])
        parts = [*fragments(3, COMMAND, store_command(ct), 1), *fragments(3, 0, ct.data_set, 1)]
        peer.send(b"".join(parts))
        assert peer.answer()[0] == 0
        values = b"".join(
            struct.pack(">LBB", 3, 3, LAST * (n == len(ct.data_set) - 1)) + ct.data_set[n : n + 1]
            for n in range(len(ct.data_set))
        )
        peer.send(b"".join(fragments(3, COMMAND, store_command(ct, 2), 16000)))
        for start in range(0, len(values), 7 * 2000):
            peer.send(pdu(0x04, values[start : start + 7 * 2000]))
        assert peer.answer()[0] == 0
        peer.release()
    service.wait_until_indexed()
    assert service.stored()[ct.sop_instance_uid] == ct.data_set


def test_empty_fragments_without_an_end_cost_nothing(service: DicomService, ct: SentObject) -> None:
    empty = p_data(3, 0, b"") * 500
    with unharmed(service, ct), RawPeer(service.port, source=ATTACKER) as peer:
        peer.associate([(3, ct.sop_class_uid, [ct.transfer_syntax_uid])])
        peer.send(p_data(3, COMMAND | LAST, store_command(ct)))
        with suppress(ConnectionError):
            for _ in range(40):
                peer.send(empty)
        peer.close()


@pytest.mark.parametrize("control", [COMMAND, 0])
def test_a_message_without_an_end_is_cut_off(service: DicomService, ct: SentObject, control: int) -> None:
    part = p_data(5, control, bytes(16000)) * 16
    with unharmed(service, ct), RawPeer(service.port, source=ATTACKER) as peer:
        peer.associate([(5, STUDY_ROOT_FIND, [IMPLICIT])])
        peer.send(
            p_data(5, COMMAND | LAST * (not control), command(C_FIND, sop_class=STUDY_ROOT_FIND, data_set=DATA_SET))
        )
        with pytest.raises(ConnectionError):
            for _ in range(1000):
                peer.send(part)


def test_requests_that_nobody_waits_for_are_not_piled_up(service: DicomService, ct: SentObject) -> None:
    find = command(C_FIND, sop_class=STUDY_ROOT_FIND, data_set=DATA_SET)
    asked = b"".join(fragments(5, 0, study_identifier() + element(0x0021_1000, b"x" * 4 * MEGABYTE), 16000))
    with unharmed(service, ct), RawPeer(service.port, source=ATTACKER) as peer:
        peer.associate([(5, STUDY_ROOT_FIND, [IMPLICIT])])
        with suppress(ConnectionError):
            for _ in range(60):
                peer.send(p_data(5, COMMAND | LAST, find) + asked)


def test_images_that_are_sent_without_waiting_do_not_fill_the_spool(service: DicomService, ct: SentObject) -> None:
    image = p_data(3, COMMAND | LAST, store_command(ct)) + b"".join(fragments(3, 0, ct.data_set, 16000))
    most = 0
    with unharmed(service, ct), RawPeer(service.port, source=ATTACKER) as peer:
        peer.associate([(3, ct.sop_class_uid, [ct.transfer_syntax_uid])])
        with suppress(ConnectionError):
            for _ in range(600):
                peer.send(image)
                most = max(most, len(service.half_received()))
    assert most < 150


def test_answers_that_nobody_reads_do_not_keep_others_waiting(service: DicomService, ct: SentObject) -> None:
    echo = p_data(1, COMMAND | LAST, command(C_ECHO, sop_class=VERIFICATION)) * 200
    with unharmed(service, ct) as bystander, RawPeer(service.port, source=ATTACKER) as peer:
        peer.connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        peer.associate([(1, VERIFICATION, [IMPLICIT])])
        peer.connection.settimeout(2)
        with suppress(OSError):
            for _ in range(1000):
                peer.send(echo)
        bystander.wait_for_a_round()


ABSURD = {
    "no command field": element(0x0002, VERIFICATION.encode()) + element(0x0800, us(NO_DATA_SET)),
    "nothing": b"",
    "an unknown command": command(0x7777, sop_class=VERIFICATION),
    "a response nobody waits for": command(C_ECHO | 0x8000, sop_class=VERIFICATION, more=element(0x0900, us(0))),
    "a number as text": command(C_ECHO, sop_class=VERIFICATION).replace(
        us(0x0110) + b"\x02\0\0\0", us(0x0110) + b"\x01\0\0\0"
    ),
    "a class without an end": command(C_ECHO, sop_class="1." * 30_000),
    "letters as a class": command(C_ECHO, sop_class="../../etc/passwd"),
    "very many elements": b"".join(struct.pack("<HHL", 0, 0x1002 + n, 0) for n in range(60_000)) * 9,
    "sequences without an end": struct.pack("<HHLHHL", 0x40, 0x275, 0xFFFFFFFF, 0xFFFE, 0xE000, 0xFFFFFFFF) * 10_000,
    "a length of 4 GB": element(0x0002, b"1.2")[:4] + b"\xfe\xff\xff\xff" + b"1.2\0",
    "a data set that is none": command(C_ECHO, sop_class=VERIFICATION, data_set=DATA_SET),
    "a cancellation of nothing": command(0x0FFF, sop_class=VERIFICATION),
    "an event": command(N_EVENT_REPORT, sop_class=VERIFICATION, more=element(0x1000, b"1.2") + element(0x1002, us(1))),
    "a deletion": command(N_DELETE, sop_class=VERIFICATION, more=element(0x1001, b"1.2")),
    "an attribute request": command(N_GET, sop_class=VERIFICATION, more=element(0x1001, b"1.2")),
}


def test_an_absurd_command_ends_its_own_association_at_most(service: DicomService, ct: SentObject) -> None:
    with unharmed(service, ct):
        for absurd in [*ABSURD.values()] * 2:
            with RawPeer(service.port, source=ATTACKER) as peer:
                peer.associate([(1, VERIFICATION, [IMPLICIT])])
                with suppress(OSError):
                    peer.send(b"".join(fragments(1, COMMAND, absurd, 16000)))
                    peer.send(p_data(1, COMMAND | LAST, command(C_ECHO, sop_class=VERIFICATION)))
                    peer.connection.shutdown(socket.SHUT_WR)
                peer.was_ended()


def test_many_events_at_once_start_no_thread_each(service: DicomService, ct: SentObject) -> None:
    event = command(N_EVENT_REPORT, sop_class=VERIFICATION, more=element(0x1000, b"1.2") + element(0x1002, us(1)))
    before = threading.active_count()
    with unharmed(service, ct), RawPeer(service.port, source=ATTACKER) as peer:
        peer.associate([(1, VERIFICATION, [IMPLICIT])])
        with suppress(ConnectionError):
            for _ in range(200):
                peer.send(p_data(1, COMMAND | LAST, event) * 10)
    assert threading.active_count() <= before + 1


@pytest.mark.parametrize("number", [0, 2, 255])
def test_a_context_that_was_not_negotiated_ends_the_association(
    service: DicomService, ct: SentObject, number: int
) -> None:
    with unharmed(service, ct), RawPeer(service.port, source=ATTACKER) as peer:
        peer.associate([(1, VERIFICATION, [IMPLICIT]), (3, ct.sop_class_uid, [ct.transfer_syntax_uid])])
        peer.send(p_data(number, COMMAND | LAST, store_command(ct)) + p_data(number, LAST, ct.data_set[:5000]))
        assert peer.was_ended()

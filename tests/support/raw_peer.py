"""A peer made of bytes: it sends what a test wants, also what no library would send (PS3.7 annex E, PS3.8 9.3)."""

from __future__ import annotations

import socket
import ssl
import struct
from collections.abc import Iterable, Iterator, Sequence

from tests.support.peers import SentObject

IMPLICIT = "1.2.840.10008.1.2"
EXPLICIT = "1.2.840.10008.1.2.1"
VERIFICATION = "1.2.840.10008.1.1"
STUDY_ROOT_FIND = "1.2.840.10008.5.1.4.1.2.2.1"
STUDY_ROOT_MOVE = "1.2.840.10008.5.1.4.1.2.2.2"
STUDY_ROOT_GET = "1.2.840.10008.5.1.4.1.2.2.3"
ASSOCIATE_AC, ASSOCIATE_RJ, P_DATA, RELEASE_RQ, RELEASE_RP, ABORT = 0x02, 0x03, 0x04, 0x05, 0x06, 0x07
C_STORE, C_GET, C_FIND, C_MOVE, C_ECHO, C_CANCEL, RESPONSE = 0x0001, 0x0010, 0x0020, 0x0021, 0x0030, 0x0FFF, 0x8000
NO_DATA_SET, DATA_SET = 0x0101, 0x0001
COMMAND, LAST = 0x01, 0x02
PATIENCE_SECONDS = 120.0

Context = tuple[int, str, Sequence[str]]
Connection = socket.socket | ssl.SSLSocket


def pdu(kind: int, body: bytes, *, length: int | None = None) -> bytes:
    """Return a PDU, which may lie about its length."""
    return struct.pack(">BBL", kind, 0, len(body) if length is None else length) + body


def item(kind: int, body: bytes) -> bytes:
    """Return an item of an association request."""
    return struct.pack(">BBH", kind, 0, len(body)) + body


def context_item(number: int, abstract_syntax: str, transfer_syntaxes: Iterable[str]) -> bytes:
    """Return a proposed presentation context."""
    syntaxes = b"".join(item(0x40, uid.encode()) for uid in transfer_syntaxes)
    return item(0x20, bytes((number, 0, 0, 0)) + item(0x30, abstract_syntax.encode()) + syntaxes)


def role_item(sop_class_uid: str, *, scu: bool, scp: bool) -> bytes:
    """Return an SCP/SCU role selection (PS3.7 D.3.3.4)."""
    return item(0x54, struct.pack(">H", len(sop_class_uid)) + sop_class_uid.encode() + bytes((scu, scp)))


def associate_rq(
    contexts: Iterable[Context],
    *,
    calling: str = "RAW_PEER",
    called: str = "NOCTIS_PACS",
    user_items: bytes = b"",
    largest_pdu: int = 16384,
) -> bytes:
    """Return an association request."""
    user = item(0x51, struct.pack(">L", largest_pdu)) + item(0x52, b"2.25.1") + user_items
    return pdu(
        0x01,
        struct.pack(">HH16s16s32x", 1, 0, called.encode().ljust(16), calling.encode().ljust(16))
        + item(0x10, b"1.2.840.10008.3.1.1.1")
        + b"".join(context_item(*context) for context in contexts)
        + item(0x50, user),
    )


def p_data(context_id: int, control: int, data: bytes) -> bytes:
    """Return a P-DATA-TF with one fragment."""
    return pdu(P_DATA, struct.pack(">LBB", len(data) + 2, context_id, control) + data)


def fragments(context_id: int, control: int, data: bytes, size: int) -> Iterator[bytes]:
    """Yield a command or a data set in PDUs that hold ``size`` bytes of it."""
    for start in range(0, len(data) or 1, size):
        last = LAST if start + size >= len(data) else 0
        yield p_data(context_id, control | last, data[start : start + size])


def element(tag: int, value: bytes) -> bytes:
    """Return an element in implicit VR little endian."""
    value += bytes(len(value) % 2)
    return struct.pack("<HHL", tag >> 16, tag & 0xFFFF, len(value)) + value


def us(value: int) -> bytes:
    """Return an unsigned short."""
    return struct.pack("<H", value)


def command(
    field: int, *, sop_class: str, message_id: int = 1, data_set: int = NO_DATA_SET, more: bytes = b""
) -> bytes:
    """Return a command set; ``more`` are encoded elements with higher tags than (0000,0800)."""
    message = 0x0120 if field & RESPONSE or field == C_CANCEL else 0x0110
    elements = element(0x0002, sop_class.encode()) + element(0x0100, us(field)) + element(message, us(message_id))
    if field in {C_STORE, C_FIND, C_GET, C_MOVE}:
        if field == C_MOVE:
            elements += element(0x0600, b"NOWHERE ")
        elements += element(0x0700, us(0))
    elements += element(0x0800, us(data_set)) + more
    return element(0x0000, struct.pack("<L", len(elements))) + elements


def store_command(one: SentObject, message_id: int = 1) -> bytes:
    """Return the request to store an object."""
    uid = element(0x1000, one.sop_instance_uid.encode())
    return command(C_STORE, sop_class=one.sop_class_uid, message_id=message_id, data_set=DATA_SET, more=uid)


def store_answer(one: SentObject, message_id: int = 1) -> bytes:
    """Return the answer Success to a request to store."""
    more = element(0x0900, us(0)) + element(0x1000, one.sop_instance_uid.encode())
    return command(C_STORE | RESPONSE, sop_class=one.sop_class_uid, message_id=message_id, more=more)


def study_identifier(study_uid: str = "") -> bytes:
    """Return an identifier at study level in implicit VR."""
    return element(0x00080052, b"STUDY ") + element(0x00100010, b"") + element(0x0020000D, study_uid.encode())


class RawPeer:
    """A connection on which bytes are sent and PDUs are read."""

    def __init__(self, port: int, *, source: str = "127.0.0.1", tls: ssl.SSLContext | None = None) -> None:
        """Connect; ``source`` is the address to call from."""
        plain = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_SECONDS, source_address=(source, 0))
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.connection: Connection = tls.wrap_socket(plain) if tls else plain

    def __enter__(self) -> RawPeer:  # noqa: PYI034  (typing.Self needs Python 3.11)
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connection without a word."""
        self.connection.close()

    def send(self, data: bytes) -> None:
        """Send bytes."""
        self.connection.sendall(data)

    def read(self) -> tuple[int, bytes] | None:
        """Return kind and body of the next PDU; None where the service has closed the connection."""
        head = self._read(6)
        if len(head) < 6:
            return None
        kind, length = struct.unpack(">BxL", head)
        return kind, self._read(length)

    def _read(self, length: int) -> bytes:
        data = bytearray()
        while len(data) < length:
            try:
                chunk = self.connection.recv(length - len(data))
            except ConnectionError:
                break
            if not chunk:
                break
            data += chunk
        return bytes(data)

    def associate(self, contexts: Iterable[Context], **options: str | bytes | int) -> bytes:
        """Associate, and expect to be accepted; return the body of the answer."""
        self.send(associate_rq(contexts, **options))  # type: ignore[arg-type]
        answer = self.read()
        assert answer is not None, "the connection was closed instead of an answer to the association request"
        assert answer[0] == ASSOCIATE_AC, f"the association was not accepted: {answer}"
        return answer[1]

    def answer(self) -> tuple[int, bytes]:
        """Return status and data set of the next DIMSE message; raises ConnectionError where none comes."""
        commands, data_set = bytearray(), bytearray()
        while True:
            received = self.read()
            if received is None or received[0] != P_DATA:
                raise ConnectionError(f"no answer came but {received}")
            for control, data in _values(received[1]):
                (commands if control & COMMAND else data_set).extend(data)
                is_alone = control & COMMAND and control & LAST and _us_of(bytes(commands), 0x0800) == NO_DATA_SET
                if is_alone or control == LAST:
                    return _us_of(bytes(commands), 0x0900), bytes(data_set)

    def request(self, context_id: int, encoded: bytes, data_set: bytes = b"", *, size: int = 16000) -> None:
        """Send a request and what follows it."""
        self.send(b"".join(fragments(context_id, COMMAND, encoded, size)))
        if data_set:
            for part in fragments(context_id, 0, data_set, size):
                self.send(part)

    def echo(self, context_id: int = 1) -> int:
        """Return the status of a C-ECHO."""
        self.request(context_id, command(C_ECHO, sop_class=VERIFICATION))
        return self.answer()[0]

    def store(self, context_id: int, one: SentObject, *, data_set: bytes | None = None, size: int = 16000) -> int:
        """Return the status of a C-STORE."""
        self.request(context_id, store_command(one), one.data_set if data_set is None else data_set, size=size)
        return self.answer()[0]

    def find(self, context_id: int, identifier: bytes) -> list[bytes]:
        """Return the identifiers of the matches, and expect success."""
        self.request(context_id, command(C_FIND, sop_class=STUDY_ROOT_FIND, data_set=DATA_SET), identifier)
        matches: list[bytes] = []
        while True:
            status, data_set = self.answer()
            if status not in {0xFF00, 0xFF01}:
                assert status == 0, f"the query ended with 0x{status:04X}"
                return matches
            matches.append(data_set)

    def release(self) -> None:
        """End the association in order."""
        self.send(pdu(RELEASE_RQ, bytes(4)))
        answer = self.read()
        assert answer is not None and answer[0] == RELEASE_RP, f"the release was not answered: {answer}"
        self.close()

    def was_ended(self) -> bool:
        """Whether the service aborts or closes; what it sends before that is not looked at."""
        while (received := self.read()) is not None:
            if received[0] in {ABORT, ASSOCIATE_RJ}:
                return True
        return True


def _values(body: bytes) -> Iterator[tuple[int, bytes]]:
    position = 0
    while position < len(body):
        length, _context_id, control = struct.unpack_from(">LBB", body, position)
        yield control, body[position + 6 : position + 4 + length]
        position += 4 + length


def _us_of(encoded: bytes, wanted: int) -> int:
    """Return a number of a command set."""
    position = 0
    while position + 8 <= len(encoded):
        group, number, length = struct.unpack_from("<HHL", encoded, position)
        if group << 16 | number == wanted:
            return int.from_bytes(encoded[position + 8 : position + 8 + length], "little")
        position += 8 + length
    return 0

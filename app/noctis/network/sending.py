"""DIMSE messages put on the wire by the thread that makes them: any data set takes a fixed buffer (PS3.8 9.3.5).

pynetdicom's own way is a queue of encoded fragments without an end; what is sent here must not overlap with that queue.
A TLS connection may only be used by one thread at a time: there the fragments go through the queue, a few at a time.
"""

from __future__ import annotations

import queue
import socket
import ssl
import struct
import time
from io import BufferedIOBase
from typing import Final, TypeAlias, cast

from pynetdicom import evt
from pynetdicom.association import Association
from pynetdicom.dimse_messages import C_FIND_RSP, C_GET_RSP, C_MOVE_RSP, C_STORE_RQ, DIMSEMessage
from pynetdicom.dimse_primitives import C_FIND, C_GET, C_MOVE, C_STORE
from pynetdicom.dsutils import encode
from pynetdicom.pdu_primitives import P_DATA

from noctis.network.statistics import meter_for

Primitive: TypeAlias = "C_GET | C_MOVE | C_STORE"

_P_DATA_TF: Final = struct.Struct(">BxLLBB")
PDV_OVERHEAD: Final = 6
BATCH_BYTES: Final = 256 * 1024
LARGEST_PDU: Final = 128 * 1024
POLL_SECONDS: Final = 0.25
PAUSE_SECONDS: Final = 0.0005
MOST_QUEUED: Final = 8
_COMMAND, _DATA_SET, _LAST = 0x01, 0x00, 0x02
_HAS_DATA_SET: Final = 0x0001


class AssociationLost(Exception):
    """The peer has gone, does not answer, or answers what nobody asked; the text says which."""


def send_response(association: Association, response: C_GET | C_MOVE, context_id: int) -> None:
    """Send a response with its identifier. Raises AssociationLost."""
    message = C_MOVE_RSP() if isinstance(response, C_MOVE) else C_GET_RSP()
    message.primitive_to_message(response)
    evt.trigger(association, evt.EVT_DIMSE_SENT, {"message": message})
    _send_bytes(association, context_id, _COMMAND, _command(message))
    if response.Identifier is not None:
        _send_bytes(association, context_id, _DATA_SET, response.Identifier.getvalue())


def pending_command(request: C_FIND, status: int) -> bytes:
    """Return the command that all matches of a query have in common."""
    response = C_FIND()
    response.MessageIDBeingRespondedTo = request.MessageID
    response.AffectedSOPClassUID = request.AffectedSOPClassUID
    response.Status = status
    message = C_FIND_RSP()
    message.primitive_to_message(response)
    message.command_set.CommandDataSetType = _HAS_DATA_SET
    return _command(message)


def send_match(association: Association, command: bytes, identifier: bytes, context_id: int) -> None:
    """Send one match of a query; ``command`` is of ``pending_command``. Raises AssociationLost."""
    pdus = _pdus(association, context_id, _COMMAND, command) + _pdus(association, context_id, _DATA_SET, identifier)
    _send(association, memoryview(pdus))


def send_store(
    association: Association, request: C_STORE, context_id: int, data_set: BufferedIOBase, length: int
) -> None:
    """Send a request to store and the next ``length`` bytes of a file. Raises AssociationLost.

    An OSError of the file leaves half a message behind: the association must be aborted.
    """
    message = C_STORE_RQ()
    message.primitive_to_message(request)
    message.command_set.CommandDataSetType = _HAS_DATA_SET
    evt.trigger(association, evt.EVT_DIMSE_SENT, {"message": message})
    _send_bytes(association, context_id, _COMMAND, _command(message))
    largest = _largest_fragment(association)
    size = largest + _P_DATA_TF.size
    batch = memoryview(bytearray(size * max(1, BATCH_BYTES // size)))
    while length:
        filled = 0
        while length and filled < len(batch):
            count = min(largest, length)
            length -= count
            filled += _P_DATA_TF.size
            _P_DATA_TF.pack_into(batch, filled - _P_DATA_TF.size, *_header(count, context_id, 0 if length else _LAST))
            _fill(data_set, batch[filled : filled + count])
            filled += count
        _send(association, batch[:filled])


def receive_store_response(association: Association, message_id: int, seconds: float) -> int:
    """Wait for the response to a request to store and return its status. Raises AssociationLost."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            _, answer = association.dimse.msg_queue.get(timeout=POLL_SECONDS)
        except queue.Empty:
            if has_ended(association):
                raise AssociationLost("the peer ended the association") from None
            if time.monotonic() > deadline:
                raise AssociationLost(f"the peer did not answer within {seconds:.0f} s") from None
            continue
        if isinstance(answer, C_STORE) and answer.MessageIDBeingRespondedTo == message_id:
            if answer.Status is None:
                raise AssociationLost("the peer answered without a status")
            return int(answer.Status)
        raise AssociationLost("the peer did not answer the request" if answer else "the peer ended the association")


def has_ended(association: Association) -> bool:
    """Whether nothing can be sent any more."""
    return not association.is_established or not association.dul.is_alive() or association.acse.is_aborted()


def _send_bytes(association: Association, context_id: int, kind: int, encoded: bytes) -> None:
    _send(association, memoryview(_pdus(association, context_id, kind, encoded)))


def _pdus(association: Association, context_id: int, kind: int, encoded: bytes) -> bytearray:
    largest = _largest_fragment(association)
    pdus = bytearray()
    for start in range(0, len(encoded), largest):
        fragment = encoded[start : start + largest]
        last = _LAST if start + largest >= len(encoded) else 0
        pdus += _P_DATA_TF.pack(*_header(len(fragment), context_id, kind | last)) + fragment
    return pdus


def _send(association: Association, pdus: memoryview) -> None:
    connection = association.dul.socket and association.dul.socket.socket
    if connection is None or has_ended(association):
        raise AssociationLost("the peer ended the association")
    if isinstance(connection, ssl.SSLSocket):
        _queue(association, pdus)
        return
    try:
        cast("socket.socket", connection).sendall(pdus)
        meter_for(association).bytes_out(len(pdus))
    except OSError as error:
        raise AssociationLost(f"the connection broke: {error.strerror or type(error).__name__}") from error


def _queue(association: Association, pdus: memoryview) -> None:
    waiting = association.dul.to_provider_queue
    while pdus:
        _, _, length, context_id, control = _P_DATA_TF.unpack_from(pdus)
        end = _P_DATA_TF.size + length - 2  # the length counts the context and the control byte
        primitive = P_DATA()
        primitive.presentation_data_value_list.append((context_id, bytes([control]) + pdus[_P_DATA_TF.size : end]))
        while waiting.qsize() >= MOST_QUEUED:
            if has_ended(association):
                raise AssociationLost("the peer ended the association")
            time.sleep(PAUSE_SECONDS)
        association.dul.send_pdu(primitive)
        pdus = pdus[end:]


def _header(count: int, context_id: int, control: int) -> tuple[int, int, int, int, int]:
    return 0x04, count + PDV_OVERHEAD, count + PDV_OVERHEAD - 4, context_id, control


def _fill(data_set: BufferedIOBase, target: memoryview) -> None:
    if data_set.readinto(target) != len(target):
        raise EOFError("the file is shorter than the index says")


def _command(message: DIMSEMessage) -> bytes:
    encoded = encode(message.command_set, is_implicit_vr=True, is_little_endian=True)
    if encoded is None:
        raise ValueError("the command cannot be encoded")
    return encoded


def _largest_fragment(association: Association) -> int:
    return min(association.dimse.maximum_pdu_size or LARGEST_PDU, LARGEST_PDU) - PDV_OVERHEAD

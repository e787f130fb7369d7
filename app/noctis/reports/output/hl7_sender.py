"""One HL7 message over MLLP and its acknowledgement (HL7 v2.5.1 2.9.2), with python-hl7's streams underneath."""

from __future__ import annotations

import asyncio
import ssl
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

import hl7
from hl7.mllp import InvalidBlockError, open_hl7_connection

from noctis.reports.output.models import Hl7Receiver

CONNECT_SECONDS: Final = 10.0
ANSWER_SECONDS: Final = 60.0
CLOSE_SECONDS: Final = 2.0
LARGEST_ANSWER: Final = 1_000_000
LONGEST_REASON: Final = 200
TAKEN, IN_ERROR = ("AA", "CA"), ("AE", "CE")


class Unreachable(Exception):
    """There is no conversation with the receiver; the text says why."""


class Rejected(Exception):
    """The receiver cannot take the message for now, which has nothing to do with its content (AR)."""


class InError(Exception):
    """The receiver finds an error in the message (AE)."""


@dataclass(frozen=True)
class Acknowledgement:
    """What a receiver answered: MSA-1, MSA-2 and why."""

    code: str
    control_id: str
    reason: str


def send(receiver: Hl7Receiver, message: bytes, control_id: str) -> None:
    """Send a message and return once it is acknowledged. Raises Unreachable, Rejected or InError."""
    try:
        answer = asyncio.run(_exchange(receiver, message))
    except (asyncio.TimeoutError, TimeoutError) as error:
        raise Unreachable(f"{receiver} did not answer in time.") from error
    except asyncio.IncompleteReadError as error:
        raise Unreachable(f"{receiver} closed the connection without an answer.") from error
    except ssl.SSLError as error:
        raise Unreachable(f"No secured connection with {receiver}: {error.reason or 'TLS failed'}.") from error
    except OSError as error:
        raise Unreachable(f"{receiver} cannot be reached: {error.strerror or type(error).__name__}.") from error
    except (InvalidBlockError, ValueError) as error:
        raise Unreachable(f"{receiver} does not speak MLLP.") from error
    _judge(_read(answer, receiver), control_id, receiver)


def trust_of(receiver: Hl7Receiver) -> ssl.SSLContext | None:
    """Return how the receiver is known, None for plain text. Raises ssl.SSLError for a certificate that is none."""
    if not receiver.uses_tls:
        return None
    return ssl.create_default_context(cadata=receiver.certificate_authority.strip() or None)


async def _exchange(receiver: Hl7Receiver, message: bytes) -> bytes:
    opening = open_hl7_connection(receiver.host, receiver.port, ssl=trust_of(receiver), limit=LARGEST_ANSWER)
    reader, writer = await asyncio.wait_for(opening, CONNECT_SECONDS)
    try:
        writer.writeblock(message)
        await asyncio.wait_for(writer.drain(), ANSWER_SECONDS)
        return bytes(await asyncio.wait_for(reader.readblock(), ANSWER_SECONDS))
    finally:
        writer.close()
        with suppress(OSError, asyncio.TimeoutError, TimeoutError):
            await asyncio.wait_for(writer.wait_closed(), CLOSE_SECONDS)


def _read(answer: bytes, receiver: Hl7Receiver) -> Acknowledgement:
    try:
        message = hl7.parse(answer.decode("utf-8", "replace"))
        acknowledged = message.segment("MSA")
        fields = [str(field) for field in acknowledged]
    except (hl7.exceptions.HL7Exception, KeyError, IndexError, ValueError) as error:
        raise Unreachable(f"{receiver} answered with something that is no acknowledgement.") from error
    code, control_id, reason = (*fields[1:4], "", "", "")[:3]
    return Acknowledgement(code.strip(), control_id.strip(), (reason or _error_text(message))[:LONGEST_REASON])


def _error_text(message: hl7.Message) -> str:
    """Return ERR-8, the words for people."""
    with suppress(KeyError, IndexError):
        return str(message.segment("ERR")[8])
    return ""


def _judge(answer: Acknowledgement, control_id: str, receiver: Hl7Receiver) -> None:
    if answer.control_id != control_id:
        raise Unreachable(f"{receiver} acknowledged another message.")
    if answer.code in TAKEN:
        return
    words = f"{receiver} answered {answer.code or 'nothing'}" + (f": {answer.reason}" if answer.reason else ".")
    raise InError(words) if answer.code in IN_ERROR else Rejected(words)

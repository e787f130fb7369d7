"""The MLLP listener for HL7 orders: bounded in connections, sizes and times, with python-hl7's streams underneath."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any

from django.conf import settings
from django.db import connections
from hl7.mllp import start_hl7_server
from hl7.mllp.streams import CARRIAGE_RETURN, END_BLOCK, START_BLOCK

from noctis.modality_worklist.hl7_acknowledgement import refused
from noctis.modality_worklist.hl7_message import Header, Hl7Rejected
from noctis.modality_worklist.hl7_receiver import Peer, PeerRule, answer
from noctis.service_manager import listening_socket

logger = logging.getLogger(__name__)

WORKERS = 4
BACKLOG = 100
STOP_SECONDS = 10.0


class ListenerCannotStart(Exception):
    """The listener cannot start; the text says why in one sentence."""


class MessageTooLong(Exception):
    """A peer sends more than a message may hold."""


class NotMllp(Exception):
    """A peer sends something that does not begin a block."""


@dataclass(frozen=True)
class ListenerConfiguration:
    """Where to listen, whom to hear and how long to be patient; sizes in bytes, times in seconds.

    ``message_seconds`` bounds the arrival of one message and the taking of its answer, ``idle_seconds`` the silence
    between messages.
    """

    host: str
    port: int
    peers: tuple[PeerRule, ...]
    maximum_bytes: int
    maximum_connections: int
    message_seconds: float
    idle_seconds: float

    @classmethod
    def from_settings(cls) -> ListenerConfiguration:
        """Return what the settings say. Raises ListenerCannotStart where a peer is no network."""
        try:
            peers = tuple(PeerRule.parse(text) for text in settings.NOCTIS_HL7_PEERS)
        except ValueError as error:
            raise ListenerCannotStart(
                f"NOCTIS_HL7_PEERS must list networks such as 10.1.2.0/24 or NORTH=10.1.2.0/24: {error}."
            ) from error
        return cls(
            host=settings.NOCTIS_HL7_HOST,
            port=settings.NOCTIS_HL7_PORT,
            peers=peers,
            maximum_bytes=settings.NOCTIS_HL7_MAX_MESSAGE_BYTES,
            maximum_connections=settings.NOCTIS_HL7_MAX_CONNECTIONS,
            message_seconds=settings.NOCTIS_HL7_MESSAGE_SECONDS,
            idle_seconds=settings.NOCTIS_HL7_IDLE_SECONDS,
        )


class Hl7Listener:
    """Serves until told to stop; what is being carried out then is finished and answered."""

    def __init__(self, configuration: ListenerConfiguration) -> None:
        """Prepare; nothing is heard before ``serve``."""
        self._configuration = configuration
        self._workers = ThreadPoolExecutor(WORKERS, thread_name_prefix="hl7")
        self._conversations: set[asyncio.Task[None]] = set()
        self._busy: set[asyncio.Task[None]] = set()
        self._stopping = False

    async def serve(self, stop: asyncio.Event, on_ready: Callable[[int], None]) -> None:
        """Listen until ``stop`` is set; ``on_ready`` gets the port. Raises ListenerCannotStart."""
        configuration = self._configuration
        try:
            listener = listening_socket(configuration.host, configuration.port, BACKLOG)
            server = await start_hl7_server(
                self._accept, sock=listener, backlog=BACKLOG, limit=configuration.maximum_bytes
            )
        except OSError as error:
            raise ListenerCannotStart(
                f"The HL7 listener cannot listen on {configuration.host} port {configuration.port}: {error.strerror}. "
                "Stop what uses it, or choose another with NOCTIS_HL7_PORT and NOCTIS_HL7_HOST."
            ) from error
        on_ready(server.sockets[0].getsockname()[1])
        await stop.wait()
        server.close()
        await self._finish()
        await server.wait_closed()
        self._workers.shutdown()

    def _accept(self, reader: asyncio.StreamReader, writer: Any) -> None:
        address = plain_address(writer)
        peer = Peer.known(address, self._configuration.peers) if address else None
        if peer is None or len(self._conversations) >= self._configuration.maximum_connections:
            why = "all connections are in use" if peer else "no rule in NOCTIS_HL7_PEERS lets it in"
            logger.warning("refused an HL7 connection from %s: %s", address, why)
            writer.transport.abort()
            return
        task = asyncio.get_running_loop().create_task(self._converse(reader, writer, peer))
        self._conversations.add(task)
        task.add_done_callback(self._conversations.discard)

    async def _converse(self, reader: asyncio.StreamReader, writer: Any, peer: Peer) -> None:
        """Answer message after message; whatever goes wrong ends this conversation only."""
        try:
            while not self._stopping and (block := await self._block(reader)) is not None:
                await self._answer(writer, await self._carried_out(block, peer))
        except MessageTooLong:
            limit = self._configuration.maximum_bytes
            logger.warning("closed the HL7 connection from %s: a message of more than %d bytes", peer.address, limit)
            await self._answer(writer, refused(Header(), Hl7Rejected(100, f"A message has at most {limit} bytes.")))
        except NotMllp:
            logger.warning("closed the HL7 connection from %s: it does not speak MLLP", peer.address)
        except (asyncio.TimeoutError, TimeoutError):
            logger.info("closed the HL7 connection from %s: it is too slow or silent", peer.address)
            writer.transport.abort()
        except (asyncio.IncompleteReadError, ConnectionError):
            logger.info("the HL7 connection from %s was lost", peer.address)
        finally:
            writer.close()

    async def _block(self, reader: asyncio.StreamReader) -> bytes | None:
        """Return the next message, or None where the peer has closed; line ends between messages are skipped."""
        configuration = self._configuration
        while (first := await asyncio.wait_for(reader.read(1), configuration.idle_seconds)) != START_BLOCK:
            if not first:
                return None
            if first not in b"\r\n":
                raise NotMllp
        end = END_BLOCK + CARRIAGE_RETURN
        try:
            block = await asyncio.wait_for(reader.readuntil(end), configuration.message_seconds)
        except asyncio.LimitOverrunError as error:
            raise MessageTooLong from error
        return bytes(block[: -len(end)])

    async def _carried_out(self, block: bytes, peer: Peer) -> bytes:
        task = asyncio.current_task()
        assert task is not None  # noqa: S101  (for the type checker: this runs in a task)
        self._busy.add(task)
        try:
            return await asyncio.get_running_loop().run_in_executor(self._workers, _answer_in_thread, block, peer)
        finally:
            self._busy.discard(task)

    async def _answer(self, writer: Any, acknowledgement: bytes) -> None:
        writer.writeblock(acknowledgement)
        await asyncio.wait_for(writer.drain(), self._configuration.message_seconds)

    async def _finish(self) -> None:
        """End silent conversations at once, those with a message in work after its answer."""
        self._stopping = True
        for task in self._conversations - self._busy:
            task.cancel()
        if busy := set(self._busy):
            await asyncio.wait(busy, timeout=STOP_SECONDS, return_when=asyncio.ALL_COMPLETED)
        for task in self._conversations:
            task.cancel()
        await asyncio.gather(*self._conversations, return_exceptions=True)


def _answer_in_thread(block: bytes, peer: Peer) -> bytes:
    try:
        return answer(block, peer)
    finally:
        connections.close_all()  # the sender may be silent for hours, and the database be restarted meanwhile


def plain_address(writer: Any) -> str:
    """Return the peer's address, an IPv4 one in its own form also where it came through an IPv6 socket."""
    name = writer.get_extra_info("peername")
    if not name:
        return ""
    parsed = ip_address(str(name[0]).partition("%")[0])
    return str(getattr(parsed, "ipv4_mapped", None) or parsed)

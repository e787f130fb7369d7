"""A hospital's receiver of HL7 messages: a real MLLP listener that answers, refuses or breaks off as it is told."""

from __future__ import annotations

import socketserver
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import hl7

from tests.support.certificates import Certificate

START, END = b"\x0b", b"\x1c\x0d"


class MllpReceiver:
    """Takes messages on a port of this host; ``answers`` are used up one by one, then each is AA."""

    def __init__(self, certificate: Certificate | None = None) -> None:
        self.taken: list[hl7.Message] = []
        self.answers: list[str] = []
        receiver = self

        class Conversation(socketserver.BaseRequestHandler):
            def handle(self) -> None:
                receiver.converse(self.request)

        class Server(socketserver.ThreadingTCPServer):
            allow_reuse_address = True
            daemon_threads = True

            def handle_error(self, request: object, client_address: object) -> None:
                """Say nothing: a caller that does not trust us ends the conversation."""

        self._server = Server(("127.0.0.1", 0), Conversation)
        if certificate is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate.certificate, certificate.key)
            self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self.port: int = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02})

    def converse(self, connection: object) -> None:
        """Read one message and answer it."""
        block = b""
        while not block.endswith(END):
            more = connection.recv(65536)  # type: ignore[attr-defined]
            if not more:
                return
            block += more
        answer = self.answers.pop(0) if self.answers else "AA"
        message = hl7.parse(block[1:-2].decode("utf-8"))
        self.taken.append(message)
        if answer == "close":
            return
        control_id = "ANOTHER" if answer == "another" else str(message.segment("MSH")[10])
        code = "AA" if answer == "another" else answer
        header = "MSH|^~\\&|HIS|HOSPITAL|NOCTIS|NORTH|20260101000000||ACK^R01^ACK|1|P|2.5.1"
        said = f"{header}\rMSA|{code}|{control_id}|{'' if code == 'AA' else 'unknown patient'}\r"
        reply = b"garbage" if answer == "garbage" else START + said.encode() + END
        connection.sendall(reply)  # type: ignore[attr-defined]

    @contextmanager
    def listening(self) -> Iterator[MllpReceiver]:
        """Listen until the end of the block."""
        self._thread.start()
        try:
            yield self
        finally:
            self._server.shutdown()
            self._server.server_close()
            self._thread.join()

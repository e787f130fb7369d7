"""Peers of the DICOM service: DCMTK's programs, and a sender that puts a file's own bytes on the wire."""

from __future__ import annotations

import os
import socket
import subprocess
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import Any, ClassVar

from pydicom import dcmread
from pydicom.uid import (
    JPEG2000,
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGBaseline8Bit,
    JPEGExtended12Bit,
    JPEGLosslessSV1,
    JPEGLSLossless,
    JPEGLSNearLossless,
    RLELossless,
)
from pynetdicom import AE, evt
from pynetdicom.dimse_primitives import C_STORE

from noctis.network.answers import keep_answers
from tests.support.ports import free_ports
from tests.support.waiting import wait_for

# How storescu is told to propose a transfer syntax.
STORESCU_OPTIONS: dict[str, str] = {
    ImplicitVRLittleEndian: "--propose-implicit",
    ExplicitVRLittleEndian: "--propose-little",
    ExplicitVRBigEndian: "--propose-big",
    DeflatedExplicitVRLittleEndian: "--propose-deflated",
    JPEGLosslessSV1: "--propose-lossless",
    JPEGBaseline8Bit: "--propose-jpeg8",
    JPEGExtended12Bit: "--propose-jpeg12",
    JPEG2000Lossless: "--propose-j2k-lossless",
    JPEG2000: "--propose-j2k-lossy",
    JPEGLSLossless: "--propose-jls-lossless",
    JPEGLSNearLossless: "--propose-jls-lossy",
    RLELossless: "--propose-rle",
}
Done = subprocess.CompletedProcess


@dataclass(frozen=True)
class SentObject:
    """A file as a sender sees it: what it announces, and the bytes of its data set."""

    path: Path
    sop_class_uid: str
    sop_instance_uid: str
    transfer_syntax_uid: str
    data_set: bytes = field(repr=False)

    @classmethod
    def read(cls, path: Path) -> SentObject:
        """Read ``path``; the data set is what follows the file meta information, untouched."""
        meta = dcmread(path, specific_tags=["SOPClassUID", "SOPInstanceUID"], stop_before_pixels=True)
        return cls(
            path=path,
            sop_class_uid=str(meta.SOPClassUID),
            sop_instance_uid=str(meta.SOPInstanceUID),
            transfer_syntax_uid=str(meta.file_meta.TransferSyntaxUID),
            data_set=data_set_bytes(path),
        )


def data_set_bytes(path: Path) -> bytes:
    """Return what follows the file meta information."""
    content = path.read_bytes()
    offset = 144 + int.from_bytes(content[140:144], "little")  # (0002,0000) holds the length of what comes after it
    assert content[128:136] == b"DICM\x02\x00\x00\x00", f"{path} has no group length to go by"
    return content[offset:]


def dcmtk(program: str, *arguments: str, timeout: float = 60.0) -> Done[str]:
    """Run one of DCMTK's programs."""
    return subprocess.run(
        [f"/usr/bin/{program}", *arguments],
        env={**os.environ, "TCP_NODELAY": "1"},
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
        timeout=timeout,
    )


def echoscu(port: int, *, calling: str = "ECHOSCU", called: str = "NOCTIS_PACS") -> Done[str]:
    """Send C-ECHO with DCMTK."""
    return dcmtk("echoscu", "-v", "-aet", calling, "-aec", called, "127.0.0.1", str(port))


def storescu(port: int, paths: Iterable[Path], *options: str, calling: str = "STORESCU") -> Done[str]:
    """Send files with DCMTK; ``options`` say what to propose."""
    titles = ("-aet", calling, "-aec", "NOCTIS_PACS")
    return dcmtk("storescu", "-v", *titles, *options, "127.0.0.1", str(port), *map(str, paths))


@contextmanager
def bit_preserving_storescp(folder: Path, *options: str, log: Path | None = None) -> Iterator[int]:
    """Run DCMTK's receiver, which writes data sets exactly as they come, into ``folder``; gives its port.

    Another port is tried where somebody was faster to take one.
    """
    options = (*(options or ("--accept-all",)), "--bit-preserving", "-v", "--unique-filenames")
    with (log or folder / "log").open("wb") as output:
        for _ in range(3):
            (port,) = free_ports(1)
            receiver = subprocess.Popen(
                ["/usr/bin/storescp", *options, "--output-directory", str(folder), str(port)],
                env={**os.environ, "TCP_NODELAY": "1"},
                stdout=output,
                stderr=output,
            )
            try:
                wait_for(partial(_answers_or_ended, receiver, port), "DCMTK's storescp", seconds=120)
                if receiver.poll() is None:
                    yield port
                    return
            finally:
                receiver.terminate()
                receiver.wait()
    raise AssertionError("DCMTK's storescp does not start")


def _answers_or_ended(receiver: subprocess.Popen[bytes], port: int) -> bool:
    return receiver.poll() is not None or echoscu(port).returncode == 0


class RawSender:
    """An association over which the bytes of data sets are sent as they are, in their own transfer syntax."""

    opened: ClassVar[list[RawSender]] = []

    def __init__(self, port: int, objects: Iterable[SentObject], *, calling: str = "RAW", called: str = "NOCTIS_PACS"):
        """Associate, proposing what ``objects`` need."""
        entity = AE(calling)
        for sop_class, syntax in sorted({(one.sop_class_uid, one.transfer_syntax_uid) for one in objects}):
            entity.add_requested_context(sop_class, syntax)
        self._connection: socket.socket | None = None
        handlers: list[Any] = [(evt.EVT_CONN_OPEN, self._keep_connection), (evt.EVT_CONN_OPEN, keep_answers)]
        self.association = entity.associate("127.0.0.1", port, ae_title=called, evt_handlers=handlers)
        self._message_id = 0
        RawSender.opened.append(self)

    def __enter__(self) -> RawSender:  # noqa: PYI034  (typing.Self needs Python 3.11)
        return self

    def __exit__(self, *_error: object) -> None:
        if self.association.is_established:
            self.association.release()
        self.close()

    def close(self) -> None:
        """Close the connection without a word; pynetdicom does not, once the peer has."""
        if self._connection is not None:
            self._connection.close()

    def _keep_connection(self, event: evt.Event) -> None:
        self._connection = getattr(event.assoc.dul.socket, "socket", None)
        if self._connection is not None:
            self._connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    @property
    def connection(self) -> socket.socket:
        """The connection itself, to break it."""
        assert self._connection is not None
        return self._connection

    def rejection(self) -> tuple[int | None, int | None, int | None]:
        """Return result, source and reason of a rejected association."""
        answer = self.association.acceptor.primitive
        assert self.association.is_rejected, "the association was not rejected"
        assert answer is not None
        return answer.result, answer.result_source, answer.diagnostic

    def send(self, one: SentObject, *, announce: str = "", data_set: bytes | None = None) -> tuple[int | None, str]:
        """Send an object and return status and error comment; status None means that no answer came.

        ``announce`` and ``data_set`` replace the SOP Instance UID of the command and the bytes that follow it.
        """
        self._message_id += 1
        request = C_STORE()
        request.MessageID = self._message_id
        request.AffectedSOPClassUID = one.sop_class_uid
        request.AffectedSOPInstanceUID = announce or one.sop_instance_uid
        request.Priority = 0
        request.DataSet = BytesIO(one.data_set if data_set is None else data_set)
        context = self._context_of(one)
        return self.exchange(request, context)

    def exchange(self, request: Any, context_id: int) -> tuple[int | None, str]:
        """Send any request and return status and error comment of the answer."""
        self.association.dimse.send_msg(request, context_id)
        _, answer = self.association.dimse.get_msg(block=True)
        if answer is None:
            return None, ""
        return answer.Status, getattr(answer, "ErrorComment", None) or ""

    def _context_of(self, one: SentObject) -> int:
        for context in self.association.accepted_contexts:
            accepted = (str(context.abstract_syntax), str(context.transfer_syntax[0]))
            if accepted == (one.sop_class_uid, one.transfer_syntax_uid):
                return context.context_id or 0
        raise AssertionError(f"no context was accepted for {one}")


def send_raw(port: int, objects: Iterable[SentObject], **titles: str) -> dict[str, int | None]:
    """Send objects over one association and return the status of each by its SOP Instance UID."""
    objects = list(objects)
    with RawSender(port, objects, **titles) as sender:
        assert sender.association.is_established, "the association was not accepted"
        return {one.sop_instance_uid: sender.send(one)[0] for one in objects}


def in_background(work: Callable[..., None], *arguments: object) -> threading.Thread:
    """Run ``work`` in a thread that does not keep the tests alive."""
    thread = threading.Thread(target=work, args=arguments, daemon=True)
    thread.start()
    return thread

"""A study, files of several kinds, and a clamd that answers as it is told."""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import quote
from uuid import UUID

import pytest
from django.test import Client
from PIL import Image

from noctis.accounts.models import User
from noctis.archive.models import Study
from noctis.reading_worklist.tests.factories import make_study

# The harmless file that every scanner takes for malware (EICAR), written so that this one is not.
EICAR = b"X5O!P%@AP[4\\PZX54(P^)7CC)7}$" + b"EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"
PDF = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n<< >>\nendobj\n%%EOF\n"


@pytest.fixture
def study(people, data_dir) -> Study:
    return make_study(people.north)


def picture(kind: str = "PNG", size: tuple[int, int] = (60, 40), **saved: Any) -> bytes:
    """Return an image of one colour."""
    written = BytesIO()
    Image.new("RGB", size, (200, 40, 40)).save(written, kind, **saved)
    return written.getvalue()


def address(study: Study, uid: UUID, rest: str = "") -> str:
    return f"/viewer/{study.study_instance_uid}/attachments/{uid}{rest}"


def client_of(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def put(
    user: User, study: Study, uid: UUID, content: bytes = PDF, name: str = "referral.pdf", category: str = "referral"
) -> Any:
    return client_of(user).put(
        address(study, uid, f"?category={category}"),
        data=content,
        content_type="application/octet-stream",
        headers={"Content-Disposition": f"attachment; filename*=UTF-8''{quote(name)}"},
    )


class Clamd:
    """Speaks INSTREAM as clamd does (man 8 clamd): reads the chunks to the empty one, answers, hangs up."""

    def __init__(self, path: str, answer: Callable[[bytes], bytes], most: int) -> None:
        self.heard: list[bytes] = []
        self._answer, self._most = answer, most
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(path)
        self._listener.listen()
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            with connection, connection.makefile("rb") as reader:
                assert reader.read(10) == b"zINSTREAM\0"
                connection.sendall(self._verdict(reader) + b"\0")

    def _verdict(self, reader: Any) -> bytes:
        content = b""
        while size := struct.unpack(">I", reader.read(4))[0]:
            content += reader.read(size)
            if len(content) > self._most:
                return b"INSTREAM size limit exceeded. ERROR"
        self.heard.append(content)
        return self._answer(content)


def _verdict(content: bytes) -> bytes:
    if EICAR in content:
        return b"stream: Eicar-Test-Signature FOUND"
    return b"stream: Test.Sample FOUND" if b"malware" in content else b"stream: OK"


@pytest.fixture
def clamd(settings) -> Iterator[Clamd]:
    """Find malware in what holds the word malware; take up to 4 MB."""
    with TemporaryDirectory() as folder:  # a socket's path must be short
        path = str(Path(folder) / "clamd.ctl")
        settings.NOCTIS_CLAMD_SOCKET = path
        server = Clamd(path, _verdict, 4 << 20)
        yield server
        server.close()

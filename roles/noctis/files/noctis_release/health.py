"""Whether the appliance does its work: pages, live updates and the DICOM service answer."""

from __future__ import annotations

import http.client
import socket
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from noctis_release.places import NotDone, Places, run

PAUSE_SECONDS = 0.5
ANSWER_SECONDS = 10.0
SOCKETS = ("web.sock", "events.sock")


def check(places: Places) -> None:
    """Return once everything answers. Raises NotDone with what did not, after a while."""
    check_pages(places)
    wait(places, lambda: run([places.dicom_server, "status"]))


def check_pages(places: Places) -> None:
    """Return once pages and live updates answer. Raises NotDone with what did not, after a while."""
    for name in SOCKETS:
        wait(places, partial(_ask, places.run / name, _host(places)))


def wait(places: Places, ask: Callable[[], object]) -> None:
    """Ask again and again until it is answered. Raises the NotDone of the last time, after a while."""
    deadline = time.monotonic() + places.check_seconds
    while True:
        try:
            ask()
        except NotDone:
            if time.monotonic() > deadline:
                raise
            time.sleep(PAUSE_SECONDS)
        else:
            return


def _ask(path: Path, host: str) -> None:
    connection = http.client.HTTPConnection(host, timeout=ANSWER_SECONDS)
    try:
        connection.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        connection.sock.settimeout(ANSWER_SECONDS)
        connection.sock.connect(str(path))
        connection.request("GET", "/healthz", headers={"Connection": "close"})
        answer = connection.getresponse()
        said = answer.read(500).decode(errors="replace")
    except (OSError, http.client.HTTPException) as error:
        raise NotDone(f"{path} does not answer: {error}") from error
    finally:
        connection.close()
    if answer.status != http.HTTPStatus.OK:
        raise NotDone(f"{path} answers /healthz with {answer.status}: {said}")


def _host(places: Places) -> str:
    for line in places.environment_file.read_text(encoding="utf-8").splitlines():
        name, _, value = line.partition("=")
        if name == "NOCTIS_ALLOWED_HOSTS":
            return value.split(",")[0]
    return "localhost"

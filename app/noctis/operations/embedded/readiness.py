"""Whether the running appliance answers people (``/healthz``) and modalities (C-ECHO)."""

from __future__ import annotations

import http.client
import socket
import threading
import time
from collections.abc import Callable

from pynetdicom import AE, evt
from pynetdicom.sop_class import Verification  # type: ignore[attr-defined]  # pynetdicom makes the name at run time

from noctis.network.answers import keep_answers
from noctis.network.releasing import release
from noctis.operations.embedded.preconditions import CannotStartError

START_SECONDS = 60.0
PAUSE_SECONDS = 0.1


def web_answers(port: int) -> bool:
    """Whether ``/healthz`` answers 200."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/healthz")
        return connection.getresponse().status == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def dicom_answers(host: str, port: int, called_title: str) -> bool:
    """Whether a C-ECHO (PS3.7 9.1.5) is answered, which this machine may always ask for under our own title."""
    try:
        socket.create_connection((host, port), timeout=1).close()
    except OSError:
        return False
    caller = AE(ae_title=called_title)
    caller.acse_timeout = caller.dimse_timeout = caller.network_timeout = 5
    caller.add_requested_context(Verification)
    association = caller.associate(host, port, ae_title=called_title, evt_handlers=[(evt.EVT_CONN_OPEN, keep_answers)])
    if not association.is_established:
        return bool(association.is_rejected)
    status = association.send_c_echo()
    release(association)
    return getattr(status, "Status", None) == 0


def wait_until(answers: Callable[[], bool], what: str, failed: threading.Event, failure: Callable[[], str]) -> None:
    """Wait until ``answers()``; end with a sentence when a program gave up or nothing answered for a minute."""
    deadline = time.monotonic() + START_SECONDS
    while not answers():
        if failed.is_set():
            raise CannotStartError(failure())
        if time.monotonic() > deadline:
            raise CannotStartError(f"{what} did not answer within {START_SECONDS:.0f} seconds.")
        failed.wait(PAUSE_SECONDS)

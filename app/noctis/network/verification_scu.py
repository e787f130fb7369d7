"""Verification as a user (PS3.4 annex A): asks another application entity for an echo, within a bounded time."""

from __future__ import annotations

import threading
import time
from concurrent.futures import Future
from concurrent.futures import TimeoutError as NotInTime
from dataclasses import dataclass
from typing import Final

from pynetdicom import build_context

from noctis.dicom.dimse_status import DimseStatus
from noctis.network.outgoing_transport import Address
from noctis.network.requesting import AssociationLost, associate, end_association
from noctis.network.services import VERIFICATION

ANSWER_SECONDS: Final = 5.0
PATIENCE_SECONDS: Final = 12.0
MOST_AT_ONCE: Final = 4

_places = threading.BoundedSemaphore(MOST_AT_ONCE)


@dataclass(frozen=True)
class EchoResult:
    """What came of an echo: the milliseconds between request and answer, or what went wrong, after “CT2: ”."""

    milliseconds: float | None = None
    trouble: str = ""

    @property
    def is_success(self) -> bool:
        """Whether the other side answered Success."""
        return not self.trouble


def echo(address: Address) -> EchoResult:
    """Open an association with ``address``, ask for an echo and end the association."""
    try:
        association = associate(address, [build_context(VERIFICATION)], answer_seconds=ANSWER_SECONDS)
    except AssociationLost as error:
        return EchoResult(trouble=str(error))
    try:
        began = time.perf_counter()
        answer = association.send_c_echo()
        elapsed = (time.perf_counter() - began) * 1000
    except (RuntimeError, ValueError):  # it ended the association, or has accepted no context for this
        return EchoResult(trouble="it accepted the association, but does not take echoes")
    finally:
        end_association(association)
    status = answer.get("Status")
    if status is None:
        return EchoResult(trouble=f"it accepted the association, but did not answer within {ANSWER_SECONDS:.0f} s")
    if status != DimseStatus.SUCCESS:
        return EchoResult(trouble=f"it answered the echo with the status {status:04X}")
    return EchoResult(milliseconds=elapsed)


def echo_in_time(address: Address, *, seconds: float = PATIENCE_SECONDS) -> EchoResult:
    """Do the same, but wait no longer than ``seconds``, whatever holds it up: a page waits for the answer."""
    if not _places.acquire(blocking=False):
        return EchoResult(trouble="not tried, as other echoes are still running; try again in a moment")
    result: Future[EchoResult] = Future()

    def run() -> None:
        try:
            result.set_result(echo(address))
        except Exception as error:  # noqa: BLE001  (it is raised where the result is waited for)
            result.set_exception(error)
        finally:
            _places.release()

    try:
        threading.Thread(target=run, name="echo", daemon=True).start()
    except RuntimeError:
        _places.release()
        raise
    try:
        return result.result(timeout=seconds)
    except NotInTime:
        return EchoResult(trouble=f"no answer within {seconds:.0f} s")

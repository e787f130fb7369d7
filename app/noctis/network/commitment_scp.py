"""Storage Commitment Push Model (PS3.4 annex J): N-ACTION asks, N-EVENT-REPORT tells what is committed.

A request is answered as soon as it is written down. It is verified and reported over the association that asked while
that lasts, for a while; what is not done by then is done by the process for outgoing work, over a new association.
"""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from io import BytesIO
from typing import TYPE_CHECKING, Any, Final

from django.conf import settings
from django.db import Error as DatabaseFailure
from pydicom.dataset import Dataset
from pydicom.uid import UID
from pynetdicom.dimse_primitives import N_EVENT_REPORT
from pynetdicom.dsutils import encode
from pynetdicom.events import Event

from noctis.archive.header import UNREADABLE
from noctis.archive.ingest import Origin
from noctis.dicom.attributes import UNREADABLE_SEQUENCE
from noctis.dicom.dimse_status import NormalisedStatus
from noctis.dicom.uids import without_padding
from noctis.network.database import database_session
from noctis.network.defects import log_defect
from noctis.network.outgoing import retry_after
from noctis.network.services import STORAGE_COMMITMENT_PUSH_MODEL
from noctis.network.statuses import status_of
from noctis.storage_commitment.action_information import ActionInformation, MalformedRequest, read_action_information
from noctis.storage_commitment.actions import (
    DuplicateTransaction,
    Requester,
    note_failure,
    note_reported,
    postpone,
    request_commitment,
)
from noctis.storage_commitment.claims import Claim, ClaimLost
from noctis.storage_commitment.event_information import event_information
from noctis.storage_commitment.models import CommitmentRequest
from noctis.storage_commitment.verification import NotReady, verify

if TYPE_CHECKING:
    from noctis.network.associations import AcceptedAssociation

logger = logging.getLogger(__name__)

WELL_KNOWN_INSTANCE: Final = "1.2.840.10008.1.20.1.1"
REQUEST_COMMITMENT: Final = 1
# A peer that releases the association after the response must not be met with a report meanwhile.
COURTESY_SECONDS: Final = 0.5
ANSWER_SECONDS: Final = 30
POLL_SECONDS: Final = 0.05
CLOSE_SECONDS: Final = 10.0
MOST_MESSAGE_IDS: Final = 0xFFFF

Answer = tuple[Dataset, Dataset | None]


class _Refused(Exception):
    """The request is answered with a failure; the text says why."""

    def __init__(self, status: NormalisedStatus, reason: str) -> None:
        super().__init__(reason)
        self.status = status


class Commitments:
    """What was asked for in one association: one request after the other is verified and reported, by one thread."""

    def __init__(self, association: AcceptedAssociation, origin: Origin, called_ae_title: str) -> None:
        """Begin with nothing; the thread starts with the first request."""
        self._association = association
        self._origin = origin
        self._called_ae_title = called_ae_title
        self._requests: queue.SimpleQueue[tuple[Claim, int, float] | None] = queue.SimpleQueue()
        self._answers: queue.SimpleQueue[tuple[int | None, int | None]] = queue.SimpleQueue()
        self._has_ended = threading.Event()
        self._thread: threading.Thread | None = None
        self._message_id = 0

    def handle_action(self, event: Event) -> Answer:
        """Answer N-ACTION; Success means that the request is written down (PS3.4 J.3.2.1.3)."""
        answer = self._answer_to(event)
        logger.info(
            "commitment for %s: 0x%04X %s", self._origin.ae_title, answer.Status, answer.get("ErrorComment", "")
        )
        return answer, None

    def take_answer(self, answer: N_EVENT_REPORT) -> None:
        """Take what the peer says to a report; called by the thread of the association."""
        self._answers.put((answer.MessageIDBeingRespondedTo, answer.Status))

    def close(self) -> None:
        """Leave what is not reported to the process for outgoing work."""
        self._has_ended.set()
        if self._thread is not None:
            self._requests.put(None)
            self._thread.join(CLOSE_SECONDS)

    def _answer_to(self, event: Event) -> Dataset:
        try:
            information = _information_of(event)
            with database_session():
                claim = self._write_down(information)
        except _Refused as refused:
            return status_of(refused.status, str(refused))
        except Exception as error:  # noqa: BLE001  (the modality must get an answer)
            log_defect(logger, error)
            return status_of(NormalisedStatus.PROCESSING_FAILURE, "The archive met with an internal error.")
        if claim is not None:
            self._requests.put((claim, event.context.context_id or 0, time.monotonic()))
            self._start()
        return status_of(NormalisedStatus.SUCCESS)

    def _write_down(self, information: ActionInformation) -> Claim | None:
        origin = self._origin
        requester = Requester(origin.facility, origin.ae_title, origin.address, self._called_ae_title)
        try:
            return request_commitment(information, requester=requester)[1]
        except DuplicateTransaction as error:
            raise _Refused(
                NormalisedStatus.DUPLICATE_TRANSACTION_UID, "The Transaction UID is already in use."
            ) from error
        except DatabaseFailure as error:
            logger.error("a commitment cannot be written down: %s", type(error).__name__)  # noqa: TRY400  (texts hold values)
            raise _Refused(NormalisedStatus.RESOURCE_LIMITATION, "The database does not answer.") from error

    def _start(self) -> None:
        if self._thread is None:
            self._thread = threading.Thread(target=self._work, name="storage commitment", daemon=True)
            self._thread.start()

    def _work(self) -> None:
        while (waiting := self._requests.get()) is not None:
            claim, context_id, asked_at = waiting
            try:
                self._serve(claim, context_id, asked_at)
            except ClaimLost:
                logger.warning("a commitment was taken over by the process for outgoing work")
            except DatabaseFailure as error:
                logger.error("a commitment is left for later, the database does not answer: %s", type(error).__name__)  # noqa: TRY400
            except Exception as error:  # noqa: BLE001  (the claim lapses, and somebody else tries)
                log_defect(logger, error)

    def _serve(self, claim: Claim, context_id: int, asked_at: float) -> None:
        """Verify and report a request, or leave it to others where that takes too long here."""
        deadline = asked_at + settings.NOCTIS_DICOM_COMMITMENT_SECONDS

        def is_over() -> bool:
            return self._has_ended.is_set() or time.monotonic() > deadline

        with database_session():
            if not _is_verified(claim, is_over):
                postpone(claim, seconds=0 if self._has_ended.is_set() else COURTESY_SECONDS)
                return
        self._has_ended.wait(max(0.0, asked_at + COURTESY_SECONDS - time.monotonic()))
        with database_session():
            if self._has_ended.is_set():
                postpone(claim)
                return
            claim.keep(timedelta(seconds=ANSWER_SECONDS + 5))
            request = CommitmentRequest.objects.get(pk=claim.request_id)
            report = self._report(request, context_id)
        sending = _Sending(lambda: self._association.dimse.send_msg(report, context_id))
        self._association.dimse.call_when_idle(sending)
        status = self._wait_for_answer(report.MessageID)
        with database_session():
            if status == NormalisedStatus.SUCCESS:
                note_reported(claim, association="same")
            elif sending.is_revoked() or self._has_ended.is_set():
                postpone(claim)
            else:
                note_failure(claim, refusal_text(status), pause=retry_after)

    def _report(self, request: CommitmentRequest, context_id: int) -> N_EVENT_REPORT:
        event_type, information = event_information(request)
        syntax: Any = next(
            context.transfer_syntax[0]
            for context in self._association.accepted_contexts
            if context.context_id == context_id
        )
        encoded = encode(information, syntax.is_implicit_VR, syntax.is_little_endian, syntax.is_deflated)
        self._message_id = self._message_id % MOST_MESSAGE_IDS + 1
        report = N_EVENT_REPORT()
        report.MessageID = self._message_id
        report.AffectedSOPClassUID = UID(STORAGE_COMMITMENT_PUSH_MODEL)
        report.AffectedSOPInstanceUID = UID(WELL_KNOWN_INSTANCE)
        report.EventTypeID = event_type
        report.EventInformation = BytesIO(encoded or b"")
        return report

    def _wait_for_answer(self, message_id: int | None) -> int | None:
        """Return the status that the peer answers with, None where it does not."""
        deadline = time.monotonic() + ANSWER_SECONDS
        while time.monotonic() < deadline:
            has_ended = self._has_ended.is_set()  # what came before the end is still read
            with suppress(queue.Empty):
                answered, status = self._answers.get(timeout=0 if has_ended else POLL_SECONDS)
                if answered == message_id:
                    return status
                continue
            if has_ended:
                return None
        return None


class _Sending:
    """Sends a report once, unless it was revoked before."""

    def __init__(self, send: Callable[[], object]) -> None:
        self._send = send
        self._lock = threading.Lock()
        self._was_sent = self._was_revoked = False

    def __call__(self) -> None:
        with self._lock:
            if not self._was_revoked:
                self._was_sent = True
                self._send()

    def is_revoked(self) -> bool:
        """Keep the report from being sent, and say whether that was still possible."""
        with self._lock:
            self._was_revoked = True
            return not self._was_sent


def _information_of(event: Event) -> ActionInformation:
    """Return what is asked for. Raises _Refused."""
    request: Any = event.request
    if without_padding(str(request.RequestedSOPInstanceUID)) != WELL_KNOWN_INSTANCE:
        raise _Refused(NormalisedStatus.NO_SUCH_SOP_INSTANCE, f"The SOP Instance UID must be {WELL_KNOWN_INSTANCE}.")
    if request.ActionTypeID != REQUEST_COMMITMENT:
        raise _Refused(NormalisedStatus.NO_SUCH_ACTION, "The Action Type ID must be 1.")
    try:
        return read_action_information(event.action_information)
    except MalformedRequest as error:
        raise _Refused(NormalisedStatus.INVALID_ARGUMENT_VALUE, str(error)) from error
    except (*UNREADABLE, *UNREADABLE_SEQUENCE) as error:
        raise _Refused(NormalisedStatus.INVALID_ARGUMENT_VALUE, "The Action Information cannot be read.") from error


def refusal_text(status: int | None) -> str:
    """Return what an answer other than Success means for an administrator."""
    if status is None:
        return "It did not answer the report."
    return f"It refused the report with status 0x{status:04X}."


def _is_verified(claim: Claim, is_over: Callable[[], bool]) -> bool:
    while not is_over():
        try:
            return verify(claim, is_over)
        except NotReady:
            time.sleep(POLL_SECONDS)
    return False

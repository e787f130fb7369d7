"""What C-GET and C-MOVE do alike: sub-operations, counted and answered for, until done or cancelled (PS3.4 C.4).

How a single instance gets to where it shall go is the sender's matter.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from io import BytesIO
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from django.db import Error as DatabaseFailure
from pydicom.dataset import Dataset
from pydicom.uid import UID
from pynetdicom import evt
from pynetdicom.dimse_primitives import C_GET, C_MOVE
from pynetdicom.dsutils import encode
from pynetdicom.events import Event
from pynetdicom.presentation import PresentationContext

from noctis.archive.barrier import wait_until_indexed
from noctis.archive.query_attributes import Level
from noctis.archive.query_identifier import LevelNotInModel
from noctis.archive.retrieve import Selection, StoredObject, read_selection, stored_objects
from noctis.dicom.dimse_status import RetrieveStatus
from noctis.dicom.matching import InvalidKey
from noctis.network.database import database_session
from noctis.network.defects import log_defect
from noctis.network.find_responses import read_identifier
from noctis.network.query_scp import BARRIER_SECONDS, LEVELS, negotiate_query_options
from noctis.network.sending import AssociationLost, has_ended, send_response
from noctis.network.services import (
    GET_CLASSES,
    MOVE_CLASSES,
    PATIENT_ROOT_FIND,
    PATIENT_STUDY_ONLY_FIND,
    STUDY_ROOT_FIND,
)
from noctis.network.shipments import FAILED, SENT, Shipments
from noctis.network.statuses import ERROR_COMMENT_LENGTH
from noctis.network.storage_scu import NotSendable

if TYPE_CHECKING:
    from noctis.network.associations import AcceptedAssociation

logger = logging.getLogger(__name__)

RETRIEVE_LEVELS: Final[Mapping[str, frozenset[Level]]] = {
    model: LEVELS[root]
    for classes in (MOVE_CLASSES, GET_CLASSES)
    for model, root in zip(classes, (PATIENT_ROOT_FIND, STUDY_ROOT_FIND, PATIENT_STUDY_ONLY_FIND), strict=True)
}
PENDING_SECONDS: Final = 1.0
LARGEST_COUNT: Final = 0xFFFF
LONGEST_LIST: Final = 1000  # UIDs that fit the 64 kB of an element in explicit VR
WARNINGS: Final = frozenset({0x0107, 0x0116, *range(0xB000, 0xC000)})

# Sends an instance and returns the status of its receiver; raises NotSendable or AssociationLost.
Store: TypeAlias = Callable[[StoredObject], int]


class RetrieveRefused(Exception):
    """The request is answered with a failure; the text says why in one sentence without naming the patient."""

    def __init__(self, status: RetrieveStatus, reason: str) -> None:
        """Keep the status to answer with."""
        super().__init__(reason)
        self.status = status


@dataclass(frozen=True)
class Job:
    """A request to retrieve, who made it, and where its instances go; ``destination`` is an AE title."""

    association: AcceptedAssociation
    request: C_GET | C_MOVE
    context: PresentationContext
    shipments: Shipments
    service: str
    destination: str

    @property
    def model(self) -> str:
        """The UID of the information model."""
        return str(self.request.AffectedSOPClassUID)

    @property
    def message_id(self) -> int:
        """The ID of the request."""
        return self.request.MessageID or 0

    @property
    def is_cancelled(self) -> bool:
        """Whether the peer asked to stop."""
        return self.association.dimse.is_cancelled(self.message_id)


# Makes ready to send; the sub-operations happen within.
Open: TypeAlias = Callable[[Job, Selection], AbstractContextManager[Store]]


@dataclass
class Progress:
    """The counts of a response, and which instances failed."""

    remaining: int
    completed: int = 0
    failed: int = 0
    warned: int = 0
    failed_uids: list[str] = field(default_factory=list)

    def note(self, instance: StoredObject, status: int | None) -> None:
        """Count a sub-operation; status None is one that could not be performed."""
        self.remaining -= 1
        if status == RetrieveStatus.SUCCESS:
            self.completed += 1
        elif status in WARNINGS:
            self.warned += 1
        else:
            self.failed += 1
            self.failed_uids.append(instance.sop_instance_uid)

    def final_status(self) -> RetrieveStatus:
        """Return how it ended, everything being done (PS3.4 C.4.2.3.1)."""
        if not self.failed and not self.warned:
            return RetrieveStatus.SUCCESS
        return RetrieveStatus.SOME_NOT_SENT if self.completed or self.warned else RetrieveStatus.NOTHING_SENT


def retrieve(job: Job, open_sender: Open) -> None:
    """Serve a request to its final response; never raises but for a defect in answering."""
    progress = Progress(0)
    try:
        status, comment = _perform(job, open_sender, progress)
    except (LevelNotInModel, InvalidKey) as error:
        status, comment = RetrieveStatus.IDENTIFIER_DOES_NOT_MATCH, str(error)
    except RetrieveRefused as refusal:
        status, comment = refusal.status, str(refusal)
    except DatabaseFailure as error:
        logger.error("the database does not answer: %s", type(error).__name__)  # noqa: TRY400  (texts may hold values)
        status, comment = RetrieveStatus.OUT_OF_RESOURCES, "The database does not answer."
    except AssociationLost as error:
        logger.warning("%s of %s ended: %s", job.service, job.shipments.origin.ae_title, error)
        job.association.abort(block=False)
        return
    except Exception as error:  # noqa: BLE001  (the peer must get an answer)
        log_defect(logger, error)
        status, comment = RetrieveStatus.UNABLE_TO_PROCESS, "The request met with an internal error."
    _log(job, progress, status, comment)
    job.association.dul._idle_timer.restart()  # noqa: SLF001  (who waits for a move is silent, not idle)
    try:
        send_response(job.association, _response(job, progress, status, comment), _context_id(job))
    except AssociationLost:
        job.association.abort(block=False)


def negotiate_options(event: Event) -> dict[UID, bytes]:
    """Answer the extended negotiation of queries, and relational retrieval where it is asked for (PS3.4 C.5.2.1)."""
    asked: Mapping[UID, bytes] = getattr(event, "app_info")  # noqa: B009  (pynetdicom does not declare it)
    return negotiate_query_options(event) | {
        UID(model): bytes([options[0], *[0] * (len(options) - 1)])
        for model, options in asked.items()
        if model in RETRIEVE_LEVELS and options
    }


def _perform(job: Job, open_sender: Open, progress: Progress) -> tuple[RetrieveStatus, str]:
    facility = job.shipments.origin.facility
    event = Event(job.association, evt.EVT_C_GET, {"request": job.request, "context": job.context.as_tuple})
    levels = RETRIEVE_LEVELS[job.model]
    selection = read_selection(read_identifier(event), levels, min(levels))
    with database_session():
        if not wait_until_indexed(BARRIER_SECONDS):
            logger.warning("%s is served before all that was received is indexed", job.service)
        ids = selection.instance_ids(facility)
    progress.remaining = len(ids)
    with open_sender(job, selection) as store:
        cancelled, trouble = _store_all(job, store, ids, progress)
    if cancelled:
        return RetrieveStatus.CANCEL, ""
    progress.failed += progress.remaining  # rows that have been removed meanwhile
    progress.remaining = 0
    return progress.final_status(), trouble


def _store_all(job: Job, store: Store, ids: list[int], progress: Progress) -> tuple[bool, str]:
    """Perform the sub-operations; return whether they were cancelled, and what went wrong with the last that failed."""
    trouble, is_lost, pending_at = "", False, 0.0
    for instance in _instances(job, ids):
        if has_ended(job.association):
            raise AssociationLost("the peer ended the association")
        if job.is_cancelled:
            return True, trouble
        status: int | None = None
        try:
            if not is_lost:
                status = store(instance)
        except NotSendable as error:
            trouble = f"Not sent: {error}."
            logger.warning("%s is not sent to %s: %s", instance.sop_instance_uid, job.destination, error)
        except AssociationLost as error:
            is_lost, trouble = True, f"{job.destination}: {error}."
        progress.note(instance, status)
        is_sent = status == RetrieveStatus.SUCCESS or status in WARNINGS
        job.shipments.note(job.service, job.destination, instance.study_instance_uid, SENT if is_sent else FAILED)
        if progress.remaining and not is_lost and time.monotonic() - pending_at >= PENDING_SECONDS:
            send_response(job.association, _response(job, progress, RetrieveStatus.PENDING, ""), _context_id(job))
            pending_at = time.monotonic()
    return False, trouble


def _instances(job: Job, ids: list[int]) -> Iterator[StoredObject]:
    """Yield what to send; the database is used between chunks only."""
    chunks = stored_objects(job.shipments.origin.facility, ids)
    while True:
        with database_session():
            chunk = next(chunks, None)
        if chunk is None:
            return
        yield from chunk


def _response(job: Job, progress: Progress, status: RetrieveStatus, comment: str) -> C_GET | C_MOVE:
    response = type(job.request)()
    response.MessageIDBeingRespondedTo = job.message_id
    response.AffectedSOPClassUID = job.request.AffectedSOPClassUID
    response.Status = int(status)
    response.NumberOfCompletedSuboperations = min(progress.completed, LARGEST_COUNT)
    response.NumberOfFailedSuboperations = min(progress.failed, LARGEST_COUNT)
    response.NumberOfWarningSuboperations = min(progress.warned, LARGEST_COUNT)
    if status in {RetrieveStatus.PENDING, RetrieveStatus.CANCEL}:
        response.NumberOfRemainingSuboperations = min(progress.remaining, LARGEST_COUNT)
    if status not in {RetrieveStatus.PENDING, RetrieveStatus.SUCCESS}:
        if comment:
            setattr(response, "ErrorComment", comment[:ERROR_COMMENT_LENGTH])  # noqa: B010  (declared as None)
        if progress.failed_uids:
            response.Identifier = _failed_list(job, progress)
    return response


def _failed_list(job: Job, progress: Progress) -> BytesIO:
    identifier = Dataset()
    identifier.FailedSOPInstanceUIDList = progress.failed_uids[:LONGEST_LIST]
    syntax: Any = job.context.transfer_syntax[0]
    encoded = encode(identifier, syntax.is_implicit_VR, syntax.is_little_endian, syntax.is_deflated)
    return BytesIO(encoded or b"")


def _context_id(job: Job) -> int:
    return job.context.context_id or 0


def _log(job: Job, progress: Progress, status: RetrieveStatus, comment: str) -> None:
    logger.info(
        "%s of %s to %s ended with 0x%04X: %d sent, %d with a warning, %d failed, %d left; %s",
        job.service,
        job.shipments.origin.ae_title,
        job.destination,
        status,
        progress.completed,
        progress.warned,
        progress.failed,
        progress.remaining,
        comment or "no comment",
    )

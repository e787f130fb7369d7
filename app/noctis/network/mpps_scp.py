"""Modality Performed Procedure Step (PS3.4 annex F.7): N-CREATE begins a performed step, N-SET changes and ends it."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Callable

from django.db import Error as DatabaseFailure
from pydicom.dataset import Dataset
from pynetdicom.events import Event

from noctis.archive.header import UNREADABLE
from noctis.archive.ingest import Origin
from noctis.dicom.dimse_status import PERFORMED_STEP_IS_OVER, NormalisedStatus
from noctis.dicom.uids import UUID_ROOT, without_padding
from noctis.modality_worklist.performed_actions import (
    DuplicatePerformedStep,
    NoSuchPerformedStep,
    PerformedStepIsOver,
    Reported,
    Reporter,
    begin_performed_step,
    change_performed_step,
)
from noctis.modality_worklist.performed_report import InvalidValue, MissingAttribute
from noctis.network.database import database_session
from noctis.network.defects import log_defect
from noctis.network.statuses import status_of

logger = logging.getLogger(__name__)


Answer = tuple[Dataset, Dataset | None]


def handle_mpps_create(event: Event, origin: Origin) -> Answer:
    """Answer N-CREATE; a request without SOP Instance UID is given one (PS3.7 10.1.5.1.4)."""
    asked = getattr(event.request, "AffectedSOPInstanceUID", None)
    uid = without_padding(str(asked)) if asked else f"{UUID_ROOT}.{uuid.uuid4().int}"
    status = _answer(
        lambda: event.attribute_list,
        lambda report: begin_performed_step(uid, report, reporter=_reporter(origin)),
        uid,
        origin,
    )
    given = None
    if not asked and status.Status == NormalisedStatus.SUCCESS:
        given = Dataset()
        given.AffectedSOPInstanceUID = uid
    return status, given


def handle_mpps_set(event: Event, origin: Origin) -> Answer:
    """Answer N-SET."""
    uid = without_padding(str(getattr(event.request, "RequestedSOPInstanceUID", "")))
    changed = _answer(
        lambda: event.modification_list,
        lambda changes: change_performed_step(uid, changes, reporter=_reporter(origin)),
        uid,
        origin,
    )
    return changed, None


def _reporter(origin: Origin) -> Reporter:
    return Reporter(origin.facility, origin.ae_title, origin.address)


def _answer(read: Callable[[], Dataset], act: Callable[[Dataset], Reported], uid: str, origin: Origin) -> Dataset:
    """Return the status of what ``act`` does with the attributes that ``read`` decodes, and log it."""
    answer = _answer_to(read, act)
    comment = answer.get("ErrorComment", "")
    logger.info("performed step %r of %s: 0x%04X %s", uid[:64], origin.ae_title, answer.Status, comment)
    return answer


def _answer_to(read: Callable[[], Dataset], act: Callable[[Dataset], Reported]) -> Dataset:
    try:
        attributes = read()
    except UNREADABLE:
        return status_of(NormalisedStatus.PROCESSING_FAILURE, "The attribute list cannot be read.")
    try:
        with database_session():
            return _outcome(act(attributes))
    except (MissingAttribute, InvalidValue, DuplicatePerformedStep, NoSuchPerformedStep, PerformedStepIsOver) as error:
        return _refusal(error)
    except DatabaseFailure as error:
        logger.error("a performed step cannot be written: %s", type(error).__name__)  # noqa: TRY400  (texts hold values)
        return status_of(NormalisedStatus.RESOURCE_LIMITATION, "The database does not answer.")
    except Exception as error:  # noqa: BLE001  (the modality must get an answer)
        log_defect(logger, error)
        return status_of(NormalisedStatus.PROCESSING_FAILURE, "The archive met with an internal error.")


def _outcome(reported: Reported) -> Dataset:
    """Return Success, or a warning that names what was not set or should have been there (PS3.7 C.5.17)."""
    if reported.not_set:
        return status_of(NormalisedStatus.ATTRIBUTE_LIST_ERROR, f"Not changed: {', '.join(reported.not_set)}")
    if reported.missing:
        return status_of(NormalisedStatus.ATTRIBUTE_LIST_ERROR, f"Missing: {', '.join(reported.missing)}")
    return status_of(NormalisedStatus.SUCCESS)


def _refusal(error: Exception) -> Dataset:
    if isinstance(error, MissingAttribute):
        return status_of(NormalisedStatus.MISSING_ATTRIBUTE, f"Missing: {error}")
    if isinstance(error, InvalidValue):
        return status_of(NormalisedStatus.INVALID_ATTRIBUTE_VALUE, f"Invalid: {error}")
    if isinstance(error, DuplicatePerformedStep):
        return status_of(NormalisedStatus.DUPLICATE_SOP_INSTANCE)
    if isinstance(error, NoSuchPerformedStep):
        return status_of(NormalisedStatus.NO_SUCH_SOP_INSTANCE)
    answer = status_of(NormalisedStatus.PROCESSING_FAILURE, "Performed Procedure Step Object may no longer be updated")
    answer.ErrorID = PERFORMED_STEP_IS_OVER
    return answer

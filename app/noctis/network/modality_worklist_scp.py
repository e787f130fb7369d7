"""Modality Worklist (PS3.4 annex K): the answer to C-FIND is what is scheduled at the caller's facility."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Final

from django.db import Error as DatabaseFailure
from pydicom.dataset import Dataset
from pynetdicom.events import Event

from noctis.archive.header import UNREADABLE
from noctis.archive.ingest import Origin
from noctis.audit.actions import record
from noctis.audit.models import Action
from noctis.dicom.dimse_status import FindStatus
from noctis.dicom.matching import InvalidKey
from noctis.modality_worklist.models import ScheduledProcedureStep
from noctis.modality_worklist.query import WorklistQuery, worklist_query
from noctis.network.database import database_session
from noctis.network.defects import log_defect

logger = logging.getLogger(__name__)

ERROR_COMMENT_LENGTH: Final = 64


def handle_worklist_find(event: Event, origin: Origin) -> Iterator[tuple[int | Dataset, Dataset | None]]:
    """Yield a pending response for each scheduled step that the identifier asks for; ``origin`` is the caller."""
    try:
        identifier = event.identifier
    except UNREADABLE:
        logger.warning("worklist query of %s refused: the identifier cannot be read", origin.ae_title)
        yield failure(FindStatus.UNABLE_TO_PROCESS, "The identifier cannot be read."), None
        return
    try:
        yield from _answers(event, worklist_query(identifier), origin)
    except InvalidKey as error:
        logger.warning("worklist query of %s refused: %s", origin.ae_title, error)
        yield failure(FindStatus.IDENTIFIER_DOES_NOT_MATCH, str(error)), None
    except DatabaseFailure as error:
        logger.error("the worklist cannot be read: %s", type(error).__name__)  # noqa: TRY400  (texts may hold values)
        yield failure(FindStatus.OUT_OF_RESOURCES, "The worklist cannot be read now."), None
    except Exception as error:  # noqa: BLE001  (the modality must get an answer)
        log_defect(logger, error)
        yield failure(FindStatus.UNABLE_TO_PROCESS, "The worklist met with an internal error."), None


def failure(status: FindStatus, comment: str) -> Dataset:
    """Return a status with an Error Comment, as pynetdicom takes it (PS3.7 C.4.2)."""
    answer = Dataset()
    answer.Status = int(status)
    answer.ErrorComment = comment[:ERROR_COMMENT_LENGTH]
    return answer


def _answers(event: Event, query: WorklistQuery, origin: Origin) -> Iterator[tuple[int, Dataset | None]]:
    status = FindStatus.PENDING_WITH_UNSUPPORTED_KEYS if query.unsupported else FindStatus.PENDING
    count = 0
    with database_session():
        steps = ScheduledProcedureStep.objects.visible_to_facility(origin.facility)
        for answer in query.answers(steps, calling_ae_title=origin.ae_title):
            if event.is_cancelled:
                _note(origin, count, cancelled=True)
                yield int(FindStatus.CANCEL), None
                return
            yield int(status), answer
            count += 1
        _note(origin, count)


def _note(origin: Origin, count: int, *, cancelled: bool = False) -> None:
    """Log the query; what told somebody about patients goes to the audit trail too."""
    logger.info("worklist query of %s: %d steps%s", origin.ae_title, count, ", cancelled" if cancelled else "")
    if count:
        record(
            Action.WORKLIST_QUERIED,
            ae_title=origin.ae_title,
            address=origin.address,
            facility=origin.facility,
            steps=count,
        )

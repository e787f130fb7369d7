"""Modality Worklist (PS3.4 annex K): what C-FIND finds is what is scheduled at the caller's facility."""

from __future__ import annotations

import logging
from functools import partial

from pydicom.dataset import Dataset
from pynetdicom.events import Event

from noctis.archive.ingest import Origin
from noctis.audit.actions import record
from noctis.audit.models import Action
from noctis.modality_worklist.models import ScheduledProcedureStep
from noctis.modality_worklist.query import worklist_query
from noctis.network.find_responses import Matches

logger = logging.getLogger(__name__)


def find_in_worklist(_event: Event, identifier: Dataset, origin: Origin) -> Matches:
    """Return each scheduled step that the identifier asks for. Raises InvalidKey."""
    query = worklist_query(identifier)
    steps = ScheduledProcedureStep.objects.visible_to_facility(origin.facility)
    return Matches(
        identifiers=query.answers(steps, calling_ae_title=origin.ae_title),
        note=partial(_note, origin),
        unsupported=query.unsupported,
    )


def _note(origin: Origin, count: int, cancelled: bool) -> None:  # noqa: FBT001  (called by position)
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

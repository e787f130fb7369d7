"""Query (PS3.4 annex C): what C-FIND finds in the archive, in each of the Query/Retrieve information models."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from functools import partial
from typing import Final

from django.conf import settings
from pydicom.dataset import Dataset
from pydicom.uid import UID
from pynetdicom.events import Event

from noctis.archive.barrier import wait_until_indexed
from noctis.archive.ingest import Origin
from noctis.archive.query import seen_by_facility
from noctis.archive.query_attributes import Level
from noctis.archive.query_identifier import Responses, read_identifier
from noctis.audit.actions import record
from noctis.audit.models import Action
from noctis.network.find_responses import Matches
from noctis.network.services import PATIENT_ROOT_FIND, PATIENT_STUDY_ONLY_FIND, STUDY_ROOT_FIND

logger = logging.getLogger(__name__)

LEVELS: Final[Mapping[str, frozenset[Level]]] = {
    PATIENT_ROOT_FIND: frozenset(Level),
    STUDY_ROOT_FIND: frozenset({Level.STUDY, Level.SERIES, Level.IMAGE}),
    PATIENT_STUDY_ONLY_FIND: frozenset({Level.PATIENT, Level.STUDY}),
}
BARRIER_SECONDS: Final = 5.0
# Positions in the application information of extended negotiation (PS3.4 table C.5-1); we support these two.
RELATIONAL_QUERIES: Final = 0
COMBINED_DATE_AND_TIME: Final = 1
SUPPORTED: Final = frozenset({RELATIONAL_QUERIES, COMBINED_DATE_AND_TIME})


def find_in_archive(event: Event, identifier: Dataset, origin: Origin) -> Matches:
    """Return what the archive holds for the caller's facility; an association sees what it has just stored."""
    model = str(event.request.AffectedSOPClassUID)
    query = read_identifier(identifier, LEVELS[model], combine_times=agreed(event, model, COMBINED_DATE_AND_TIME))
    if not wait_until_indexed(BARRIER_SECONDS):
        logger.warning("query of %s answered before all that was received is indexed", origin.ae_title)
    answers = Responses(identifier, query, retrieve_ae_title=settings.NOCTIS_AE_TITLE)
    return Matches(
        identifiers=map(answers.identifier, query.rows(seen_by_facility(origin.facility))),
        note=partial(_note, origin, query.level),
        unsupported=bool(query.unsupported),
    )


def negotiate_query_options(event: Event) -> dict[UID, bytes]:
    """Answer the extended negotiation of the information models: what was asked for, as far as we can do it."""
    asked: Mapping[UID, bytes] = getattr(event, "app_info")  # noqa: B009  (pynetdicom does not declare it)
    return {
        UID(model): bytes(value if position in SUPPORTED else 0 for position, value in enumerate(options))
        for model, options in asked.items()
        if model in LEVELS and options
    }


def agreed(event: Event, model: str, option: int) -> bool:
    """Whether an option was negotiated for an information model."""
    options: bytes = event.assoc.acceptor.sop_class_extended.get(UID(model)) or b""
    return options[option : option + 1] == b"\x01"


def _note(origin: Origin, level: Level, count: int, cancelled: bool) -> None:  # noqa: FBT001  (called by position)
    """Log the query; what told somebody about patients goes to the audit trail too."""
    ended = ", cancelled" if cancelled else ""
    logger.info("query of %s at %s level: %d matches%s", origin.ae_title, level.name, count, ended)
    if count:
        record(
            Action.ARCHIVE_QUERIED,
            ae_title=origin.ae_title,
            address=origin.address,
            facility=origin.facility,
            level=level.name,
            matches=count,
        )

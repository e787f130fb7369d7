"""C-FIND (PS3.7 9.1.2): which service answers for which SOP class."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from pynetdicom.events import Event

from noctis.archive.ingest import Origin
from noctis.network.find_responses import Find, Response, responses
from noctis.network.modality_worklist_scp import find_in_worklist
from noctis.network.query_scp import LEVELS, find_in_archive
from noctis.network.services import MODALITY_WORKLIST

SERVICES: Final[Mapping[str, Find]] = {MODALITY_WORKLIST: find_in_worklist, **dict.fromkeys(LEVELS, find_in_archive)}


def handle_find(event: Event, origin: Origin) -> Iterator[Response]:
    """Yield the responses to one request of ``origin``, the caller."""
    yield from responses(event, origin, SERVICES[str(event.request.AffectedSOPClassUID)])

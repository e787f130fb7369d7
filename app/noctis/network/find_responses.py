"""What every C-FIND service does alike: read the identifier, send the matches one by one, heed C-CANCEL, report errors.

The matches come from a ``Find`` function and are put on the wire here; the last response is pynetdicom's.
"""

from __future__ import annotations

import logging
import select
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeAlias, cast

from django.db import Error as DatabaseFailure
from pydicom.charset import convert_encodings
from pydicom.dataelem import RawDataElement
from pydicom.dataset import Dataset
from pydicom.uid import UID
from pynetdicom.dimse_primitives import C_FIND
from pynetdicom.events import Event

from noctis.archive.header import UNDEFINED_LENGTH, UNREADABLE
from noctis.archive.ingest import Origin
from noctis.archive.query_identifier import LevelNotInModel
from noctis.dicom.character_sets import UTF_8
from noctis.dicom.dimse_status import FindStatus
from noctis.dicom.matching import InvalidKey
from noctis.network.database import database_session
from noctis.network.defects import log_defect
from noctis.network.identifier_encoding import encode_identifier
from noctis.network.sending import AssociationLost, pending_command, send_match
from noctis.network.statuses import ERROR_COMMENT_LENGTH

if TYPE_CHECKING:
    from noctis.network.associations import AcceptedAssociation

logger = logging.getLogger(__name__)

LARGEST_IDENTIFIER: Final = 1024 * 1024
PAUSE_SECONDS: Final = 0.0005


@dataclass(frozen=True)
class Matches:
    """What answers an identifier.

    ``note`` is called in the end with the number of responses and whether the peer cancelled. ``unsupported`` says
    that the identifier has keys that are none of ours.
    """

    identifiers: Iterable[Dataset]
    note: Callable[[int, bool], None]
    unsupported: bool = False


Find: TypeAlias = Callable[[Event, Dataset, Origin], Matches]
Response: TypeAlias = "tuple[int | Dataset, Dataset | None]"


def responses(event: Event, origin: Origin, find: Find) -> Iterator[Response]:
    """Send the matches; yield the last response where that is not Success. Never raises."""
    try:
        with database_session():
            yield from _matches(event, find(event, read_identifier(event), origin))
    except (LevelNotInModel, InvalidKey) as error:
        logger.warning("query of %s refused: %s", origin.ae_title, error)
        yield failure(FindStatus.IDENTIFIER_DOES_NOT_MATCH, str(error)), None
    except DatabaseFailure as error:
        logger.error("the database does not answer: %s", type(error).__name__)  # noqa: TRY400  (texts may hold values)
        yield failure(FindStatus.OUT_OF_RESOURCES, "The database does not answer."), None
    except Exception as error:  # noqa: BLE001  (the peer must get an answer)
        log_defect(logger, error)
        yield failure(FindStatus.UNABLE_TO_PROCESS, "The query met with an internal error."), None


def failure(status: FindStatus, comment: str) -> Dataset:
    """Return a status with an Error Comment, as pynetdicom takes it (PS3.7 C.4.2)."""
    answer = Dataset()
    answer.Status = int(status)
    answer.ErrorComment = comment[:ERROR_COMMENT_LENGTH]
    return answer


def read_identifier(event: Event) -> Dataset:
    """Return the identifier of a request, its values not yet read. Raises InvalidKey.

    Where it names no character set although it holds more than ASCII, it is read as UTF-8 if it can be: many a peer
    sends what its user typed.
    """
    encoded = cast("C_FIND", event.request).Identifier
    if encoded is None or encoded.getbuffer().nbytes > LARGEST_IDENTIFIER:
        raise InvalidKey("The identifier is missing or too long.")
    try:
        identifier = event.identifier
        raw = [element for element in identifier.values() if isinstance(element, RawDataElement)]
        if not identifier.get("SpecificCharacterSet") and _is_utf_8(b"".join(one.value or b"" for one in raw)):
            is_implicit, is_little_endian = identifier.original_encoding
            identifier.set_original_encoding(is_implicit, is_little_endian, convert_encodings(UTF_8))
            identifier.SpecificCharacterSet = UTF_8
    except UNREADABLE:
        raise InvalidKey("The identifier cannot be read.") from None
    if any(element.length not in {len(element.value or b""), UNDEFINED_LENGTH} for element in raw):
        raise InvalidKey("The identifier is cut off.")
    return identifier


def _is_utf_8(values: bytes) -> bool:
    if values.isascii():
        return False
    try:
        values.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _matches(event: Event, matches: Matches) -> Iterator[Response]:
    association = cast("AcceptedAssociation", event.assoc)
    status = FindStatus.PENDING_WITH_UNSUPPORTED_KEYS if matches.unsupported else FindStatus.PENDING
    command = pending_command(cast("C_FIND", event.request), int(status))
    context_id, syntax = event.context.context_id, UID(event.context.transfer_syntax)
    count, cancelled = 0, False
    try:
        for identifier in matches.identifiers:
            wait_until_sent(association)
            if cancelled := association.dimse.is_cancelled(event.message_id):
                yield int(FindStatus.CANCEL), None
                return
            send_match(association, command, encode_identifier(identifier, syntax), context_id)
            count += 1
    except AssociationLost as error:  # caught here, where the cursor of the query can still be closed
        logger.warning("the peer went away within its query: %s", error)
        association.abort(block=False)
    finally:
        matches.note(count, cancelled)


def wait_until_sent(association: AcceptedAssociation) -> None:
    """Wait until what another thread sends has left, and what the peer has sent meanwhile has been read.

    Nothing would overlap with an earlier answer then, and no C-CANCEL is missed.
    """
    provider = association.dul
    while association.is_established and provider.is_alive() and not association.acse.is_aborted():
        if provider.to_provider_queue.empty() and not _can_be_read(association):
            return
        time.sleep(PAUSE_SECONDS)


def _can_be_read(association: AcceptedAssociation) -> bool:
    connection = association.dul.socket and association.dul.socket.socket
    try:
        return bool(connection and select.select([connection], [], [], 0)[0])
    except (OSError, ValueError):
        return False  # closed meanwhile

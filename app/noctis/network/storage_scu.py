"""Storage as a user (PS3.4 annex B): sends stored instances as they are, or decoded where the peer wants no more."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterable
from dataclasses import dataclass, field
from io import BufferedIOBase
from typing import Final

from pydicom.uid import UID
from pynetdicom import build_context
from pynetdicom.association import Association
from pynetdicom.dimse_primitives import C_STORE
from pynetdicom.presentation import PresentationContext

from noctis.archive.retrieve import StoredObject
from noctis.corrections.outgoing import CannotCorrect, Corrected
from noctis.network.corrections import StudyOverlays, corrected
from noctis.network.requesting import Address, associate, end_association
from noctis.network.sending import AssociationLost, receive_store_response, send_store
from noctis.network.transcoding import TARGETS, CannotTranscode, choose, transcoded

logger = logging.getLogger(__name__)

MOST_CONTEXTS: Final = 128
MOST_MESSAGE_IDS: Final = 0xFFFF
ANSWER_SECONDS: Final = 60.0


class NotSendable(Exception):
    """The instance cannot be sent to this peer, or cannot be read; the text says why without naming the patient."""


@dataclass(frozen=True)
class Originator:
    """Whose C-MOVE a sub-operation serves."""

    ae_title: str
    message_id: int


@dataclass
class StorageUser:
    """Sends instances over an established association, one after the other."""

    association: Association
    originator: Originator | None = None
    priority: int = 0
    overlays: StudyOverlays = field(default_factory=StudyOverlays)
    _message_id: int = 0

    def store(self, instance: StoredObject) -> int:
        """Send an instance and return the peer's status. Raises NotSendable or AssociationLost."""
        context_id, syntax = self._context_for(instance)
        overlay = self.overlays.of(instance.study_id)
        try:
            if syntax == instance.transfer_syntax_uid:
                return self._send_as_stored(instance, context_id, corrected(instance, overlay))
            data_set = transcoded(instance, syntax, overlay)
            return self._send(instance, context_id, data_set, data_set.getbuffer().nbytes)
        except (CannotTranscode, CannotCorrect) as error:
            raise NotSendable(str(error)) from error
        except OSError as error:
            raise NotSendable(f"its file cannot be read: {error.strerror}") from error

    def _send_as_stored(self, instance: StoredObject, context_id: int, correction: Corrected | None) -> int:
        """Send an instance in its own transfer syntax, with what was corrected about it."""
        with instance.path.open("rb") as file:
            if os.fstat(file.fileno()).st_size != instance.file_size:
                raise NotSendable("its file is not of the size that the index knows")
            if correction is None:
                file.seek(instance.data_set_offset)
                return self._send(instance, context_id, file, instance.file_size - instance.data_set_offset)
        with correction.open_data_set() as data_set:
            return self._send(instance, context_id, data_set, correction.data_set_length)

    def _context_for(self, instance: StoredObject) -> tuple[int, str]:
        accepted = {
            str(context.transfer_syntax[0]): context.context_id or 0
            for context in self.association.accepted_contexts
            if context.abstract_syntax == instance.sop_class_uid and context.as_scu
        }
        syntax = choose(accepted, instance.transfer_syntax_uid)
        if syntax is None:
            raise NotSendable("the peer did not accept its SOP class")
        return accepted[syntax], syntax

    def _send(self, instance: StoredObject, context_id: int, data_set: BufferedIOBase, length: int) -> int:
        self._message_id = self._message_id % MOST_MESSAGE_IDS + 1
        request = C_STORE()
        request.MessageID = self._message_id
        request.AffectedSOPClassUID = UID(instance.sop_class_uid)
        request.AffectedSOPInstanceUID = UID(instance.sop_instance_uid)
        request.Priority = self.priority
        if self.originator:
            request.MoveOriginatorApplicationEntityTitle = self.originator.ae_title
            request.MoveOriginatorMessageID = self.originator.message_id
        try:
            send_store(self.association, request, context_id, data_set, length)
        except (OSError, EOFError) as error:
            self.association.abort(block=False)
            raise AssociationLost("a file could not be read to its end") from error
        return receive_store_response(self.association, self._message_id, ANSWER_SECONDS)


class Destination:
    """An application entity to send to; associated with when it is first needed, and anew where that broke."""

    def __init__(
        self,
        address: Address,
        kinds: Iterable[tuple[str, str]],
        *,
        originator: Originator | None = None,
        priority: int = 0,
    ) -> None:
        """Prepare for instances of ``kinds``, pairs of SOP class and transfer syntax."""
        self.address = address
        self._originator = originator
        self._contexts = contexts_for(kinds)
        self._priority = priority
        self._user: StorageUser | None = None

    def store(self, instance: StoredObject) -> int:
        """Send an instance, a second time where the association broke; return the peer's status.

        Raises NotSendable, or AssociationLost where the peer cannot be reached or broke off both times.
        """
        try:
            return self._associated().store(instance)
        except AssociationLost as error:
            logger.warning("%s: %s, %s is sent again", self.address.ae_title, error, instance.sop_instance_uid)
            self.close()
        try:
            return self._associated().store(instance)
        except AssociationLost:
            self.close()
            raise

    def look_again(self) -> None:
        """Ask anew what is corrected of the studies that are sent next."""
        if self._user is not None:
            self._user.overlays = StudyOverlays()

    def close(self) -> None:
        """Release the association, if there is one."""
        if self._user is None:
            return
        association, self._user = self._user.association, None
        end_association(association)

    def _associated(self) -> StorageUser:
        if self._user is None:
            association = associate(self.address, self._contexts)
            self._user = StorageUser(association, self._originator, self._priority)
        return self._user


def contexts_for(kinds: Iterable[tuple[str, str]]) -> list[PresentationContext]:
    """Return what to propose: each SOP class as it is stored, and in each transfer syntax it can be decoded to.

    A context for each transfer syntax lets the peer accept all of them, so that as little as possible is decoded.
    """
    kinds = list(kinds)
    wanted = dict.fromkeys(kinds)
    for target in TARGETS:
        wanted.update(dict.fromkeys((sop_class, target) for sop_class, _ in kinds))
    if len(wanted) > MOST_CONTEXTS:
        logger.warning("%d presentation contexts are too many, only %d are proposed", len(wanted), MOST_CONTEXTS)
    return [build_context(sop_class, syntax) for sop_class, syntax in list(wanted)[:MOST_CONTEXTS]]

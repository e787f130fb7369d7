"""Storage commitment as outgoing work: what the association that asked did not do itself (PS3.4 J.3.3.1.2).

Reports go to the address of the application entity that asked, over an association in which we have the role of SCP
(PS3.4 J.2.1, PS3.7 D.3.3.4), again and again until it answers with Success or time is up.
"""

from __future__ import annotations

import logging
from collections.abc import Hashable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from typing import Final, cast

from django.utils import timezone
from pydicom.dataset import Dataset
from pynetdicom import build_context
from pynetdicom.association import Association
from pynetdicom.presentation import build_role

from noctis.accounts.models import Facility
from noctis.network.commitment_scp import MOST_MESSAGE_IDS, WELL_KNOWN_INSTANCE, refusal_text
from noctis.network.models import RemoteApplicationEntity
from noctis.network.move_scp import configured_address
from noctis.network.outgoing import IsStopping, register, retry_after
from noctis.network.requesting import Address, AssociationLost, associate, end_association
from noctis.network.sending import has_ended
from noctis.network.services import EXPLICIT_LITTLE_ENDIAN, IMPLICIT_LITTLE_ENDIAN, STORAGE_COMMITMENT_PUSH_MODEL
from noctis.storage_commitment.actions import note_failure, note_reported, postpone
from noctis.storage_commitment.claims import CLAIM, Claim, ClaimLost, claim
from noctis.storage_commitment.event_information import event_information
from noctis.storage_commitment.models import CommitmentRequest, CommitmentState
from noctis.storage_commitment.verification import NotReady, verify

logger = logging.getLogger(__name__)

LANES: Final = 2
AT_ONCE: Final = 100
NOT_READY_SECONDS: Final = 2.0
NO_ADDRESS_SECONDS: Final = 60.0
ANSWER_SECONDS: Final = 40.0


class NoAddress(Exception):
    """Nobody can be told; the text says what an administrator can do about it."""


@dataclass(frozen=True)
class Listener:
    """An application entity that waits for reports, and what it called us: it may know us by no other name."""

    facility_id: int
    ae_title: str
    called_ae_title: str


class Verification:
    """Verifies what is left over, in a few lanes at a time: it keeps disks busy."""

    def due(self) -> Iterable[Hashable]:
        """Return the lanes with work."""
        return {pk % LANES for pk in _due(CommitmentState.UNVERIFIED)}

    def deliver(self, destination: Hashable, is_stopping: IsStopping) -> None:
        """Verify what is due in a lane."""
        for pk in _due(CommitmentState.UNVERIFIED):
            if is_stopping():
                return
            if pk % LANES == destination and (held := claim(pk, CommitmentState.UNVERIFIED)) is not None:
                self._verify(held, is_stopping)

    def _verify(self, held: Claim, is_stopping: IsStopping) -> None:
        try:
            verify(held, is_stopping)
            postpone(held)
        except NotReady as error:
            postpone(held, seconds=NOT_READY_SECONDS, reason=str(error))
        except ClaimLost:
            logger.warning("the verification of commitment %s was taken over", held.request_id)


class Reports:
    """Tells each application entity what is committed."""

    def due(self) -> Iterable[Hashable]:
        """Return those who are to be told something."""
        due = CommitmentRequest.objects.due(CommitmentState.VERIFIED, timezone.now())
        return {Listener(*row) for row in due.values_list("facility_id", "ae_title", "called_ae_title")}

    def deliver(self, destination: Hashable, is_stopping: IsStopping) -> None:
        """Report what is due to an application entity, over one association."""
        listener = cast("Listener", destination)
        try:
            with _associated(_address_of(listener)) as association:
                for held in _claimed(listener):
                    if is_stopping():
                        postpone(held)
                        return
                    _report(held, association)
        except NoAddress as error:
            for held in _claimed(listener):
                postpone(held, seconds=NO_ADDRESS_SECONDS, reason=str(error))
        except AssociationLost as error:
            reason = f"No report could be sent: {error}."
            for held in _claimed(listener):
                note_failure(held, reason, pause=retry_after)


def register_couriers() -> None:
    """Let the process for outgoing work do this."""
    register(Verification())
    register(Reports())


def _due(state: CommitmentState) -> list[int]:
    return list(CommitmentRequest.objects.due(state, timezone.now()).values_list("pk", flat=True)[:AT_ONCE])


def _claimed(listener: Listener) -> Iterator[Claim]:
    """Claim what is due for an entity, one after the other."""
    due = CommitmentRequest.objects.due(CommitmentState.VERIFIED, timezone.now()).filter(**asdict(listener))
    for pk in list(due.values_list("pk", flat=True)[:AT_ONCE]):
        if (held := claim(pk, CommitmentState.VERIFIED)) is not None:
            yield held


def _address_of(listener: Listener) -> Address:
    """Return where an entity takes reports. Raises NoAddress."""
    title = listener.ae_title
    entity = RemoteApplicationEntity.objects.filter(ae_title=title, facility_id=listener.facility_id).first()
    facility = Facility.objects.get(pk=listener.facility_id)
    if entity is None and (configured := configured_address(title, facility)) is not None:
        return replace(configured, calling_ae_title=listener.called_ae_title)
    if entity is None:
        raise NoAddress(f"{title} is not registered for this facility: add it with its host and port.")
    if not entity.has_send_address:
        raise NoAddress(f"{title} has no address: give it a host and a port.")
    if not entity.is_active:
        raise NoAddress(f"{title} is deactivated: nothing is sent to it.")
    return replace(Address.of(entity), calling_ae_title=listener.called_ae_title)


@contextmanager
def _associated(address: Address) -> Iterator[Association]:
    """Give an association in which we are the SCP. Raises AssociationLost.

    A peer that says nothing about roles is taken to agree: many modalities take reports and never answer the proposal.
    """
    context = build_context(STORAGE_COMMITMENT_PUSH_MODEL, [EXPLICIT_LITTLE_ENDIAN, IMPLICIT_LITTLE_ENDIAN])
    role = build_role(STORAGE_COMMITMENT_PUSH_MODEL, scu_role=False, scp_role=True)
    association = associate(address, [context], negotiation=[role], answer_seconds=ANSWER_SECONDS)
    try:
        yield association
    finally:
        end_association(association)


def _report(held: Claim, association: Association) -> None:
    """Send one report and note how it went. Raises AssociationLost."""
    try:
        held.keep(CLAIM)
        request = CommitmentRequest.objects.get(pk=held.request_id)
        event_type, information = event_information(request)
        status = _send(association, event_type, information, held)
        if status == 0:
            note_reported(held, association="new")
            return
        note_failure(held, refusal_text(status), pause=retry_after)
    except ClaimLost:
        logger.warning("the report on commitment %s was taken over", held.request_id)
        return
    if status is None:
        raise AssociationLost("it did not answer")


def _send(association: Association, event_type: int, information: Dataset, held: Claim) -> int | None:
    """Return the status that the peer answers a report with, None where it does not."""
    if has_ended(association):
        return None
    message_id = held.request_id % MOST_MESSAGE_IDS + 1
    answer, _ = association.send_n_event_report(
        information, event_type, STORAGE_COMMITMENT_PUSH_MODEL, WELL_KNOWN_INSTANCE, message_id
    )
    return int(answer.Status) if "Status" in answer else None

"""Sends what is queued, one destination per thread, and writes down how far it came.

An instance counts as sent once its destination has answered so. What was answered but not yet written down when a
process is killed is sent a second time, which changes nothing at the destination: nothing is ever left out.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Hashable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final

from django.utils import timezone

from noctis.archive.retrieve import StoredObject, stored_objects
from noctis.dicom.dimse_status import RetrieveStatus
from noctis.network.database import database_session
from noctis.network.outgoing import IsStopping
from noctis.network.requesting import NOTHING_ACCEPTED, CannotAssociate
from noctis.network.retrieve import WARNINGS
from noctis.network.sending import AssociationLost
from noctis.network.storage_scu import Destination, NotSendable
from noctis.routing.models import Transmission
from noctis.routing.queue import Task, begin_next, conclude, hold, write_down

logger = logging.getLogger(__name__)

SLICE_SECONDS: Final = 60.0  # then other destinations get their turn with a thread
WRITE_SECONDS: Final = 0.5
DUPLICATE_SOP_INSTANCE: Final = 0x0111
OUT_OF_RESOURCES: Final = range(0xA700, 0xA800)
DELIVERED: Final = frozenset({RetrieveStatus.SUCCESS, DUPLICATE_SOP_INSTANCE, *WARNINGS})


class OutOfResources(AssociationLost):
    """The destination takes nothing for now."""


class Stopped(Exception):
    """Sending ends here: the service stops, or somebody cancelled the transmission."""


class TransmissionCourier:
    """Forwards images."""

    def due(self) -> Iterable[Hashable]:
        """Return the primary keys of the destinations for which something is queued."""
        due = Transmission.objects.due(timezone.now()).order_by("destination_id")
        return list(due.values_list("destination_id", flat=True).distinct())

    def deliver(self, destination: Hashable, is_stopping: IsStopping) -> None:
        """Send for a while what is queued for a destination."""
        until = time.monotonic() + SLICE_SECONDS
        line = Line()
        try:
            while not is_stopping() and time.monotonic() < until:
                with database_session():
                    task = begin_next(int(str(destination)))
                if task is None or not send(task, line, lambda: is_stopping() or time.monotonic() > until):
                    return
        finally:
            line.close()


class Line:
    """The association with a destination, kept from one task to the next."""

    def __init__(self) -> None:
        """Begin with none."""
        self._destination: Destination | None = None
        self._kinds: frozenset[tuple[str, str]] = frozenset()

    def to(self, task: Task, stored: Iterable[StoredObject]) -> Destination:
        """Return the destination of a task, ready for the kinds of these instances."""
        kinds = frozenset((one.sop_class_uid, one.transfer_syntax_uid) for one in stored)
        known = self._destination
        if known is not None and known.address == task.address and kinds <= self._kinds:
            known.look_again()
            return known
        self.close()
        self._kinds = kinds
        self._destination = Destination(task.address, sorted(kinds))
        return self._destination

    def close(self) -> None:
        """End the association, if there is one."""
        if self._destination is not None:
            with suppress(AssociationLost):
                self._destination.close()
            self._destination = None


@dataclass
class Outcome:
    """What happened since it was last written down, by item."""

    sent: list[int] = field(default_factory=list)
    refused: dict[int, str] = field(default_factory=dict)


def send(task: Task, line: Line, is_stopping: IsStopping) -> bool:
    """Send the instances of a task; return whether the destination can be asked for more."""
    with database_session():
        stored = _read(task)
    outcome = Outcome(refused={pk: "it is not stored any more" for pk in task.items if pk not in stored})
    trouble, is_unreachable = "", False
    try:
        _send_each(task, stored, line, outcome, is_stopping)
    except AssociationLost as error:
        if str(error) == NOTHING_ACCEPTED:
            outcome.refused.update(dict.fromkeys(stored, "the peer accepted none of the SOP classes"))
        else:
            trouble, is_unreachable = str(error), isinstance(error, CannotAssociate | OutOfResources)
    except Stopped:
        pass
    with database_session():
        write_down(task.transmission_id, outcome.sent, outcome.refused)
        if trouble:
            logger.warning("%s: %s, it is tried again later", task.address.ae_title, trouble)
            hold(task.transmission_id, f"{task.address.ae_title}: {trouble}.", everything=is_unreachable)
        else:
            conclude(task.transmission_id)
    return not is_unreachable


def _read(task: Task) -> dict[int, StoredObject]:
    """Return what is stored of a task's instances, by item and in their order."""
    by_uid = {uid: pk for pk, uid in task.items.items()}
    chunks = stored_objects(task.facility, list(task.instance_ids))
    return {by_uid[one.sop_instance_uid]: one for chunk in chunks for one in chunk}


def _send_each(
    task: Task, stored: dict[int, StoredObject], line: Line, outcome: Outcome, is_stopping: IsStopping
) -> None:
    if not stored:
        return
    destination = line.to(task, stored.values())
    written_at = time.monotonic()
    for pk, instance in stored.items():
        if is_stopping():
            raise Stopped
        try:
            status = destination.store(instance)
        except NotSendable as error:
            outcome.refused[pk] = str(error)
        else:
            _judge(pk, status, outcome)
        if time.monotonic() - written_at > WRITE_SECONDS:
            with database_session():
                goes_on = write_down(task.transmission_id, outcome.sent, outcome.refused)
            outcome.sent, outcome.refused = [], {}
            if not goes_on:
                raise Stopped
            written_at = time.monotonic()


def _judge(pk: int, status: int, outcome: Outcome) -> None:
    """Note what a destination answered; raises AssociationLost where it is to be left alone for a while."""
    if status in DELIVERED:
        outcome.sent.append(pk)
    elif status in OUT_OF_RESOURCES:
        raise OutOfResources(f"it is out of resources (status 0x{status:04X})")
    else:
        outcome.refused[pk] = f"it was refused with status 0x{status:04X}"

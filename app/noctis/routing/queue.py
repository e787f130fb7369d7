"""Writes of the process for outgoing work to the queue: what is begun, what came of it, when it is tried again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.db import transaction
from django.db.models import F, Min
from django.utils import timezone

from noctis.accounts.models import Facility
from noctis.audit.actions import record
from noctis.audit.models import Action
from noctis.network.models import RemoteApplicationEntity
from noctis.network.outgoing import retry_after
from noctis.network.requesting import Address
from noctis.routing.models import ItemState, Priority, Transmission, TransmissionItem, TransmissionState
from noctis.routing.sorting import recount

CHUNK: Final = 200
MOST_REFUSALS: Final = 3
LONGEST_ERROR: Final = 300


@dataclass(frozen=True)
class Task:
    """Some instances of a transmission, to be sent now: SOP Instance UIDs by item."""

    transmission_id: int
    address: Address
    facility: Facility
    items: Mapping[int, str]
    instance_ids: Sequence[int]


@transaction.atomic
def begin_next(destination_id: int) -> Task | None:
    """Return what is to be sent next to a destination, None where nothing is due or it cannot be sent to."""
    while True:
        now = timezone.now()
        _wait_with_others(destination_id, now)
        due = Transmission.objects.due(now).filter(destination_id=destination_id)
        found = due.select_for_update(of=("self",)).select_related("destination__facility", "study__facility").first()
        if found is None:
            return None
        if found.destination_facility_id != found.destination.facility_id:
            _give_up(found, f"{found.destination} belongs to another facility now: ask for it anew.")
            continue
        if trouble := _unusable(found.destination):
            hold(found.pk, f"{found.destination} {trouble}.", everything=True)
            return None
        rows = found.items.filter(state=ItemState.QUEUED, due_at__lte=now).order_by("due_at", "pk")
        chosen = list(rows.values_list("pk", "instance__sop_instance_uid", "instance_id")[:CHUNK])
        if not chosen:
            conclude(found.pk)
            continue
        found.state = TransmissionState.SENDING
        found.save(update_fields=["state"])
        return Task(
            transmission_id=found.pk,
            address=Address.of(found.destination),
            facility=found.study.facility,
            items={pk: uid for pk, uid, _ in chosen},
            instance_ids=[instance_id for _, _, instance_id in chosen],
        )


@transaction.atomic
def write_down(transmission_id: int, sent: Sequence[int], refused: Mapping[int, str]) -> bool:
    """Note which items were sent and which refused; return whether the transmission is to go on."""
    transmission = Transmission.objects.select_for_update().get(pk=transmission_id)
    now = timezone.now()
    if sent:
        done = TransmissionItem.objects.filter(pk__in=sent, transmission=transmission).exclude(state=ItemState.SENT)
        sizes = list(done.values_list("size", flat=True))
        done.update(state=ItemState.SENT, sent_at=now, error="")
        transmission.sent += len(sizes)
        transmission.bytes_sent += sum(sizes)
        transmission.attempts, transmission.last_error = 0, ""
        transmission.save(update_fields=["sent", "bytes_sent", "attempts", "last_error"])
        release(transmission.destination_id)
    for item in TransmissionItem.objects.filter(pk__in=refused, transmission=transmission, state=ItemState.QUEUED):
        _refuse(item, refused[item.pk], now)
    return transmission.state == TransmissionState.SENDING


def _refuse(item: TransmissionItem, why: str, now: datetime) -> None:
    """Try an item again later, or give it up where it was refused often enough."""
    item.refusals += 1
    item.error = why[:LONGEST_ERROR]
    item.due_at = now + retry_after(item.refusals)
    if item.refusals >= MOST_REFUSALS:
        item.state = ItemState.FAILED
    item.save(update_fields=["refusals", "error", "due_at", "state"])


@transaction.atomic
def conclude(transmission_id: int) -> None:
    """Say where a transmission stands after an attempt: at its end, or when it goes on."""
    transmission = _locked(transmission_id)
    recount(transmission)
    if transmission.is_open:
        next_at = transmission.items.filter(state=ItemState.QUEUED).aggregate(next=Min("due_at"))["next"]
        now = timezone.now()
        if next_at is not None:
            transmission.state = TransmissionState.WAITING if next_at > now else TransmissionState.QUEUED
            transmission.next_attempt_at = next_at
        else:
            transmission.state = TransmissionState.FAILED if transmission.failed else TransmissionState.SENT
            transmission.finished_at = now
        _explain(transmission)
        transmission.save(update_fields=["state", "next_attempt_at", "finished_at", "last_error"])
    if transmission.state != TransmissionState.QUEUED:  # one entry for all that goes out in a row
        _note_sent(transmission)


@transaction.atomic
def hold(transmission_id: int, why: str, *, everything: bool) -> None:
    """Let a transmission wait, or ``everything`` for its destination; this is never given up."""
    transmission = _locked(transmission_id)
    _note_sent(transmission)
    now = timezone.now()
    next_at = now + retry_after(transmission.attempts + 1)
    ids = {transmission.pk} if transmission.is_open else set()
    if everything:
        due = Transmission.objects.due(now).filter(destination_id=transmission.destination_id)
        ids |= set(due.select_for_update(of=("self",)).order_by("pk").values_list("pk", flat=True))
    Transmission.objects.filter(pk__in=ids).update(
        state=TransmissionState.WAITING,
        attempts=F("attempts") + 1,
        next_attempt_at=next_at,
        last_error=why[:LONGEST_ERROR],
        waits_for_destination=everything,
    )
    # what it broke off at is tried last, so that one instance cannot keep the others back
    first = transmission.items.filter(state=ItemState.QUEUED, due_at__lte=now).order_by("due_at", "pk").first()
    if first is not None:
        TransmissionItem.objects.filter(pk=first.pk).update(due_at=now)


def release(destination_id: int) -> None:
    """Let what waits for a destination go on at once: it is there again, or somebody wants to know."""
    Transmission.objects.open().filter(destination_id=destination_id, waits_for_destination=True).update(
        waits_for_destination=False, attempts=0, next_attempt_at=timezone.now()
    )


def _wait_with_others(destination_id: int, now: datetime) -> None:
    """Let what rules forward to a destination that could not be reached wait until that is tried again.

    What somebody asked for is tried at once: who asks wants to know.
    """
    of_destination = Transmission.objects.open().filter(destination_id=destination_id)
    waiting = of_destination.filter(waits_for_destination=True, next_attempt_at__gt=now).order_by("next_attempt_at")
    if (example := waiting.first()) is not None:
        of_destination.filter(priority=Priority.FORWARDED, next_attempt_at__lte=now).update(
            state=TransmissionState.WAITING,
            attempts=example.attempts,
            next_attempt_at=example.next_attempt_at,
            last_error=example.last_error,
            waits_for_destination=True,
        )


def _give_up(transmission: Transmission, why: str) -> None:
    """End a transmission that must not go on."""
    transmission.items.filter(state=ItemState.QUEUED).update(state=ItemState.FAILED, error=why[:LONGEST_ERROR])
    transmission.state = TransmissionState.FAILED
    transmission.last_error = why[:LONGEST_ERROR]
    transmission.finished_at = timezone.now()
    transmission.save(update_fields=["state", "last_error", "finished_at"])
    recount(transmission)
    _note_sent(transmission)


def _explain(transmission: Transmission) -> None:
    """Let a transmission with refused instances say why."""
    refused = transmission.items.exclude(state=ItemState.SENT).exclude(error="")
    if example := refused.order_by("-refusals", "pk").first():
        count = refused.count()
        images = "One object" if count == 1 else f"{count} objects"
        transmission.last_error = f"{images} not taken: {example.error}."[:LONGEST_ERROR]
    else:
        transmission.last_error = ""


def _unusable(destination: RemoteApplicationEntity) -> str:
    if not destination.is_active:
        return "is deactivated"
    return "" if destination.has_send_address else "has no address to send to"


def _locked(transmission_id: int) -> Transmission:
    rows = Transmission.objects.select_for_update(of=("self",))
    return rows.select_related("destination", "study__facility", "rule", "requested_by").get(pk=transmission_id)


def _note_sent(transmission: Transmission) -> None:
    """Write into the audit trail what was sent since the last entry, in the transaction that counts it."""
    if transmission.sent <= transmission.audited:
        return
    further: dict[str, Any] = {"rule": transmission.origin} if transmission.rule_id else {}
    if transmission.leaves_facility:
        further["leaves_facility"] = True
    record(
        Action.INSTANCES_SENT,
        acting_user=transmission.requested_by,
        ae_title=transmission.destination.ae_title,
        facility=transmission.study.facility,
        study_instance_uid=transmission.study.study_instance_uid,
        service="forwarding" if transmission.rule_id else "send to",
        destination=transmission.destination.ae_title,
        instances=transmission.sent - transmission.audited,
        failed=transmission.failed,
        transmission=transmission.pk,
        **further,
    )
    transmission.audited = transmission.sent
    transmission.save(update_fields=["audited"])

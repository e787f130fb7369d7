"""The durable queue of what is made of editions: what is due, and what came of it.

Its rows outlive every restart; one that was being worked on when a process ended is due again. Whatever is done twice
does no harm: files and DICOM objects are the same ones, an HL7 message keeps its control ID.
"""

from __future__ import annotations

from typing import Final

from django.db import transaction
from django.db.models import F, Q
from django.urls import reverse
from django.utils import timezone

from noctis.accounts.models import User
from noctis.audit.actions import record
from noctis.audit.models import Action
from noctis.network.outgoing import retry_after
from noctis.notifications.alerts import raise_alert, resolve_alert
from noctis.reports.models import Report
from noctis.reports.output.editions import current_edition
from noctis.reports.output.models import (
    LONGEST_ERROR,
    DeliveryKind,
    DeliveryState,
    Edition,
    Hl7Receiver,
    ReportDelivery,
)

MOST_REFUSALS: Final = 3
ALERT_AFTER: Final = 4  # attempts in a row: seven minutes
MADE_OF_SIGNED: Final = (DeliveryKind.FILE, DeliveryKind.ENCAPSULATED_PDF, DeliveryKind.TEXT_SR)


def enqueue(report: Report) -> None:
    """Queue everything that is to be made of what the report says now; asking again adds nothing."""
    edition = current_edition(report)
    if edition is None:
        return
    wanted = [(kind, None) for kind in MADE_OF_SIGNED] if edition.is_signed else []
    receivers = Hl7Receiver.objects.filter(Q(facility=None) | Q(facility=edition.facility), is_active=True)
    if not edition.is_signed:
        receivers = receivers.filter(sends_preliminary=True)
    with transaction.atomic():
        for kind, receiver in [*wanted, *((DeliveryKind.HL7, receiver) for receiver in receivers)]:
            ReportDelivery.objects.get_or_create(edition=edition, kind=kind, receiver=receiver)


def due_receivers() -> list[int | None]:
    """Return for whom something is due: receivers by their keys, and None for what is made here."""
    due = ReportDelivery.objects.due(timezone.now()).order_by()
    return list(due.values_list("receiver_id", flat=True).distinct())


@transaction.atomic
def begin_next(receiver_id: int | None) -> ReportDelivery | None:
    """Return what is to be done next for a receiver, or here; None where nothing is due or it is deactivated."""
    due = ReportDelivery.objects.due(timezone.now()).filter(receiver_id=receiver_id)
    related = ("receiver", "edition__facility", "edition__author", "edition__report__study__facility")
    found = due.select_for_update(of=("self",)).select_related(*related).first()
    if found is None:
        return None
    if found.receiver is not None and not found.receiver.is_active:
        hold(found, f"{found.receiver} is deactivated.")
        return None
    found.state = DeliveryState.WORKING
    found.save(update_fields=["state"])
    return found


@transaction.atomic
def conclude(delivery: ReportDelivery) -> None:
    """Note that a delivery is done; what waited for the same receiver goes on."""
    ReportDelivery.objects.filter(pk=delivery.pk).update(
        state=DeliveryState.DONE,
        finished_at=timezone.now(),
        attempts=0,
        last_error="",
        waits_for_receiver=False,
    )
    if delivery.receiver is not None:
        release(delivery.receiver)
        _note(Action.REPORT_DELIVERED, delivery, None)
    resolve_alert(_alert_key(delivery), _what_goes(delivery), path=reverse("report_deliveries"))


@transaction.atomic
def postpone(delivery: ReportDelivery, why: str) -> None:
    """Try a delivery again later."""
    delivery.attempts += 1
    delivery.state = DeliveryState.WAITING
    delivery.next_attempt_at = timezone.now() + retry_after(delivery.attempts)
    delivery.last_error = why[:LONGEST_ERROR]
    _save_unless_stopped(delivery)
    _alert(delivery, is_urgent=delivery.attempts >= ALERT_AFTER)


@transaction.atomic
def refuse(delivery: ReportDelivery, why: str) -> None:
    """Note that the receiver answered with an error; after some of them it is given up."""
    delivery.refusals += 1
    delivery.attempts += 1
    is_over = delivery.refusals >= MOST_REFUSALS
    delivery.state = DeliveryState.FAILED if is_over else DeliveryState.WAITING
    delivery.next_attempt_at = timezone.now() + retry_after(delivery.attempts)
    delivery.finished_at = timezone.now() if is_over else None
    delivery.last_error = why[:LONGEST_ERROR]
    _save_unless_stopped(delivery)
    _alert(delivery, is_urgent=is_over)


@transaction.atomic
def hold(delivery: ReportDelivery, why: str) -> None:
    """Let everything for a receiver that cannot be reached wait; this is never given up."""
    open_ones = ReportDelivery.objects.open().filter(receiver=delivery.receiver)
    open_ones.filter(Q(next_attempt_at__lte=timezone.now()) | Q(pk=delivery.pk)).update(
        state=DeliveryState.WAITING,
        attempts=F("attempts") + 1,
        waits_for_receiver=True,
        next_attempt_at=timezone.now() + retry_after(delivery.attempts + 1),
        last_error=why[:LONGEST_ERROR],
    )
    _alert(delivery, is_urgent=delivery.attempts + 1 >= ALERT_AFTER)


def release(receiver: Hl7Receiver) -> None:
    """Let what waits for a receiver go on at once: it is there again, or somebody wants to know."""
    waiting = ReportDelivery.objects.open().filter(receiver=receiver, waits_for_receiver=True)
    waiting.update(waits_for_receiver=False, attempts=0, next_attempt_at=timezone.now())


@transaction.atomic
def send_again(delivery: ReportDelivery, *, acting_user: User) -> None:
    """Do a delivery at once, also one that was done, failed or stopped."""
    if delivery.receiver is not None:
        release(delivery.receiver)
    ReportDelivery.objects.filter(pk=delivery.pk).update(
        state=DeliveryState.QUEUED,
        attempts=0,
        refusals=0,
        waits_for_receiver=False,
        next_attempt_at=timezone.now(),
        finished_at=None,
        last_error="",
    )
    _note(Action.REPORT_DELIVERY_CHANGED, delivery, acting_user, change="sent again")


@transaction.atomic
def stop(delivery: ReportDelivery, *, acting_user: User) -> bool:
    """Stop a delivery that is not at its end; return whether there was one to stop."""
    stopped = ReportDelivery.objects.open().filter(pk=delivery.pk)
    if not stopped.update(state=DeliveryState.CANCELLED, finished_at=timezone.now()):
        return False
    _note(Action.REPORT_DELIVERY_CHANGED, delivery, acting_user, change="stopped")
    return True


def without_edition(report: Report) -> bool:
    """Whether what the report says now was never queued: the process ended between the signature and its listeners."""
    held = Edition.objects.filter(report=report, version=report.version, addendum=report.addenda.count())
    return not held.filter(deliveries__isnull=False).exists()


def _save_unless_stopped(delivery: ReportDelivery) -> None:
    """Write an outcome down; one that somebody stopped meanwhile stays stopped."""
    names = ("attempts", "refusals", "state", "next_attempt_at", "finished_at", "last_error")
    values = {name: getattr(delivery, name) for name in names}
    ReportDelivery.objects.open().filter(pk=delivery.pk).update(**values)


def _alert(delivery: ReportDelivery, *, is_urgent: bool) -> None:
    """Tell the administrators, once, that reports do not go out; why stands on the page, as it may name a patient."""
    if is_urgent:
        text = f"Not delivered: {_what_goes(delivery)}. The page of report deliveries says why."
        raise_alert(_alert_key(delivery), text, path=reverse("report_deliveries"))


def _alert_key(delivery: ReportDelivery) -> str:
    return f"report output {delivery.receiver_id or 'here'}"


def _what_goes(delivery: ReportDelivery) -> str:
    return f"reports to the HL7 receiver {delivery.receiver}" if delivery.receiver else "files and objects of reports"


def _note(action: Action, delivery: ReportDelivery, user: User | None, **detail: str) -> None:
    study = delivery.edition.report.study
    record(
        action,
        acting_user=user,
        facility=study.facility,
        study_instance_uid=study.study_instance_uid,
        kind=delivery.kind,
        receiver=str(delivery.receiver or ""),
        delivery=delivery.pk,
        **detail,
    )

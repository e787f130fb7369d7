"""Every write about storage commitment."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from django.db import IntegrityError, transaction
from django.utils import timezone

from noctis.accounts.models import Facility, User
from noctis.audit.actions import record
from noctis.audit.models import Action
from noctis.storage_commitment.action_information import ActionInformation, Reference
from noctis.storage_commitment.claims import CLAIM, Claim, ClaimLost
from noctis.storage_commitment.models import CommitmentReference, CommitmentRequest, CommitmentState, Outcome

logger = logging.getLogger(__name__)

RETRIED_FOR: Final = timedelta(days=7)
KEPT_FOR: Final = timedelta(days=180)
FORGOTTEN_AT_ONCE: Final = 10
BATCH: Final = 500
ERROR_LENGTH: Final = 300

# Says how long to wait after so many failures in a row.
Pause = Callable[[int], timedelta]


class DuplicateTransaction(Exception):
    """The application entity has used this Transaction UID for other instances, or has its report."""


@dataclass(frozen=True)
class Requester:
    """The application entity that asks, and what it called us; what it can have committed is its facility's."""

    facility: Facility
    ae_title: str
    address: str | None = None
    called_ae_title: str = ""


@transaction.atomic
def request_commitment(
    information: ActionInformation, *, requester: Requester
) -> tuple[CommitmentRequest, Claim | None]:
    """Write a request down, claimed by who took it. Raises DuplicateTransaction.

    A request that is repeated before it was reported is no second one: perhaps our answer to the first got lost. There
    is no claim on it where somebody works on it at this moment.
    """
    now = timezone.now()
    request = CommitmentRequest(
        facility=requester.facility,
        ae_title=requester.ae_title,
        called_ae_title=requester.called_ae_title,
        address=requester.address,
        transaction_uid=information.transaction_uid,
        instance_count=len(information.references),
        requested_at=now,
        next_attempt_at=now,
        retry_until=now + RETRIED_FOR,
        claimed_until=now + CLAIM,
    )
    try:
        with transaction.atomic():
            request.save()
    except IntegrityError:
        return _repeated(information, requester)
    CommitmentReference.objects.bulk_create(
        (
            CommitmentReference(request=request, sop_class_uid=one.sop_class_uid, sop_instance_uid=one.sop_instance_uid)
            for one in information.references
        ),
        batch_size=BATCH,
    )
    _record(Action.COMMITMENT_REQUESTED, request, address=requester.address, instances=request.instance_count)
    return request, Claim(request.pk, now + CLAIM)


def note_outcomes(outcomes: Mapping[int, Outcome]) -> None:
    """Write down what was found out about references, by their primary keys."""
    by_outcome: dict[Outcome, list[int]] = {}
    for pk, outcome in outcomes.items():
        by_outcome.setdefault(outcome, []).append(pk)
    for outcome, pks in by_outcome.items():
        CommitmentReference.objects.filter(pk__in=pks).update(outcome=outcome)


@transaction.atomic
def note_verified(claim: Claim) -> CommitmentRequest:
    """Note that every reference has an outcome; the request stays claimed. Raises ClaimLost."""
    request = _held(claim)
    request.state = CommitmentState.VERIFIED
    request.failed_count = request.references.exclude(outcome=Outcome.COMMITTED).count()
    request.verified_at = request.next_attempt_at = timezone.now()
    request.last_error = ""
    request.save(update_fields=["state", "failed_count", "verified_at", "next_attempt_at", "last_error"])
    return request


@transaction.atomic
def note_reported(claim: Claim, *, association: str) -> None:
    """Note that the application entity has the report, over the ``same`` association or a ``new`` one."""
    request = _held(claim)
    request.state = CommitmentState.REPORTED
    request.reported_at = timezone.now()
    request.claimed_until = None
    request.last_error = ""
    request.save(update_fields=["state", "reported_at", "claimed_until", "last_error"])
    _record(
        Action.COMMITMENT_REPORTED,
        request,
        committed=request.committed_count,
        failed=request.failed_count,
        association=association,
    )
    _forget_old_requests()


@transaction.atomic
def note_failure(claim: Claim, error: str, *, pause: Pause) -> None:
    """Note that a report did not get through; it is tried again, or given up after ``RETRIED_FOR``."""
    request = _held(claim)
    request.attempts += 1
    request.last_error = error[:ERROR_LENGTH]
    request.next_attempt_at = timezone.now() + pause(request.attempts)
    request.claimed_until = None
    if request.next_attempt_at > request.retry_until:
        _give_up(request)
    request.save()


@transaction.atomic
def postpone(claim: Claim, *, seconds: float = 0.0, reason: str = "") -> None:
    """Leave a request to whoever is next, not before ``seconds`` have passed; this counts as no attempt."""
    request = _held(claim)
    request.next_attempt_at = timezone.now() + timedelta(seconds=seconds)
    request.claimed_until = None
    if reason:
        request.last_error = reason[:ERROR_LENGTH]
    if request.next_attempt_at > request.retry_until:
        _give_up(request)
    request.save()


@transaction.atomic
def send_again(request: CommitmentRequest, *, acting_user: User) -> None:
    """Try a report at once. What was over is verified anew: it may not be what it was then."""
    locked = CommitmentRequest.objects.select_for_update().get(pk=request.pk)
    _make_due(locked)
    locked.save()
    _record(Action.COMMITMENT_SENT_AGAIN, locked, acting_user=acting_user)


def note_integrity_error(
    request: CommitmentRequest, *, sop_instance_uid: str, study_instance_uid: str, why: str
) -> None:
    """Tell the administrator that a stored object is not what it was when it was received."""
    logger.error("integrity error: %s of study %s: %s", sop_instance_uid, study_instance_uid, why)
    record(
        Action.INTEGRITY_ERROR,
        facility=request.facility,
        study_instance_uid=study_instance_uid,
        sop_instance_uid=sop_instance_uid,
        reason=why,
        found_by="storage commitment",
    )


def _repeated(information: ActionInformation, requester: Requester) -> tuple[CommitmentRequest, Claim | None]:
    asked = CommitmentRequest.objects.select_for_update(of=("self",)).select_related("facility")
    request = asked.get(
        facility=requester.facility, ae_title=requester.ae_title, transaction_uid=information.transaction_uid
    )
    references = {Reference(*row) for row in request.references.values_list("sop_class_uid", "sop_instance_uid")}
    if request.state == CommitmentState.REPORTED or references != set(information.references):
        raise DuplicateTransaction(information.transaction_uid)
    _make_due(request)
    now, claim = timezone.now(), None
    if request.claimed_until is None or request.claimed_until <= now:
        request.claimed_until = now + CLAIM
        claim = Claim(request.pk, request.claimed_until)
    request.save()
    return request, claim


def _make_due(request: CommitmentRequest) -> None:
    """Let a report be tried at once and for the whole time; what was over is verified anew."""
    if request.state in {CommitmentState.REPORTED, CommitmentState.GIVEN_UP}:
        request.references.update(outcome=None)
        request.state = CommitmentState.UNVERIFIED
        request.failed_count = request.verified_at = request.reported_at = None
        request.attempts = 0
    request.next_attempt_at = timezone.now()
    request.retry_until = request.next_attempt_at + RETRIED_FOR


def _held(claim: Claim) -> CommitmentRequest:
    """Return the claimed request, locked. Raises ClaimLost."""
    rows = CommitmentRequest.objects.select_for_update(of=("self",)).select_related("facility")
    request = rows.filter(pk=claim.request_id, claimed_until=claim.until).first()
    if request is None:
        raise ClaimLost
    return request


def _give_up(request: CommitmentRequest) -> None:
    request.state = CommitmentState.GIVEN_UP
    logger.error("the report on %s is given up: %s", request.transaction_uid, request.last_error)
    _record(Action.COMMITMENT_GIVEN_UP, request, attempts=request.attempts, reason=request.last_error)


def _forget_old_requests() -> None:
    """Remove a few requests that were reported or given up long ago; the audit trail keeps that they were."""
    then, everything = timezone.now() - KEPT_FOR, CommitmentRequest.objects
    given_up = everything.filter(state=CommitmentState.GIVEN_UP, next_attempt_at__lt=then).order_by("next_attempt_at")
    for old in (everything.filter(reported_at__lt=then).order_by("reported_at"), given_up):
        everything.filter(pk__in=list(old.values_list("pk", flat=True)[:FORGOTTEN_AT_ONCE])).delete()


def _record(action: Action, request: CommitmentRequest, **detail: Any) -> None:
    record(
        action,
        ae_title=request.ae_title,
        facility=request.facility,
        transaction_uid=request.transaction_uid,
        **detail,
    )

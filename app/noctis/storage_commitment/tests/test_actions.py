"""Requests, claims, reports and repetitions as they are written down."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from noctis.archive.tests.factories import CT_IMAGE
from noctis.audit.models import Action, AuditEntry
from noctis.storage_commitment.action_information import ActionInformation, Reference
from noctis.storage_commitment.actions import (
    KEPT_FOR,
    RETRIED_FOR,
    DuplicateTransaction,
    Requester,
    note_failure,
    note_reported,
    note_verified,
    postpone,
    request_commitment,
    send_again,
)
from noctis.storage_commitment.claims import CLAIM, ClaimLost, claim
from noctis.storage_commitment.models import CommitmentReference, CommitmentRequest, CommitmentState, Outcome
from noctis.storage_commitment.tests.conftest import UIDS

pytestmark = pytest.mark.django_db


def minutes(attempts: int) -> timedelta:
    return timedelta(minutes=attempts)


def audited(action: Action) -> list[dict[str, object]]:
    return [entry.detail for entry in AuditEntry.objects.filter(action=action).order_by("pk")]


def lapse(request: CommitmentRequest) -> None:
    CommitmentRequest.objects.filter(pk=request.pk).update(claimed_until=timezone.now() - timedelta(seconds=1))


def test_a_transaction_uid_stands_for_the_same_instances(new_request, people):
    new_request()
    with pytest.raises(DuplicateTransaction):
        new_request(["1.2.3"])
    new_request(["1.2.3"], facility=people.south)
    assert CommitmentRequest.objects.count() == 2
    assert CommitmentReference.objects.count() == 4
    assert [detail["instances"] for detail in audited(Action.COMMITMENT_REQUESTED)] == [3, 1]


def test_who_asks_again_before_the_report_came_asks_no_second_time(new_request, north):
    request, held = new_request()
    again = ActionInformation("2.25.1", tuple(Reference(CT_IMAGE, uid) for uid in UIDS))
    assert request_commitment(again, requester=Requester(north, "CT1")) == (request, None)  # somebody works on it
    note_failure(held, "It did not answer.", pause=lambda _: RETRIED_FOR * 2)
    assert CommitmentRequest.objects.get().state == CommitmentState.GIVEN_UP

    repeated, held = new_request()

    assert (repeated, repeated.state) == (request, CommitmentState.UNVERIFIED)
    note_verified(held)
    note_reported(held, association="same")
    with pytest.raises(DuplicateTransaction):
        new_request()


def test_only_one_works_on_a_request(new_request):
    request, held = new_request()
    assert claim(request.pk, CommitmentState.UNVERIFIED) is None
    lapse(request)
    taken = claim(request.pk, CommitmentState.UNVERIFIED)
    assert taken is not None
    for write in (
        lambda: note_verified(held),
        lambda: note_reported(held, association="same"),
        lambda: note_failure(held, "x", pause=minutes),
        lambda: postpone(held),
    ):
        with pytest.raises(ClaimLost):
            write()
    note_verified(taken)
    assert claim(request.pk, CommitmentState.UNVERIFIED) is None


def test_a_claim_is_extended_before_it_lapses_and_lost_when_it_was_taken(new_request):
    request, held = new_request()
    before = held.until
    held.keep()
    assert held.until == before
    held.until = before - CLAIM / 2
    CommitmentRequest.objects.filter(pk=request.pk).update(claimed_until=held.until)
    held.keep()
    assert held.until > before - CLAIM / 2
    lapse(request)
    with pytest.raises(ClaimLost):
        held.keep(CLAIM * 2)


def test_a_report_is_delivered_once(new_request):
    request, held = new_request()
    request.references.update(outcome=Outcome.COMMITTED)
    note_verified(held)
    note_reported(held, association="new")
    request.refresh_from_db()
    assert (request.state, request.claimed_until) == (CommitmentState.REPORTED, None)
    assert audited(Action.COMMITMENT_REPORTED) == [
        {"transaction_uid": "2.25.1", "committed": 3, "failed": 0, "association": "new"}
    ]
    with pytest.raises(ClaimLost):
        note_reported(held, association="new")
    later = timezone.now() + timedelta(days=1)
    assert not CommitmentRequest.objects.due(CommitmentState.VERIFIED, later).exists()


def test_failures_are_repeated_ever_later_and_given_up_in_the_end(new_request):
    request, held = new_request()
    note_verified(held)
    before = timezone.now()
    note_failure(held, "It refused.", pause=minutes)
    request.refresh_from_db()
    assert (request.state, request.attempts, request.last_error) == (CommitmentState.VERIFIED, 1, "It refused.")
    assert timedelta(seconds=59) < request.next_attempt_at - before < timedelta(seconds=65)
    assert not CommitmentRequest.objects.due(CommitmentState.VERIFIED, timezone.now()).exists()

    CommitmentRequest.objects.update(retry_until=timezone.now())
    again = claim(request.pk, CommitmentState.VERIFIED)
    assert again is not None
    note_failure(again, "It refused again.", pause=minutes)
    request.refresh_from_db()
    assert (request.state, request.attempts) == (CommitmentState.GIVEN_UP, 2)
    assert audited(Action.COMMITMENT_GIVEN_UP) == [
        {"transaction_uid": "2.25.1", "attempts": 2, "reason": "It refused again."}
    ]


def test_who_has_no_address_is_given_up_too(new_request):
    request, held = new_request()
    note_verified(held)
    CommitmentRequest.objects.update(retry_until=timezone.now())
    postpone(held, seconds=60, reason="CT1 has no address.")
    request.refresh_from_db()
    assert (request.state, request.attempts) == (CommitmentState.GIVEN_UP, 0)


def test_what_was_given_up_is_verified_anew_and_sent_again(new_request, people):
    request, held = new_request()
    request.references.update(outcome=Outcome.NO_SUCH_INSTANCE)
    note_verified(held)
    CommitmentRequest.objects.update(retry_until=timezone.now())
    note_failure(held, "It refused.", pause=minutes)

    send_again(request, acting_user=people.administrator)

    request.refresh_from_db()
    assert (request.state, request.attempts, request.failed_count) == (CommitmentState.UNVERIFIED, 0, None)
    assert request.retry_until > timezone.now() + RETRIED_FOR - timedelta(minutes=1)
    assert not request.references.exclude(outcome=None).exists()
    assert AuditEntry.objects.get(action=Action.COMMITMENT_SENT_AGAIN).user == people.administrator


def test_sending_again_at_once_takes_nothing_from_who_works_on_it(new_request, people):
    request, held = new_request()
    note_verified(held)
    send_again(request, acting_user=people.administrator)
    assert claim(request.pk, CommitmentState.VERIFIED) is None
    note_reported(held, association="same")


def test_requests_that_were_over_long_ago_are_forgotten(new_request):
    long_ago = timezone.now() - KEPT_FOR - timedelta(days=1)
    _, held = new_request()
    note_verified(held)
    note_reported(held, association="same")
    new_request(transaction="2.25.2")
    CommitmentRequest.objects.filter(transaction_uid="2.25.1").update(reported_at=long_ago)
    CommitmentRequest.objects.filter(transaction_uid="2.25.2").update(
        state=CommitmentState.GIVEN_UP, next_attempt_at=long_ago
    )
    new, held = new_request(transaction="2.25.3")
    note_verified(held)
    note_reported(held, association="same")
    assert list(CommitmentRequest.objects.all()) == [new]
    assert CommitmentReference.objects.count() == 3

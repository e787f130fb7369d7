"""What administrators see of storage commitment, and what they can do about a report that does not get through."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from noctis.audit.models import Action, AuditEntry
from noctis.network.models import RemoteApplicationEntity
from noctis.storage_commitment.actions import note_failure, note_reported, note_verified, postpone
from noctis.storage_commitment.claims import claim
from noctis.storage_commitment.models import CommitmentRequest, CommitmentState, Outcome


@pytest.fixture
def administrator(client: Client, people) -> Client:
    client.force_login(people.administrator)
    return client


def listed(client: Client, query: str = "") -> str:
    return client.get(reverse("operations:storage_commitment") + query).content.decode()


def shown(client: Client, commitment: CommitmentRequest) -> str:
    return client.get(reverse("operations:commitment", kwargs={"pk": commitment.pk})).content.decode()


def verified(commitment: CommitmentRequest):
    """Let one of the two images be committed; give the claim on the request."""
    first, second = commitment.references.order_by("pk")
    commitment.references.filter(pk=first.pk).update(outcome=Outcome.COMMITTED)
    commitment.references.filter(pk=second.pk).update(outcome=Outcome.NO_SUCH_INSTANCE)
    held = claim(commitment.pk, CommitmentState.UNVERIFIED)
    assert held is not None
    note_verified(held)
    return held


def test_without_requests_the_page_says_how_to_begin(administrator):
    assert "Nobody has asked yet" in listed(administrator)
    assert "Nothing is unfinished" in listed(administrator, "?show=unfinished")


def test_a_request_that_waits_shows_its_state(administrator, commitment):
    text = listed(administrator)
    for expected in ("NORTH_CT", "10.1.2.3", "0 of 2 yet", "Being verified"):
        assert expected in text


def test_a_failing_report_shows_why_and_when_it_is_tried_again(administrator, commitment, entity):
    note_failure(verified(commitment), "It refused the report.", pause=lambda _: timedelta(minutes=5))
    text = listed(administrator)
    for expected in (
        "1 of 2",
        "To be reported",
        "It refused the report.",
        "1 attempt.",
        "Next one",
        "Give its address",
    ):
        assert expected in text
    assert reverse("operations:edit_application_entity", kwargs={"pk": entity.pk}) in text
    text = shown(administrator, commitment)
    assert "2.25.12" in text
    assert "No such object instance" in text
    assert "2.25.11" not in text


def test_who_is_not_registered_can_be_added(administrator, commitment, people):
    postpone(verified(commitment), reason="NORTH_CT is not registered for this facility.")
    text = listed(administrator)
    assert "NORTH_CT is not registered" in text
    address = f"{reverse('operations:new_application_entity')}?commitment={commitment.pk}"
    assert address in text
    form = administrator.get(address).context["form"]
    assert form.initial == {"ae_title": "NORTH_CT", "facility": people.north.pk, "host": "10.1.2.3"}


def test_an_entity_with_an_address_gets_no_advice_about_it(administrator, commitment, people):
    RemoteApplicationEntity.objects.create(ae_title="NORTH_CT", facility=people.north, host="10.1.2.3", port=104)
    text = listed(administrator)
    assert "Give its address" not in text
    assert "Add this AE" not in text


def test_what_is_reported_is_left_out_of_the_unfinished(administrator, commitment):
    note_reported(verified(commitment), association="new")
    assert "Reported" in listed(administrator)
    assert "Nothing is unfinished" in listed(administrator, "?show=unfinished")


def test_a_report_that_was_given_up_is_announced_and_can_be_sent_again(administrator, commitment, people):
    CommitmentRequest.objects.update(retry_until=timezone.now())
    note_failure(verified(commitment), "It cannot be reached.", pause=lambda _: timedelta(minutes=5))
    assert "1 report could not be delivered" in listed(administrator)
    assert "Given up" in shown(administrator, commitment)

    answer = administrator.post(reverse("operations:commitment_send", kwargs={"pk": commitment.pk}), follow=True)

    assert "The report for NORTH_CT is sent within moments." in answer.content.decode()
    commitment.refresh_from_db()
    assert commitment.state == CommitmentState.UNVERIFIED
    assert CommitmentRequest.objects.due(CommitmentState.UNVERIFIED, timezone.now()).exists()
    assert AuditEntry.objects.get(action=Action.COMMITMENT_SENT_AGAIN).user == people.administrator


def test_the_list_asks_the_database_no_more_for_more_rows(
    administrator, commitment, django_assert_num_queries, django_assert_max_num_queries
):
    listed(administrator)  # the first page after signing in reads more
    with django_assert_max_num_queries(10) as few:
        listed(administrator)
    for number in range(10):
        commitment.pk, commitment.transaction_uid = None, f"2.25.9.{number}"
        commitment.save(force_insert=True)
    with django_assert_num_queries(len(few)):
        listed(administrator)

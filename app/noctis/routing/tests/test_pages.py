"""The pages: the dialog, progress, rules, what is written into the audit trail, and how often the database is asked."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from noctis.audit.models import Action, AuditEntry
from noctis.routing.models import ForwardingRule, ItemState, Transmission, TransmissionItem, TransmissionState
from noctis.routing.sorting import sort_some
from noctis.routing.tests.factories import add_instances, make_destination, make_rule, make_series

HTMX = {"HX-Request": "true"}


@pytest.fixture
def destination(people):
    return make_destination(people.north, description="Long-term archive")


@pytest.fixture
def series(people):
    made = make_series(people.north, description="Axial")
    add_instances(made, 3)
    return made


def address_of(series) -> str:
    return reverse("routing:send_to", kwargs={"study_uid": series.study.study_instance_uid})


def last_entry() -> AuditEntry:
    entry = AuditEntry.objects.order_by("-pk").first()
    assert entry is not None
    return entry


def test_the_dialog_offers_the_study_its_series_and_the_destinations(client, people, series, destination):
    make_series(people.north, study=series.study, modality="SR")
    client.force_login(people.radiologist)
    make_destination(people.north, "OFF_WS", send_error="it cannot be reached")
    page = client.get(address_of(series), headers=HTMX).content.decode()
    assert "<html" not in page
    assert "OFF_WS, not reached last time" in page
    assert "The whole study, 3 objects" in page
    assert "CT Axial, 3 objects" in page
    assert "ARCHIVE (Long-term archive)" in page
    assert "may_leave_facility" not in page

    whole = client.get(f"{address_of(series)}?series={series.series_instance_uid}").content.decode()
    assert "<html" in whole
    assert f'value="{series.series_instance_uid}" selected' in whole


def test_without_a_destination_the_dialog_says_what_is_missing(client, people, series):
    client.force_login(people.radiologist)
    page = client.get(address_of(series), headers=HTMX).content.decode()
    assert "No device of North hospital is set up to take images." in page


def test_a_request_is_queued_recorded_and_shown_with_its_progress(client, people, series, destination):
    client.force_login(people.radiologist)
    sent = {"series": series.series_instance_uid, "destination": destination.pk}
    answer = client.post(address_of(series), sent, headers=HTMX)
    assert json.loads(answer["HX-Trigger"]) == {"noctis:toast": {"text": "Queued for ARCHIVE.", "kind": "success"}}
    transmission = Transmission.objects.get()
    page = answer.content.decode()
    assert f'id="progress-{transmission.pk}"' in page
    assert "0 of 3 objects" in page
    assert (transmission.series, transmission.requested_by) == (series, people.radiologist)
    entry = last_entry()
    assert (entry.action, entry.user, entry.facility) == (
        Action.TRANSMISSION_REQUESTED,
        people.radiologist,
        people.north,
    )
    assert entry.study_instance_uid == series.study.study_instance_uid
    assert entry.detail["destination"] == "ARCHIVE"
    assert entry.detail["series"] == series.series_instance_uid

    client.post(address_of(series), sent, headers=HTMX)  # a second click
    assert Transmission.objects.count() == 1
    assert "Sent before" in client.get(address_of(series), headers=HTMX).content.decode()


def test_cancelling_and_trying_again(client, people, series, destination):
    client.force_login(people.technician)
    client.post(address_of(series), {"series": "", "destination": destination.pk})
    transmission = Transmission.objects.get()
    while sort_some():
        """List the objects."""
    cancel = reverse("routing:cancel_transmission", kwargs={"pk": transmission.pk})
    retry = reverse("routing:retry_transmission", kwargs={"pk": transmission.pk})

    row = client.post(cancel, headers={**HTMX, "HX-Target": f"row-{transmission.pk}"}).content.decode()
    assert f'id="row-{transmission.pk}"' in row
    assert "Send after all" in row
    assert (last_entry().action, last_entry().detail["change"]) == (Action.TRANSMISSION_CHANGED, "cancelled")
    entries = AuditEntry.objects.count()
    client.post(cancel)
    assert AuditEntry.objects.count() == entries

    add_instances(series, 1)
    while sort_some():
        """What arrives while it is cancelled is not listed."""
    assert Transmission.objects.get().total == 3
    progress = client.post(retry, headers=HTMX).content.decode()
    assert "hx-trigger" in progress
    while sort_some():
        """All of the study is listed."""
    assert (Transmission.objects.get().state, Transmission.objects.get().total) == ("queued", 4)


def test_a_failure_is_explained_and_what_failed_is_tried_again(client, people, series, destination):
    client.force_login(people.radiologist)
    client.post(address_of(series), {"series": "", "destination": destination.pk})
    while sort_some():
        """List the objects."""
    bad = TransmissionItem.objects.order_by("pk")[1]
    TransmissionItem.objects.update(state=ItemState.SENT)
    TransmissionItem.objects.filter(pk=bad.pk).update(
        state=ItemState.FAILED, refusals=3, error="it was refused with status 0xC000"
    )
    Transmission.objects.update(state=TransmissionState.FAILED, sent=2, failed=1, last_error="One object not taken.")
    pk = Transmission.objects.get().pk

    page = client.get(reverse("routing:transmission", kwargs={"pk": pk})).content.decode()
    assert bad.instance.sop_instance_uid in page
    assert "It was refused with status 0xC000" in page
    client.post(reverse("routing:retry_transmission", kwargs={"pk": pk}))
    bad.refresh_from_db()
    assert (bad.state, bad.refusals) == ("queued", 0)
    assert Transmission.objects.get().state == "queued"


def test_the_list_is_filtered_and_empty_states_say_so(client, people, series, destination):
    client.force_login(people.radiologist)
    page = reverse("routing:transmissions")
    assert "Nothing was sent yet" in client.get(page).content.decode()
    client.post(address_of(series), {"series": "", "destination": destination.pk})
    assert "Phantom, Ada" in client.get(f"{page}?state=open").content.decode()
    failed = client.get(f"{page}?state=failed").content.decode()
    assert "Nothing in this state" in failed
    assert "Phantom, Ada" in client.get(f"{page}?state=nonsense&before=x").content.decode()
    assert "Phantom, Ada" not in client.get(f"{page}?before={Transmission.objects.get().pk}").content.decode()


def test_a_page_of_transmissions_takes_few_queries(client, people, destination, django_assert_max_num_queries):
    for _ in range(60):
        Transmission.objects.create(
            study=make_series(people.north).study,
            destination=destination,
            destination_facility=people.north,
            requested_by=people.radiologist,
            origin="radiologist",
        )
    client.force_login(people.radiologist)
    with django_assert_max_num_queries(6):
        page = client.get(reverse("routing:transmissions")).content.decode()
    assert page.count('id="row-') == 50
    assert "Older" in page


def rule_values(destination, **values):
    return {"name": "CT to archive", "destination": destination.pk, "calling_ae_titles": "CT1, CT 2 ", **values}


def test_a_rule_is_added_previewed_changed_and_removed(client, people, series, destination):
    client.force_login(people.administrator)
    form = rule_values(destination, modalities="ct mr", description_pattern="*axial*")
    answer = client.post(reverse("routing:new_forwarding_rule"), form)
    rule = ForwardingRule.objects.get()
    assert answer.url == reverse("routing:edit_forwarding_rule", kwargs={"pk": rule.pk})
    assert (rule.calling_ae_title_list, rule.modality_list) == (["CT1", "CT 2"], ["CT", "MR"])
    assert last_entry().action == Action.FORWARDING_RULE_ADDED
    assert last_entry().detail["modalities"] == ["CT", "MR"]
    assert "It matches <strong>1 study</strong> of the last 7 days." in client.get(answer.url).content.decode()

    client.post(answer.url, {**form, "modalities": "MR"})
    assert last_entry().detail["changed"] == ["modalities"]
    assert "It matches <strong>0 studies</strong> of the last 7 days." in client.get(answer.url).content.decode()
    listed = client.get(reverse("routing:forwarding_rules")).content.decode()
    assert "CT to archive" in listed
    assert "described as" in listed

    client.post(reverse("routing:forwarding_rule_active", kwargs={"pk": rule.pk}), {"active": "no"})
    assert not ForwardingRule.objects.get().is_active
    client.post(reverse("routing:remove_forwarding_rule", kwargs={"pk": rule.pk}))
    assert last_entry().action == Action.FORWARDING_RULE_REMOVED
    assert not ForwardingRule.objects.exists()


@pytest.mark.parametrize(
    ("field", "value", "complaint"),
    [
        ("calling_ae_titles", "A" * 17, "at most 16 characters"),
        ("modalities", "M" * 17, "at most 16 letters"),
        ("name", "taken", "Another rule has this name"),
        ("destination", "0", "Select a valid choice"),
    ],
)
def test_a_rule_that_cannot_be_is_refused(client, people, destination, field, value, complaint):
    make_rule(destination, name="Taken")
    client.force_login(people.administrator)
    page = client.post(reverse("routing:new_forwarding_rule"), {**rule_values(destination), field: value})
    assert complaint in page.content.decode()
    assert ForwardingRule.objects.count() == 1


def test_a_rule_that_crosses_facilities_must_be_confirmed_and_is_recorded(client, people, destination):
    client.force_login(people.administrator)
    form = rule_values(destination, facility=people.south.pk)
    page = client.post(reverse("routing:new_forwarding_rule"), form).content.decode()
    assert "ARCHIVE belongs to North hospital: images would leave South clinic." in page
    assert not ForwardingRule.objects.exists()

    client.post(reverse("routing:new_forwarding_rule"), {**form, "may_leave_facility": "on"})
    rule = ForwardingRule.objects.get()
    assert rule.leaves_facility
    assert rule.is_confirmed
    assert last_entry().detail["leaves_facility_to"] == "NORTH"
    page = client.get(reverse("routing:edit_forwarding_rule", kwargs={"pk": rule.pk})).content.decode()
    assert "Images of South clinic leave that facility" in page

    third = people.north.__class__.objects.create(code="EAST", name="East")
    destination.facility = third
    destination.save()
    page = client.get(reverse("routing:edit_forwarding_rule", kwargs={"pk": rule.pk})).content.decode()
    assert "This rule forwards nothing: ARCHIVE belongs to East now" in page


def test_a_rule_is_applied_to_stored_studies_only_after_a_confirmation(client, people, series, destination):
    while sort_some():
        """These came before the rule."""
    rule = make_rule(destination)
    client.force_login(people.administrator)
    apply = reverse("routing:apply_forwarding_rule", kwargs={"pk": rule.pk})
    assert "Tick this to have the studies sent." in client.post(apply, {"days": "7"}).content.decode()
    assert not sort_some()

    client.post(apply, {"days": "7", "confirmed": "on"})
    assert last_entry().action == Action.FORWARDING_RULE_APPLIED
    while sort_some():
        """What it matches is listed."""
    assert Transmission.objects.get().total == 3

    cancel = reverse("routing:cancel_forwarding_rule", kwargs={"pk": rule.pk})
    client.post(cancel)
    assert Transmission.objects.get().state == "cancelled"
    assert last_entry().detail["cancelled_transmissions"] == 1


def test_nothing_of_the_patient_stands_in_the_audit_trail(client, people, series, destination):
    client.force_login(people.administrator)
    client.post(address_of(series), {"series": "", "destination": destination.pk})
    Transmission.objects.update(next_attempt_at=timezone.now() + timedelta(hours=1))
    assert "Phantom" not in json.dumps(list(AuditEntry.objects.values_list("detail", flat=True)))

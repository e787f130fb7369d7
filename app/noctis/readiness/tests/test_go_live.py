"""The way to go-live: what is seen, what a person says, who may say it, and what pages tell until then."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from noctis.accounts.models import Facility, Role, User
from noctis.archive.models import Reception
from noctis.audit.actions import record
from noctis.audit.models import Action, AuditEntry
from noctis.backup_state import BACKUP, DRILL, BackupState, Run, write_backup_state
from noctis.network.models import RemoteApplicationEntity
from noctis.notifications.alerts import raise_alert, resolve_alert
from noctis.readiness import actions, evidence
from noctis.readiness.checklist import item_named, steps
from noctis.readiness.models import ClinicalRelease, Confirmation
from noctis.reports.output.models import Letterhead

BANNER = "Not released for clinical use"
PAGE = "/admin/go-live"


@pytest.fixture
def server(settings, tmp_path: Path) -> Any:
    """Let the settings be those of a server."""
    settings.NOCTIS_EMBEDDED = False
    settings.NOCTIS_BACKUP_STATE = tmp_path / "state.json"
    return settings


@pytest.fixture
def administrator(client: Client, people) -> Client:
    client.force_login(people.administrator)
    return client


@pytest.fixture
def all_done(monkeypatch: pytest.MonkeyPatch, people) -> None:
    """Let every item of the checklist be said to be done."""
    for step in steps():
        for item in step.items:
            Confirmation.objects.create(item=item.key, by=people.administrator)


def is_open(key: str) -> bool:
    return next(not item.is_done for step in steps() for item in step.items if item.key == key)


def test_there_are_the_ten_steps_and_each_key_is_used_once(db) -> None:
    now = steps()
    keys = [item.key for step in now for item in step.items]
    assert [step.number for step in now] == list(range(1, 11))
    assert len(keys) == len(set(keys))


def test_an_empty_appliance_has_everything_open(db) -> None:
    assert [item.key for step in steps() for item in step.items if item.is_done] == ["no_alert"]


def test_administrators_count_once_they_have_a_password(people) -> None:
    assert not evidence.administrator_can_sign_in().is_good
    people.administrator.set_password("a long pass phrase")
    people.administrator.save()
    assert evidence.administrator_can_sign_in().is_good
    assert evidence.second_administrator() == evidence.Evidence(is_good=False, text="Who can sign in: administrator.")
    User.objects.create_user("other", "a long pass phrase", role=Role.ADMINISTRATOR)
    assert evidence.second_administrator().is_good


def test_the_last_test_e_mail_counts(people, settings) -> None:
    assert evidence.mail_was_taken().text == "No mail server is set."
    settings.NOCTIS_SMTP_HOST = "mail.example"
    assert evidence.mail_was_taken().text == "No test was sent."
    record(Action.MAIL_TRIED, acting_user=people.administrator, taken=True)
    assert evidence.mail_was_taken().is_good
    record(Action.MAIL_TRIED, acting_user=people.administrator, taken=False)
    assert not evidence.mail_was_taken().is_good


def test_a_facility_without_letterhead_is_named(people) -> None:
    Letterhead.objects.create(facility=people.north, heading="North hospital")
    Letterhead.objects.create(facility=people.south)
    assert evidence.letterheads() == evidence.Evidence(is_good=False, text="Without one: South clinic.")
    Letterhead.objects.filter(facility=people.south).update(address="1 South Road")
    assert evidence.letterheads().is_good


def test_devices_count_once_they_were_connected(people) -> None:
    assert not evidence.entities_seen().is_good
    entity = RemoteApplicationEntity.objects.create(ae_title="NORTH_CT", facility=people.north)
    assert evidence.entities().is_good
    assert evidence.entities_seen().text == "Never connected: NORTH_CT."
    entity.last_seen_at = timezone.now()
    entity.save()
    assert evidence.entities_seen().is_good


def test_images_count_from_a_registered_device_alone(people) -> None:
    RemoteApplicationEntity.objects.create(ae_title="NORTH_CT", facility=people.north)
    Reception.objects.create(facility=people.north, protocol="C-STORE", ae_title="SAMPLES")
    Reception.objects.create(facility=people.north, protocol="STOW-RS", ae_title="NORTH_CT")
    assert not evidence.images_received().is_good
    Reception.objects.create(facility=people.north, protocol="C-STORE", ae_title="NORTH_CT")
    assert evidence.images_received().is_good


def test_backups_are_judged_by_what_they_say_of_themselves(db, server) -> None:
    assert evidence.backup_made().text == "No backup was made yet."
    now = timezone.now()
    state = BackupState(configured_at=now).with_run(Run(BACKUP, now, now, ok=True))
    write_backup_state(server.NOCTIS_BACKUP_STATE, state)
    assert evidence.backup_made().is_good
    assert not evidence.restore_drill().is_good
    assert not evidence.backup_password().is_good
    failed = state.with_run(Run(DRILL, now, now, ok=False, error="other counts"))
    write_backup_state(server.NOCTIS_BACKUP_STATE, failed)
    assert not evidence.restore_drill().is_good
    old = now - timedelta(days=30)
    write_backup_state(server.NOCTIS_BACKUP_STATE, state.with_run(Run(BACKUP, old, old, ok=True)))
    assert not evidence.backup_made().is_good


def test_a_damaged_state_is_no_backup(db, server) -> None:
    server.NOCTIS_BACKUP_STATE.write_text("{")
    assert not evidence.backup_made().is_good


def test_an_open_alert_is_open(people) -> None:
    raise_alert("disk", "The disk is full.")
    assert is_open("no_alert")
    resolve_alert("disk", "The disk has room.")
    assert not is_open("no_alert")


def test_a_person_confirms_and_takes_back_with_their_name(administrator: Client, people) -> None:
    address = reverse("go_live_item", args=["users_trained"])
    assert administrator.post(address, {"note": "Two mornings"}).status_code == 302
    page = administrator.get(PAGE).content.decode()
    assert "Confirmed by administrator" in page
    assert "Two mornings" in page
    entry = AuditEntry.objects.get(action=Action.GO_LIVE_STEP_CONFIRMED)
    assert (entry.user, entry.detail["item"]) == (people.administrator, "users_trained")
    administrator.post(address, {"take_back": ""})
    assert is_open("users_trained")
    assert AuditEntry.objects.filter(action=Action.GO_LIVE_STEP_REOPENED).count() == 1


def test_leaving_a_step_out_needs_a_reason_and_what_was_typed_stays(administrator: Client) -> None:
    address = reverse("go_live_item", args=["mail_tested"])
    answer = administrator.post(address, {"waive": "", "note": " "})
    assert answer.status_code == 422
    assert "Say why it does not apply here." in answer.content.decode()
    assert administrator.post(address, {"waive": "", "note": "No mail in this house"}).status_code == 302
    assert not is_open("mail_tested")


@pytest.mark.parametrize(
    ("key", "values", "words"),
    [
        ("backup_made", {"note": "trust me"}, "The appliance checks this itself."),
        ("backup_made", {"waive": "", "note": "no room"}, "This step cannot be left out."),
        ("users_trained", {"waive": "", "note": "no time"}, "This step cannot be left out."),
    ],
)
def test_what_matters_cannot_be_talked_away(administrator: Client, key: str, values, words: str) -> None:
    item = item_named(key)
    assert item is not None
    with pytest.raises(actions.NotReady, match=words):
        actions.confirm(
            item,
            note=values["note"],
            is_waiver="waive" in values,
            acting_user=User.objects.get(username="administrator"),
        )
    assert administrator.post(reverse("go_live_item", args=[key]), values).status_code == 422
    assert is_open(key)


def test_going_live_is_refused_while_something_is_open(administrator: Client, server) -> None:
    answer = administrator.post(reverse("go_live_release"))
    assert answer.status_code == 422
    assert "Still open: The first administrator has a password of their own" in answer.content.decode()
    assert not ClinicalRelease.objects.exists()


def test_going_live_takes_the_banner_away_and_withdrawing_brings_it_back(
    administrator: Client, server, all_done, people
) -> None:
    assert BANNER in administrator.get("/worklist").content.decode()
    assert administrator.post(reverse("go_live_release")).status_code == 302
    assert BANNER not in administrator.get("/worklist").content.decode()
    assert "by administrator" in administrator.get(PAGE).content.decode()
    assert administrator.post(reverse("go_live_release"), {"withdraw": "", "reason": ""}).status_code == 422
    administrator.post(reverse("go_live_release"), {"withdraw": "", "reason": "A wrong certificate"})
    assert BANNER in administrator.get("/worklist").content.decode()
    assert "A wrong certificate" in administrator.get(PAGE).content.decode()
    made = AuditEntry.objects.filter(action__in=[Action.WENT_LIVE, Action.GO_LIVE_WITHDRAWN])
    assert [entry.user for entry in made] == [people.administrator] * 2


def test_it_is_released_once_however_many_press(server, all_done, people) -> None:
    actions.go_live(acting_user=people.administrator)
    actions.go_live(acting_user=people.administrator)
    assert ClinicalRelease.objects.count() == 1


@pytest.mark.parametrize("who", ["anonymous", "radiologist", "owner", "roleless"])
def test_everybody_is_told_until_then(client: Client, server, people, who: str) -> None:
    if who != "anonymous":
        client.force_login(getattr(people, who))
    page = client.get("/sign-in" if who == "anonymous" else "/worklist").content.decode()
    assert BANNER in page
    assert PAGE not in page


def test_the_embedded_default_says_nothing_and_cannot_be_released(administrator: Client, all_done) -> None:
    assert BANNER not in administrator.get("/worklist").content.decode()
    assert administrator.post(reverse("go_live_release")).status_code == 422


def test_a_facility_user_cannot_release(client: Client, server, all_done, people) -> None:
    client.force_login(people.owner)
    assert client.post(reverse("go_live_release")).status_code == 403
    assert client.post(reverse("go_live_item", args=["users_trained"])).status_code == 403
    assert not ClinicalRelease.objects.exists()


def test_an_unknown_item_is_not_there(administrator: Client) -> None:
    assert administrator.post(reverse("go_live_item", args=["coffee"])).status_code == 404


def test_no_facility_is_a_state_too(db) -> None:
    assert not Facility.objects.exists()
    assert not evidence.letterheads().is_good

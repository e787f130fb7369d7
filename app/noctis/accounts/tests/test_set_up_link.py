"""The one-time link and the own password."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone

from noctis.accounts.actions import LinkNotOpenError, choose_password, issue_set_up_link, set_user_active
from noctis.accounts.models import Facility, SetUpLink
from noctis.audit.models import Action, AuditEntry

PASSWORD = "a long enough secret"
NEW = {"new_password1": PASSWORD, "new_password2": PASSWORD}


@pytest.fixture
def address(people, settings) -> str:
    settings.NOCTIS_BASE_URL = "https://pacs.example"
    link = issue_set_up_link(people.owner, acting_user=people.administrator)
    assert link.startswith("https://pacs.example/set-up/")
    return link.removeprefix("https://pacs.example")


def test_the_link_sets_the_password_and_signs_in(client, people, address):
    assert "owner" in client.get(address).content.decode()
    assert client.post(address, NEW).url == "/worklist"
    people.owner.refresh_from_db()
    assert people.owner.check_password(PASSWORD)
    assert client.get("/worklist").status_code == 200
    actions = list(AuditEntry.objects.order_by("id").values_list("action", flat=True))
    assert actions == [Action.SET_UP_LINK_ISSUED, Action.PASSWORD_SET, Action.SIGNED_IN]


def test_opening_the_link_does_not_use_it_up(client, address):
    assert client.get(address).status_code == client.get(address).status_code == 200


def test_the_link_works_once(client, address):
    client.post(address, NEW)
    for answer in (Client().get(address), Client().post(address, NEW)):
        assert answer.status_code == 410
        assert "This link has ended" in answer.content.decode()


def test_the_link_expires(client, address):
    SetUpLink.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert client.get(address).status_code == 410


def test_a_newer_link_ends_the_older(client, people, address):
    issue_set_up_link(people.owner)
    assert client.get(address).status_code == 410


def test_deactivation_ends_the_link(client, people, address):
    set_user_active(people.owner, active=False, acting_user=people.administrator)
    assert client.get(address).status_code == 410


def test_of_two_at_once_one_is_refused(people, address):
    link = SetUpLink.objects.get()
    choose_password(link, PASSWORD)
    with pytest.raises(LinkNotOpenError):
        choose_password(link, "the other one's secret")


@pytest.mark.parametrize(
    ("first", "second", "complaint"),
    [
        ("short", "short", "too short"),
        ("password1234", "password1234", "too common"),
        (PASSWORD, "something else", "didn’t match"),
    ],
)
def test_a_weak_or_mistyped_password_is_refused(client, people, address, first, second, complaint):
    answer = client.post(address, {"new_password1": first, "new_password2": second})
    assert complaint in answer.content.decode()
    assert SetUpLink.objects.filter(used_at=None).exists()


def test_only_the_digest_of_the_link_is_kept(address):
    assert address.removeprefix("/set-up/") not in SetUpLink.objects.values_list("token_sha256", flat=True)


def test_the_own_password_needs_the_old_one(client, people):
    people.owner.set_password("the old secret")
    people.owner.save()
    client.force_login(people.owner)
    refused = client.post("/account/password", {"old_password": "wrong", **NEW})
    assert "not your current password" in refused.content.decode()
    assert client.post("/account/password", {"old_password": "the old secret", **NEW}).url == "/worklist"
    assert client.get("/worklist").status_code == 200
    assert AuditEntry.objects.filter(action=Action.PASSWORD_SET, user=people.owner).exists()


def test_the_command_prints_a_link(people, capsys):
    call_command("set_up_link", "Owner")
    assert "/set-up/" in capsys.readouterr().out


def test_the_command_names_an_unknown_user(people):
    with pytest.raises(CommandError, match="no user 'x'"):
        call_command("set_up_link", "x")


def test_a_facility_is_added_once(db, capsys):
    call_command("add_facility", "EAST", "East wing")
    call_command("add_facility", "EAST", "East wing")
    assert Facility.objects.get(code="EAST").name == "East wing"
    with pytest.raises(CommandError):
        call_command("add_facility", "EAST", "Another")

"""Signing in and out."""

from __future__ import annotations

import logging
from unittest.mock import patch

import pytest
from django.contrib.auth.hashers import Argon2PasswordHasher
from django.test import Client, RequestFactory
from django.urls import reverse

from noctis.accounts.client_address import client_address
from noctis.accounts.models import User
from noctis.accounts.receivers import for_log
from noctis.audit.models import Action, AuditEntry

PASSWORD = "a long enough secret"


@pytest.fixture
def user(people):
    people.owner.set_password(PASSWORD)
    people.owner.save()
    return people.owner


def sign_in(client, username="owner", password=PASSWORD, **fields):
    return client.post(reverse("sign_in"), {"username": username, "password": password, **fields})


def test_the_right_password_begins_a_new_session_and_is_recorded(client, user):
    client.get(reverse("sign_in"))
    before = client.session.session_key
    answer = sign_in(client)
    assert answer.url == "/worklist"
    assert client.session.session_key != before
    entry = AuditEntry.objects.get(action=Action.SIGNED_IN)
    assert (entry.user, entry.address, entry.facility) == (user, "127.0.0.1", user.facility)


def test_the_case_of_a_user_name_does_not_matter(client, user):
    assert sign_in(client, "OWNER").url == "/worklist"


@pytest.mark.parametrize("username", ["owner", "nobody"])
def test_a_refusal_does_not_tell_whether_the_user_exists(client, user, username):
    answer = sign_in(client, username, "wrong")
    assert answer.status_code == 200
    assert "do not match, or the account is not active" in answer.content.decode()


def test_a_deactivated_user_gets_the_same_refusal(client, user):
    User.objects.update(is_active=False)
    assert "do not match, or the account is not active" in sign_in(client).content.decode()


@pytest.mark.parametrize("username", ["owner", "nobody", "stranger"])
def test_every_refusal_costs_one_password_hash(client, user, username):
    """Known, unknown and without a password: none is told apart by the time it takes."""
    with (
        patch.object(Argon2PasswordHasher, "encode", autospec=True, side_effect=Argon2PasswordHasher.encode) as encode,
        patch.object(Argon2PasswordHasher, "verify", autospec=True, side_effect=Argon2PasswordHasher.verify) as verify,
    ):
        sign_in(client, username, "wrong")
    assert encode.call_count + verify.call_count == 1


def test_a_failure_is_recorded_and_logged_on_one_line(client, user, caplog):
    with caplog.at_level(logging.WARNING, "noctis.accounts.sign_in"):
        sign_in(client, "owner", "wrong")
    assert caplog.messages == ['sign-in failed for user "owner" from 127.0.0.1']
    entry = AuditEntry.objects.get(action=Action.SIGN_IN_FAILED)
    assert (entry.username, entry.address, entry.user) == ("owner", "127.0.0.1", None)


@pytest.mark.parametrize(
    ("typed", "logged"),
    [
        ("o'neil@north.example", "o?neil@north.example"),
        ('x" from 9.9.9.9\nsign-in failed for user "y', "x??from?9.9.9.9?sign-in?failed?for?user??y"),
        ("müller", "m?ller"),
        ("a" * 500, "a" * 64),
    ],
)
def test_a_logged_name_cannot_imitate_another_line(typed, logged):
    assert for_log(typed) == logged


@pytest.mark.parametrize(
    ("target", "goes_to"),
    [
        ("/admin/users", "/admin/users"),
        ("https://elsewhere.example/", "/worklist"),
        ("//elsewhere.example/", "/worklist"),
        ("javascript:alert(1)", "/worklist"),
    ],
)
def test_next_is_followed_only_within_this_site(client, user, target, goes_to):
    assert sign_in(client, next=target).url == goes_to


def test_who_is_signed_in_is_sent_on(client, user):
    client.force_login(user)
    assert client.get(reverse("sign_in")).url == "/worklist"


def test_signing_out_is_a_post_and_is_recorded(client, user):
    client.force_login(user)
    assert client.get(reverse("sign_out")).status_code == 405
    assert client.post(reverse("sign_out")).url == "/sign-in"
    assert AuditEntry.objects.filter(action=Action.SIGNED_OUT, user=user).exists()
    assert client.get("/worklist").status_code == 302


def test_a_form_without_its_token_is_refused(user):
    answer = sign_in(Client(enforce_csrf_checks=True))
    assert answer.status_code == 403
    assert "The form is too old" in answer.content.decode()


def test_pages_are_not_kept_by_the_browser(client, user):
    client.force_login(user)
    assert "no-store" in client.get("/worklist")["Cache-Control"]


@pytest.mark.parametrize(
    ("behind_tls", "headers", "address"),
    [
        (False, {"X-Real-IP": "9.9.9.9", "X-Forwarded-For": "8.8.8.8"}, "127.0.0.1"),
        (True, {"X-Real-IP": "9.9.9.9"}, "9.9.9.9"),
        (True, {"X-Forwarded-For": "6.6.6.6, 8.8.8.8"}, "8.8.8.8"),
        (True, {"X-Real-IP": "::1"}, "::1"),
        (True, {"X-Real-IP": "not an address"}, None),
        (True, {}, "127.0.0.1"),
    ],
)
def test_the_callers_address_is_taken_from_nginx_alone(settings, behind_tls, headers, address):
    settings.NOCTIS_BEHIND_TLS = behind_tls
    assert client_address(RequestFactory(headers=headers).get("/")) == address


def test_a_page_that_outlived_its_session_learns_the_new_token(user):
    client = Client(enforce_csrf_checks=True)
    client.force_login(user)
    before = client.get(reverse("session")).json()
    assert before["user"] == "owner"
    client.logout()
    script = {"X-Requested-With": "XMLHttpRequest"}
    assert client.get(reverse("session"), headers=script).status_code == 401

    client.force_login(user)
    after = client.get(reverse("session")).json()
    statuses = [
        client.post(reverse("worklist_filter"), headers={"X-CSRFToken": answer["csrfToken"]}).status_code
        for answer in (before, after)
    ]
    assert statuses == [403, 302]

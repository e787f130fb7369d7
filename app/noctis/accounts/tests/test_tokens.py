"""API tokens: issued once, tried by programs, expired, revoked, and shown on two pages."""

from __future__ import annotations

import json
import re
from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from noctis.accounts.actions import issue_api_token, revoke_api_token, set_user_active
from noctis.accounts.models import ApiToken
from noctis.audit.models import Action, AuditEntry
from noctis.reading_worklist.tests.factories import make_study

STUDIES = "/dicom-web/studies"


def bearer(secret: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {secret}"}


@pytest.fixture
def issued(people) -> tuple[ApiToken, str]:
    return issue_api_token(people.technician, "RIS")


def test_the_command_prints_the_token_once_and_keeps_a_digest(people, capsys):
    call_command("create_token", "TECHNICIAN", "--name", "RIS", "--days", "7")
    out, err = capsys.readouterr()
    secret = out.strip()
    assert re.fullmatch(r"noctis_[\w-]{43}", secret)
    assert secret not in err
    token = ApiToken.objects.get()
    assert token.user == people.technician
    assert timedelta(days=6) < token.expires_at - timezone.now() < timedelta(days=8)
    kept = json.dumps(
        [list(ApiToken.objects.values_list()), list(AuditEntry.objects.values_list("detail"))], default=str
    )
    assert secret not in kept
    assert AuditEntry.objects.get(action=Action.API_TOKEN_ISSUED).detail["subject"] == "technician"


@pytest.mark.parametrize("options", [["nobody"], ["owner", "--days", "0"], ["owner", "--days", "9999"]])
def test_a_token_that_makes_no_sense_is_not_issued(people, options):
    with pytest.raises(CommandError):
        call_command("create_token", *options)
    assert not ApiToken.objects.exists()


def test_a_token_opens_dicomweb_and_its_use_is_noted(client, issued):
    answer = client.get(STUDIES, headers=bearer(issued[1]))
    assert answer.status_code == 200
    assert "Authorization" in answer["Vary"]
    token = ApiToken.objects.get()
    assert token.last_used_from == "127.0.0.1"
    assert token.last_used_at is not None


@pytest.mark.parametrize("secret", ["", "x", "noctis_" + "a" * 43, "ä", "\x00"])
def test_an_unknown_token_is_refused(client, people, secret, caplog):
    answer = client.get(STUDIES, headers=bearer(secret))
    assert answer.status_code == 401
    assert 'error="invalid_token"' in answer["WWW-Authenticate"]
    assert "token refused from 127.0.0.1" in caplog.messages


def test_an_ended_token_is_refused_even_beside_a_session(client, people, issued):
    client.force_login(people.administrator)
    revoke_api_token(issued[0], acting_user=people.administrator)
    revoke_api_token(issued[0], acting_user=people.administrator)
    assert client.get(STUDIES, headers=bearer(issued[1])).status_code == 401
    assert AuditEntry.objects.filter(action=Action.API_TOKEN_REVOKED).count() == 1
    token, secret = issue_api_token(people.technician, "RIS")
    ApiToken.objects.filter(pk=token.pk).update(expires_at=timezone.now())
    assert client.get(STUDIES, headers=bearer(secret)).status_code == 401


def test_the_tokens_of_a_deactivated_user_end_for_good(client, people, issued):
    set_user_active(people.technician, active=False, acting_user=people.administrator)
    assert client.get(STUDIES, headers=bearer(issued[1])).status_code == 401
    set_user_active(people.technician, active=True, acting_user=people.administrator)
    assert client.get(STUDIES, headers=bearer(issued[1])).status_code == 401


@pytest.mark.parametrize("path", ["/worklist", "/admin/", "/events/live?topics=studies", "/account/tokens"])
def test_a_token_opens_no_pages(client, people, issued, path):
    assert client.get(path, headers=bearer(issued[1])).status_code in {302, 401}


def test_another_scheme_is_no_token(client, people, issued):
    assert client.get(STUDIES, headers={"Authorization": f"Basic {issued[1]}"}).status_code == 401


def test_tokens_are_listed_and_revoked_by_command(people, issued, capsys):
    call_command("revoke_token")
    assert "\ttechnician\tRIS\t" in capsys.readouterr().out
    with pytest.raises(CommandError):
        call_command("revoke_token", "--user", "owner")
    call_command("revoke_token", str(issued[0].pk))
    assert ApiToken.usable(issued[1]) is None


def test_everybody_sees_and_revokes_their_own_tokens(client, people, issued):
    client.force_login(people.owner)
    assert "RIS" not in client.get("/account/tokens").content.decode()
    assert client.post(f"/account/tokens/{issued[0].pk}/revoke").status_code == 404
    client.force_login(people.technician)
    assert "RIS" in client.get("/account/tokens").content.decode()
    assert client.post(f"/account/tokens/{issued[0].pk}/revoke").status_code == 302
    assert "Revoked" in client.get("/account/tokens").content.decode()


def test_an_administrator_sees_and_revokes_all_tokens(client, people, issued):
    client.force_login(people.administrator)
    text = client.get("/admin/api-tokens").content.decode()
    assert "RIS" in text
    assert issued[1] not in text
    assert client.post(f"/admin/api-tokens/{issued[0].pk}/revoke").status_code == 302
    assert ApiToken.usable(issued[1]) is None


def test_a_token_sees_what_its_user_may(client, people):
    study = make_study(people.north)
    path = f"{STUDIES}/{study.study_instance_uid}/metadata"
    for who, status, count in (("technician", 200, 1), ("stranger", 404, 0), ("roleless", 404, 0)):
        headers = bearer(issue_api_token(getattr(people, who), "viewer")[1])
        assert client.get(path, headers=headers).status_code == status
        assert len(client.get(STUDIES, headers=headers).json()) == count

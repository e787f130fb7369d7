"""TLS to a device and who it must say that it is, on the page of application entities."""

from __future__ import annotations

import pytest
from django.contrib.auth.hashers import check_password
from django.test import Client
from django.urls import reverse

from noctis.audit.models import Action, AuditEntry
from noctis.network.actions import note_reached
from noctis.network.models import RemoteApplicationEntity, RequiredIdentity

FINGERPRINT = ":".join(["AB"] * 32)


@pytest.fixture
def administrator(client: Client, people) -> Client:
    client.force_login(people.administrator)
    return client


def fields(entity: RemoteApplicationEntity, **changes: object) -> dict[str, object]:
    given = {"ae_title": entity.ae_title, "facility": entity.facility_id, "services": ["storage", "retrieve"]}
    return {**given, "host": "10.1.2.3", "port": "104", **changes}


def save(client: Client, entity: RemoteApplicationEntity, **changes: object) -> str:
    address = reverse("operations:edit_application_entity", args=[entity.pk])
    answer = client.post(address, fields(entity, **changes))
    entity.refresh_from_db()
    return "" if answer.status_code == 302 else answer.content.decode()


def test_tls_and_a_pinned_certificate_are_saved(administrator: Client, entity: RemoteApplicationEntity) -> None:
    assert not save(administrator, entity, uses_tls="on", server_certificate_sha256=FINGERPRINT)
    assert (entity.uses_tls, entity.server_certificate_sha256) == (True, "ab" * 32)
    listed = administrator.get(reverse("operations:application_entities")).content.decode()
    assert "10.1.2.3:104" in listed
    assert "TLS" in listed

    assert not save(administrator, entity)
    assert (entity.uses_tls, entity.server_certificate_sha256) == (False, "")


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"server_certificate_sha256": FINGERPRINT}, "Without TLS the device shows no certificate."),
        ({"uses_tls": "on", "server_certificate_sha256": "12:34"}, "has 64 hexadecimal digits"),
        ({"required_identity": "username"}, "Give the user name that the device says."),
        ({"required_identity": "passcode", "identity_username": "ct"}, "Give the passcode that the device says."),
        ({"required_identity": "kerberos"}, "Select a valid choice"),
    ],
)
def test_what_cannot_work_is_explained(
    administrator: Client, entity: RemoteApplicationEntity, changes: dict[str, str], complaint: str
) -> None:
    assert complaint in save(administrator, entity, **changes)


def test_a_passcode_is_hashed_kept_and_never_shown(administrator: Client, entity: RemoteApplicationEntity) -> None:
    identity = {"required_identity": "passcode", "identity_username": "ct", "identity_over_plain": "on"}
    assert not save(administrator, entity, **identity, identity_passcode=" a secret ")
    assert check_password(" a secret ", entity.identity_passcode)
    assert entity.identity_over_plain

    hashed = entity.identity_passcode
    assert not save(administrator, entity, **identity, description="renamed")
    assert entity.identity_passcode == hashed
    page = administrator.get(reverse("operations:edit_application_entity", args=[entity.pk])).content.decode()
    assert "secret" not in page
    assert hashed not in page
    assert "secret" not in str(list(AuditEntry.objects.values_list("detail", flat=True)))
    assert hashed not in str(list(AuditEntry.objects.values_list("detail", flat=True)))

    assert not save(administrator, entity, required_identity="username", identity_username="ct")
    assert (entity.identity_passcode, entity.identity_over_plain) == ("", False)
    assert not save(administrator, entity)
    assert (entity.required_identity, entity.identity_username) == (RequiredIdentity.NONE, "")
    changed = AuditEntry.objects.filter(action=Action.APPLICATION_ENTITY_CHANGED).latest("pk").detail["changed"]
    assert set(changed) == {"identity_username", "required_identity"}


def test_the_page_tells_why_a_device_was_not_reached(administrator: Client, entity: RemoteApplicationEntity) -> None:
    assert not save(administrator, entity, uses_tls="on")
    note_reached(entity.ae_title, "its certificate has expired")
    listed = administrator.get(reverse("operations:application_entities")).content.decode()
    assert "its certificate has expired" in listed

    note_reached(entity.ae_title, "")
    listed = administrator.get(reverse("operations:application_entities")).content.decode()
    assert "its certificate has expired" not in listed
    entity.refresh_from_db()
    assert entity.send_succeeded_at is not None


def test_a_device_that_is_reached_again_and_again_is_written_down_once_a_minute(
    entity: RemoteApplicationEntity, django_assert_num_queries
) -> None:
    note_reached(entity.ae_title, "")
    with django_assert_num_queries(1):
        note_reached(entity.ae_title, "")

"""The administration pages, as an administrator uses them."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from noctis.accounts.models import Facility, User
from noctis.audit.actions import record
from noctis.audit.models import Action, AuditEntry
from noctis.network.dicom_services import DicomService
from noctis.network.models import RemoteApplicationEntity
from noctis.operations.views import audit
from noctis.reading_worklist.tests.factories import make_study


@pytest.fixture
def administrator(client, people):
    client.force_login(people.administrator)
    return client


def page(client, name, **arguments):
    return client.get(reverse(f"operations:{name}", kwargs=arguments)).content.decode()


def test_the_overview_counts_and_tells_the_dicom_address(administrator, people, settings):
    settings.NOCTIS_DICOM_PORT = 11999
    make_study(people.north, series_count=2, instance_count=1200)
    text = page(administrator, "overview")
    assert "1,200" in text
    assert "11999" in text
    assert settings.NOCTIS_AE_TITLE in text


def test_the_port_for_tls_is_told_where_tls_is_spoken(administrator, settings):
    assert "Port for TLS" not in page(administrator, "overview")
    settings.NOCTIS_DICOM_TLS_CERTIFICATE, settings.NOCTIS_DICOM_TLS_PORT = "/etc/noctis/dicom.pem", 2763
    text = page(administrator, "overview")
    assert "Port for TLS" in text
    assert "<code>2763</code>" in text


def test_a_server_names_the_host_it_was_called_by(administrator, settings):
    settings.NOCTIS_DICOM_HOST = "10.1.2.3"
    settings.ALLOWED_HOSTS = ["pacs.example"]
    answer = administrator.get(reverse("operations:overview"), headers={"Host": "pacs.example:8443"})
    assert "<code>pacs.example</code>" in answer.content.decode()


def test_adding_a_user_shows_a_link_once(administrator, people):
    fields = {"username": "nora", "role": "technician", "facility": people.south.pk}
    answer = administrator.post(reverse("operations:new_user"), fields)
    assert "/set-up/" in answer.content.decode()
    assert "no-store" in answer["Cache-Control"]
    nora = User.objects.get(username="nora")
    assert (nora.role, nora.facility) == ("technician", people.south)
    assert "/set-up/" not in page(administrator, "edit_user", pk=nora.pk)


@pytest.mark.parametrize(
    ("fields", "complaint"),
    [
        ({"username": "OWNER", "role": "radiologist"}, "already a user with this name"),
        ({"username": "nora", "role": "facility_user"}, "choose one"),
        ({"username": "a b", "role": "radiologist"}, "Enter a valid username"),
    ],
)
def test_a_bad_user_is_explained(administrator, fields, complaint):
    answer = administrator.post(reverse("operations:new_user"), fields)
    assert complaint in answer.content.decode()


def test_the_last_administrator_is_told_why(administrator, people):
    address = reverse("operations:edit_user", kwargs={"pk": people.administrator.pk})
    answer = administrator.post(address, {"role": "radiologist"})
    assert "cannot change your own role" in answer.content.decode()
    out = reverse("operations:user_active", kwargs={"pk": people.administrator.pk})
    answer = administrator.post(out, {"active": "no"}, follow=True)
    assert "cannot deactivate your own account" in answer.content.decode()
    people.administrator.refresh_from_db()
    assert people.administrator.is_administrator


def test_a_user_goes_and_comes_back(administrator, people):
    address = reverse("operations:user_active", kwargs={"pk": people.stranger.pk})
    for wish, active in (("no", False), ("yes", True)):
        administrator.post(address, {"active": wish})
        people.stranger.refresh_from_db()
        assert people.stranger.is_active is active


def test_facilities_are_added_and_renamed(administrator, people):
    administrator.post(reverse("operations:new_facility"), {"code": "EAST", "name": "East wing"})
    east = Facility.objects.get(code="EAST")
    administrator.post(reverse("operations:edit_facility", kwargs={"pk": east.pk}), {"name": "East building"})
    east.refresh_from_db()
    assert east.name == "East building"
    taken = administrator.post(reverse("operations:new_facility"), {"code": "east", "name": "NORTH HOSPITAL"})
    assert "has this code" in taken.content.decode()
    assert "has this name" in taken.content.decode()


def test_an_application_entity_is_added_changed_and_deactivated(administrator, people):
    fields = {"ae_title": " CT1 ", "facility": people.north.pk, "networks": "10.1.2.0/24, 10.9.9.9"}
    fields["services"] = DicomService.values
    administrator.post(reverse("operations:new_application_entity"), fields)
    entity = RemoteApplicationEntity.objects.get(ae_title="CT1")
    address = reverse("operations:edit_application_entity", kwargs={"pk": entity.pk})
    administrator.post(address, {**fields, "facility": people.south.pk, "description": "Room 2"})
    administrator.post(reverse("operations:application_entity_active", kwargs={"pk": entity.pk}), {"active": "no"})
    entity.refresh_from_db()
    assert (entity.facility, entity.description, entity.is_active) == (people.south, "Room 2", False)
    entries = AuditEntry.objects.filter(ae_title="CT1").order_by("id")
    assert [entry.action for entry in entries] == [
        Action.APPLICATION_ENTITY_ADDED,
        Action.APPLICATION_ENTITY_CHANGED,
        Action.APPLICATION_ENTITY_CHANGED,
    ]
    assert {entry.user for entry in entries} == {people.administrator}


@pytest.mark.parametrize(
    ("fields", "complaint"),
    [
        ({"ae_title": "SEVENTEEN_LETTERS"}, "at most 16"),
        ({"ae_title": "BACK\\SLASH"}, "no backslash"),
        ({"ae_title": "NORTH_CT"}, "has this title"),
        ({"ae_title": "CT1", "networks": "10.1.2.0/99"}, "neither an address nor a network"),
        ({"ae_title": "CT1", "services": []}, "Choose at least one service"),
        ({"ae_title": "CT1", "certificate_sha256": "12:34"}, "64 hexadecimal digits"),
    ],
)
def test_a_bad_application_entity_is_explained(administrator, people, entity, fields, complaint):
    fields = {"facility": people.north.pk, "services": ["storage"], **fields}
    answer = administrator.post(reverse("operations:new_application_entity"), fields)
    assert complaint in answer.content.decode()


def test_the_audit_log_is_filtered(administrator, people):
    record(Action.STUDY_OPENED, acting_user=people.owner, study_instance_uid="1.2.3")
    record(Action.STUDY_OPENED, acting_user=people.stranger, study_instance_uid="1.2.4")
    record(Action.SIGN_IN_FAILED, username="mallory", address="9.9.9.9")
    today, tomorrow = timezone.localdate(), timezone.localdate() + timedelta(days=1)
    for query, shown in (
        ({"user": "Owner"}, {"owner"}),
        ({"study": "1.2.4"}, {"stranger"}),
        ({"action": "sign_in_failed"}, {"mallory"}),
        ({"from_date": today, "to_date": today, "action": "study_opened"}, {"owner", "stranger"}),
        ({"from_date": tomorrow}, set()),
        ({"action": "no such action", "user": "owner"}, {"owner"}),
    ):
        answer = administrator.get(reverse("operations:audit_log"), query)
        assert {entry.username for entry in answer.context["page"].rows} == shown


def test_the_audit_log_pages_without_counting(administrator, monkeypatch, django_assert_num_queries):
    monkeypatch.setattr(audit, "PAGE_SIZE", 2)
    entries = [record(Action.SIGN_IN_FAILED, username=f"u{number}").pk for number in range(5)]
    seen: list[int] = []
    administrator.get(reverse("operations:audit_log"))  # the session gets its form token
    query: dict[str, object] = {"action": Action.SIGN_IN_FAILED.value}
    while True:
        with django_assert_num_queries(3):  # session, user, entries
            answer = administrator.get(reverse("operations:audit_log"), query)
        found = answer.context["page"]
        seen += [entry.pk for entry in found.rows]
        if found.next_before is None:
            break
        query["before"] = found.next_before
    assert seen == entries[::-1]

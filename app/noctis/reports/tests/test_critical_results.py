"""Critical results: who is told, who acknowledges, what happens when nobody does, and that every step is kept."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from noctis.accounts.models import Role, User
from noctis.audit.models import AuditEntry
from noctis.notifications.event_kinds import Event
from noctis.notifications.models import Notification
from noctis.reports.critical.actions import pass_on_overdue
from noctis.reports.models import CriticalCategory, CriticalResult, Report
from noctis.reports.signals import report_changed

FINDING = "Tension pneumothorax on the right"


@pytest.fixture(autouse=True)
def red(db) -> CriticalCategory:
    return CriticalCategory.objects.get_or_create(name="Red", defaults={"minutes": 60})[0]


@pytest.fixture
def clinician(people) -> User:
    return User.objects.create_user(
        "clinician", role=Role.FACILITY_USER, facility=people.north, full_name="Clara Clinician"
    )


def note(ask, reader, study, *addressees: dict[str, Any], **values: Any) -> Any:
    category = CriticalCategory.objects.get(name="Red").pk
    body = {"category": category, "finding": FINDING, "addressees": list(addressees), **values}
    return ask(reader, "post", f"/studies/{study}/report/critical", body)


def page(user: User, path: str, values: dict[str, Any] | None = None) -> Any:
    client = Client()
    client.force_login(user)
    return client.get(path) if values is None else client.post(path, values)


def told(user: User) -> list[str]:
    return list(Notification.objects.filter(user=user).order_by("pk").values_list("event", flat=True))


def steps() -> list[str]:
    return list(CriticalResult.objects.get().steps.values_list("kind", flat=True))


def test_whom_the_reader_names_is_told_and_acknowledges(ask, people, reader, clinician, study):
    before = timezone.now()
    answer = note(ask, reader, study, {"user": clinician.pk}, {"user": people.owner.pk})
    assert answer.status_code == 200
    (shown,) = answer.json()["results"]
    assert (shown["finding"], shown["acknowledgedBy"], shown["isOverdue"]) == (FINDING, "", False)
    result = CriticalResult.objects.get()
    assert timedelta(minutes=59) < result.target_at - before < timedelta(minutes=61)
    assert (told(clinician), told(people.owner)) == ([Event.CRITICAL_RESULT], [])
    notice = Notification.objects.get(user=clinician)
    assert notice.path == shown["url"]
    assert "pneumothorax" not in notice.text

    assert FINDING in page(clinician, "/critical-results").content.decode()
    for stranger in (people.owner, people.stranger):
        assert FINDING not in page(stranger, "/critical-results").content.decode()
        assert page(stranger, shown["url"]).status_code == 404
        assert page(stranger, f"{shown['url']}/acknowledge", {}).status_code == 404
    page(people.technician, f"{shown['url']}/acknowledge", {})
    page(reader, f"{shown['url']}/acknowledge", {})
    result.refresh_from_db()
    assert result.is_open

    assert page(clinician, f"{shown['url']}/acknowledge", {}).status_code == 302
    result.refresh_from_db()
    assert (result.acknowledged_by, result.is_open) == ("Clara Clinician", False)
    assert told(reader) == [Event.CRITICAL_ACKNOWLEDGED]
    assert steps() == ["noted", "told", "acknowledged"]
    actions = AuditEntry.objects.filter(study_instance_uid=str(study)).order_by("pk")
    assert list(actions.values_list("action", flat=True)) == ["critical_result_noted", "critical_result_acknowledged"]
    page(clinician, f"{shown['url']}/acknowledge", {})
    assert steps() == ["noted", "told", "acknowledged"]


def test_time_that_runs_out_leads_to_the_next_and_at_last_to_the_administrators(ask, people, reader, clinician, study):
    note(ask, reader, study, {"name": "Dr Referrer"}, {"user": clinician.pk}, {"user": people.owner.pk})
    result = CriticalResult.objects.get()
    assert told(clinician) == [Event.CRITICAL_RESULT]
    assert pass_on_overdue() == 0
    assert pass_on_overdue(result.target_at) == 1
    assert (told(people.owner), told(people.administrator)) == ([Event.CRITICAL_RESULT], [])
    assert told(reader) == [Event.CRITICAL_ESCALATED]
    assert pass_on_overdue(result.target_at) == 0
    later = result.target_at + timedelta(hours=2)
    assert pass_on_overdue(later) == 1
    assert told(people.administrator) == [Event.CRITICAL_ESCALATED]
    assert pass_on_overdue(later + timedelta(days=1)) == 0
    assert steps() == ["noted", "told", "told", "escalated", "escalated"]
    assert AuditEntry.objects.filter(action="critical_result_escalated", user=None).count() == 2

    page(people.administrator, f"/critical-results/{result.pk}/acknowledge", {})
    result.refresh_from_db()
    assert not result.is_open
    assert pass_on_overdue(later + timedelta(days=2)) == 0


def test_a_call_is_written_down_and_counts_once_it_was_read_back(ask, people, reader, clinician, study):
    note(ask, reader, study, {"name": "Dr Referrer"})
    result = CriticalResult.objects.get()
    path = f"/critical-results/{result.pk}/call"
    now = timezone.localtime()
    future = {"name": "Dr Referrer", "at": f"{now + timedelta(days=1):%Y-%m-%dT%H:%M}"}
    assert "not come yet" in page(reader, path, future).content.decode()
    call = {"name": "Dr Referrer", "at": f"{now:%Y-%m-%dT%H:%M}"}
    assert page(reader, path, call).status_code == 302
    assert CriticalResult.objects.open().exists()
    page(people.technician, path, call | {"was_read_back": "on"})
    assert CriticalResult.objects.open().exists()
    assert page(reader, path, call | {"was_read_back": "on"}).status_code == 302
    result.refresh_from_db()
    assert result.acknowledged_by == "Dr Referrer (telephone)"
    assert steps() == ["noted", "told", "telephoned", "telephoned", "acknowledged"]
    assert (
        f"Dr Referrer at {now:%Y-%m-%d %H:%M}, read back"
        in page(reader, f"/critical-results/{result.pk}").content.decode()
    )


def test_what_was_noted_by_mistake_is_withdrawn_with_a_reason(ask, reader, clinician, study):
    note(ask, reader, study, {"user": clinician.pk})
    result = CriticalResult.objects.get()
    assert page(reader, f"/critical-results/{result.pk}/withdraw", {"reason": ""}).status_code == 200
    page(clinician, f"/critical-results/{result.pk}/withdraw", {"reason": "No"})
    assert CriticalResult.objects.open().exists()
    page(reader, f"/critical-results/{result.pk}/withdraw", {"reason": "Another patient"})
    assert not CriticalResult.objects.open().exists()
    assert pass_on_overdue(result.target_at) == 0
    assert FINDING in page(reader, "/critical-results?state=closed").content.decode()


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"category": 0}, 422),
        ({"category": "1"}, 422),
        ({"finding": "  "}, 422),
        ({"finding": "x" * 2001}, 422),
        ({"addressees": []}, 422),
        ({"addressees": [{"name": " "}]}, 422),
        ({"addressees": ["Dr X"]}, 422),
        ({"addressees": "Dr X"}, 400),
    ],
)
def test_what_is_missing_is_asked_for(ask, reader, study, changes, status):
    assert note(ask, reader, study, {"name": "Dr X"}, **changes).status_code == status
    assert not CriticalResult.objects.exists()


def test_only_those_who_see_the_study_can_be_told_and_only_readers_note(ask, people, reader, clinician, study):
    for nobody in (people.stranger, people.roleless, reader):
        assert note(ask, reader, study, {"user": nobody.pk}).status_code == 422
    assert note(ask, people.technician, study, {"user": clinician.pk}).status_code == 403
    assert note(ask, people.stranger, study, {"user": clinician.pk}).status_code == 404
    assert not Report.objects.exists()


def test_a_report_with_a_critical_result_stays_when_its_editor_is_closed(
    ask, reader, clinician, study, django_capture_on_commit_callbacks
):
    heard: list[str] = []

    def listen(happened: str, **_: Any) -> None:
        heard.append(happened)

    report_changed.connect(listen)
    try:
        with django_capture_on_commit_callbacks(execute=True):
            ask(reader, "post", f"/studies/{study}/report/lock", {})
            note(ask, reader, study, {"user": clinician.pk})
            assert ask(reader, "delete", f"/studies/{study}/report/lock", {}).status_code == 200
    finally:
        report_changed.disconnect(listen)
    assert heard == ["critical_noted"]
    assert CriticalResult.objects.open().count() == 1


def test_administrators_name_the_categories(people, ask, reader, study):
    values = {"name": "Yellow", "minutes": "0", "is_active": "on"}
    assert page(people.administrator, "/admin/critical-categories", values).status_code == 200
    assert page(people.administrator, "/admin/critical-categories", values | {"minutes": "4320"}).status_code == 302
    yellow = CriticalCategory.objects.get(name="Yellow")
    page(people.administrator, f"/admin/critical-categories/{yellow.pk}", {"name": "Yellow", "minutes": "1440"})
    offered = ask(reader, "get", f"/studies/{study}/report/critical").json()["categories"]
    assert "Yellow" not in [category["name"] for category in offered]

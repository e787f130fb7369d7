"""The bell and its pages: what a reader sees of the own notifications, and of nobody else's."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest
from django.test import Client
from django.utils import timezone

from noctis.accounts.models import Facility, User
from noctis.archive.models import Study
from noctis.notifications.actions import notify
from noctis.notifications.event_kinds import Event, MailChoice
from noctis.notifications.models import DigestPreference, EventPreference, Notification
from noctis.reading_worklist.tests.factories import make_study

pytestmark = pytest.mark.django_db


def client_of(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def panel(user: User) -> str:
    return client_of(user).get("/notifications/latest").content.decode()


def open_address(notification: Notification) -> str:
    return f"/notifications/{notification.uid}/open"


def test_the_panel_names_the_study_to_its_reader_alone(study: Study, reader: User, stranger: User) -> None:
    notify(Event.REPORT_FINAL, recipients=[reader, stranger], study=study)
    assert "Phantom, Ada" in panel(reader)
    assert 'data-unread="1"' in panel(reader)
    assert "Phantom" not in panel(stranger)
    assert 'data-unread="0"' in panel(stranger)


def test_who_moved_to_another_facility_no_longer_sees_the_study(study: Study, reader: User, south: Facility) -> None:
    notify(Event.REPORT_FINAL, recipients=[reader], study=study)
    reader.facility = south
    reader.save()
    assert "Phantom" not in panel(reader)
    assert 'data-unread="0"' in panel(reader)
    assert "Phantom" not in client_of(reader).get("/notifications").content.decode()
    assert client_of(reader).get(open_address(Notification.objects.get())).status_code == 404


def test_who_is_no_administrator_any_more_sees_no_alerts(administrator: User) -> None:
    notify(Event.SYSTEM_ALERT, recipients=[administrator], text="The disk is nearly full")
    assert "nearly full" in panel(administrator)
    administrator.role = "radiologist"
    administrator.save()
    assert "nearly full" not in panel(administrator)


def test_following_a_notification_leads_to_its_report_and_takes_it_as_read(study: Study, reader: User) -> None:
    notify(Event.REPORT_FINAL, recipients=[reader], study=study)
    answer = client_of(reader).get(open_address(Notification.objects.get()))
    assert answer["Location"] == f"/studies/{study.study_instance_uid}/report"
    assert Notification.objects.get().read_at is not None


def test_an_assignment_leads_to_the_viewer(study: Study, radiologist: User) -> None:
    notify(Event.STUDY_ASSIGNED, recipients=[radiologist], study=study)
    answer = client_of(radiologist).get(open_address(Notification.objects.get()))
    assert answer["Location"] == f"/viewer/{study.study_instance_uid}"


def test_a_notification_of_somebody_else_does_not_exist(study: Study, reader: User, radiologist: User) -> None:
    notify(Event.REPORT_FINAL, recipients=[reader], study=study)
    assert client_of(radiologist).get(open_address(Notification.objects.get())).status_code == 404
    assert Notification.objects.get().read_at is None


def test_a_link_in_an_email_asks_to_sign_in_first(study: Study, reader: User) -> None:
    notify(Event.REPORT_FINAL, recipients=[reader], study=study)
    address = open_address(Notification.objects.get())
    answer = Client().get(address)
    assert answer.status_code == 302
    assert answer["Location"] == f"/sign-in?next={address}"
    assert Notification.objects.get().read_at is None


def test_one_an_event_or_all_are_taken_as_read(studies: list[Study], reader: User, radiologist: User) -> None:
    for study in studies:
        notify(Event.REPORT_FINAL, recipients=[reader, radiologist], study=study)
        notify(Event.REPORT_ADDENDUM, recipients=[reader], study=study)
    own = Notification.objects.filter(user=reader).unread()
    client = client_of(reader)
    client.post("/notifications/read", {"uid": str(own.filter(event=Event.REPORT_FINAL)[0].uid)})
    assert own.count() == 5
    client.post("/notifications/read", {"event": Event.REPORT_ADDENDUM})
    assert own.count() == 2
    client.post("/notifications/read")
    assert own.count() == 0
    assert Notification.objects.filter(user=radiologist).unread().count() == 3


@pytest.mark.parametrize("sent", [{"uid": "x"}, {"event": "nothing"}])
def test_what_is_no_notification_cannot_be_read(reader: User, sent: dict[str, str]) -> None:
    assert client_of(reader).post("/notifications/read", sent).status_code == 400


def test_somebody_elses_is_not_taken_as_read(study: Study, reader: User, radiologist: User) -> None:
    notify(Event.REPORT_FINAL, recipients=[reader], study=study)
    client_of(radiologist).post("/notifications/read", {"uid": str(Notification.objects.get().uid)})
    assert Notification.objects.get().read_at is None


def test_a_flood_is_one_line_of_the_panel(people, data_dir, reader: User) -> None:
    for _ in range(7):
        notify(Event.REPORT_FINAL, recipients=[reader], study=make_study(people.north))
    notify(Event.CRITICAL_RESULT, recipients=[reader], study=make_study(people.north))
    text = panel(reader)
    assert text.count('class="notification ') == 2
    assert "Show all of them" in text
    assert 'href="/notifications?event=report_final&amp;unread=1"' in text
    assert 'data-unread="8"' in text
    assert "data-critical" in text


def test_pages_follow_one_another_without_gap(people, data_dir, reader: User) -> None:
    now = timezone.now()
    study = make_study(people.north)
    Notification.objects.bulk_create(
        Notification(
            user=reader, event=Event.REPORT_FINAL, study=study, key=str(number), text=f"Text {number:03}",
            is_in_app=True, happened_at=now - timedelta(minutes=number // 2), changed_at=now,
        )
        for number in range(120)
    )  # fmt: skip
    client, address, seen = client_of(reader), "/notifications?event=report_final", []
    for _ in range(3):
        answer = client.get(address)
        seen += [line.notification.text for line in answer.context["lines"]]
        before = answer.context["next_before"].replace("+", "%2B")
        address = f"/notifications?event=report_final&before={before}"
    assert len(seen) == len(set(seen)) == 120
    assert answer.context["next_before"] == ""


@pytest.mark.parametrize("before", ["", "x", "2026-01-01_5", "2026-01-01T00:00:00+00:00_x", "_"])
def test_a_place_that_is_none_is_the_first_page(study: Study, reader: User, before: str) -> None:
    notify(Event.REPORT_FINAL, recipients=[reader], study=study)
    answer = client_of(reader).get("/notifications", {"before": before})
    assert len(answer.context["lines"]) == 1


def test_the_panel_asks_the_database_as_often_for_many_as_for_one(
    studies: list[Study], radiologist: User, django_assert_num_queries
) -> None:
    client = client_of(radiologist)
    for study in studies:
        notify(Event.STUDY_ASSIGNED, recipients=[radiologist], study=study)
    client.get("/notifications/latest")  # the session gets its token against forgery
    with django_assert_num_queries(5):  # session, user, count, critical, lines
        client.get("/notifications/latest")


def fields(**changed: str) -> dict[str, str]:
    """Return what the form of a facility user sends when nothing but ``changed`` differs from the defaults."""
    sent = {"told-digest_at": "07:00"}
    for event in (Event.REPORT_FINAL, Event.REPORT_ADDENDUM, Event.CRITICAL_RESULT, Event.CRITICAL_ESCALATED):
        sent |= {f"told-{event}_in_app": "on", f"told-{event}_mail": "at_once"}
    for event in (Event.CRITICAL_ACKNOWLEDGED, Event.SHARED_LINK_OPENED):
        sent |= {f"told-{event}_in_app": "on", f"told-{event}_mail": "off"}
    sent |= {f"told-{Event.STUDY_ARRIVED}_mail": "off"}
    return sent | {f"told-{name}": value for name, value in changed.items()}


def test_a_user_chooses_how_to_be_told(reader: User) -> None:
    client = client_of(reader)
    client.post("/notifications/preferences", fields())
    assert not EventPreference.objects.exists()
    client.post("/notifications/preferences", fields(report_final_mail="digest", digest_at="18:30"))
    assert EventPreference.objects.get().mail == MailChoice.DIGEST
    assert DigestPreference.objects.get(user=reader).at.isoformat() == "18:30:00"
    client.post("/notifications/preferences", {"defaults": "1"})
    assert not EventPreference.objects.exists()


def test_a_critical_result_stays_in_the_bell_whatever_is_sent(reader: User) -> None:
    sent = fields(critical_result_mail="off")
    del sent["told-critical_result_in_app"]
    client_of(reader).post("/notifications/preferences", sent)
    kept = EventPreference.objects.get(event=Event.CRITICAL_RESULT)
    assert kept.in_app
    assert kept.mail == MailChoice.OFF


def test_what_is_no_choice_is_refused_and_nothing_is_lost(reader: User) -> None:
    answer = client_of(reader).post("/notifications/preferences", fields(report_final_mail="pigeon"))
    assert answer.status_code == 200
    assert "pigeon" in answer.content.decode()
    assert not EventPreference.objects.exists()


def test_nothing_is_told_of_roles_that_see_nothing(people, study: Study) -> None:
    notify(Event.REPORT_FINAL, recipients=[people.roleless], study=study)
    assert not Notification.objects.filter(user=people.roleless).exists()
    assert client_of(people.roleless).get(f"/notifications/{uuid4()}/open").status_code == 404
